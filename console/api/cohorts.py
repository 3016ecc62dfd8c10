"""Cohorts and lifetime value: who came back, what they paid in the weeks since, and what those whom a channel brought are worth."""

from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from console.api.analytics import AnswerOut, about, shown
from console.api.answers import AWAY, REFUSALS
from console.door.admission import SignedIn
from console.frame.lineage import Asset
from console.watching import analytics
from marketing_pipelines.analytics.cohorts import Cohort, CohortsAsked, CohortWeek, cohorts
from marketing_pipelines.analytics.lifetime import ChannelLifetime, Horizon, LtvAsked, ltv

router = APIRouter(tags=["analytics"], responses=REFUSALS | AWAY)


class CohortWeekOut(BaseModel):
    """Of the cohort, how many were there in the week, converted, and paid how much; not yet all where it is not complete."""

    weeks_since: Annotated[int, Field(description="0 is the week of the first visit.")]
    people: int
    people_converting: int
    conversions: int
    revenue: float
    is_complete: bool

    @classmethod
    def of(cls, week: CohortWeek) -> Self:
        return cls.model_validate({name: getattr(week, name) for name in cls.model_fields})


class CohortOut(BaseModel):
    """Those who first came in the week that begins with that Monday."""

    week: date
    people: int
    weeks: list[CohortWeekOut]

    @classmethod
    def of(cls, cohort: Cohort) -> Self:
        weeks = [CohortWeekOut.of(week) for week in cohort.weeks]
        return cls(week=cohort.week, people=cohort.people, weeks=weeks)


class CohortsOut(AnswerOut):
    currency: str
    cohorts: list[CohortOut]


class HorizonOut(BaseModel):
    """What so many days of a person are worth, by those cohorts alone whose days are over: `weeks` of them out of `of_weeks`."""

    within_days: int
    people: int
    conversions: int
    revenue: float
    per_person: float | None
    margin: Annotated[
        float | None,
        Field(description="Give or take, nineteen times out of twenty; null from fewer than eight weeks."),
    ]
    cost_per_person: Annotated[
        float | None, Field(description="Ad spend by the people of the weeks in which something was spent.")
    ]
    to_cost: Annotated[float | None, Field(description="LTV to CAC: what these people paid by that spend.")]
    weeks: int
    of_weeks: int
    is_complete: bool

    @classmethod
    def of(cls, horizon: Horizon) -> Self:
        return cls.model_validate({name: getattr(horizon, name) for name in cls.model_fields})


class ChannelLifetimeOut(BaseModel):
    """Those whom a channel first brought."""

    channel: str
    people: int
    horizons: list[HorizonOut]

    @classmethod
    def of(cls, lifetime: ChannelLifetime) -> Self:
        horizons = [HorizonOut.of(horizon) for horizon in lifetime.horizons]
        return cls(channel=lifetime.channel, people=lifetime.people, horizons=horizons)


class LtvOut(AnswerOut):
    currency: str
    channels: list[ChannelLifetimeOut]


@router.get("/api/analytics/cohorts")
def of_cohorts(visitor: SignedIn, asked: Annotated[CohortsAsked, Query()]) -> CohortsOut:
    """Who first came in which week, and how many of them came back, converted and paid in each week since."""
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, cohorts, asked)
    return shown(
        visitor,
        CohortsOut(
            **about(visitor, asked, Asset.COHORTS, told),
            currency=(found.currency if found else "") or visitor.currency,
            cohorts=[CohortOut.of(cohort) for cohort in found.cohorts] if found else [],
        ),
    )


@router.get("/api/analytics/ltv")
def of_lifetimes(visitor: SignedIn, asked: Annotated[LtvAsked, Query()]) -> LtvOut:
    """What people are worth in their first 7, 30, 90, 180 and 365 days by the channel that first brought them, beside its ads."""
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, ltv, asked)
    return shown(
        visitor,
        LtvOut(
            **about(visitor, asked, Asset.LTV, told),
            currency=(found.currency if found else "") or visitor.currency,
            channels=[ChannelLifetimeOut.of(channel) for channel in found.channels] if found else [],
        ),
    )
