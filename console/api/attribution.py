"""Attribution: every model side by side, what the last euros earned, and the ways by which people came to convert with each channel's credit on them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from console.api.analytics import AnswerOut, FreshnessOut, about, shown
from console.api.answers import AWAY, REFUSALS
from console.door.admission import SignedIn
from console.frame.lineage import Asset
from console.watching import analytics, credit, path_steps
from console.watching import margins as words
from marketing_pipelines.analytics import margins
from marketing_pipelines.analytics.credit import Channel, CreditAsked, Estimate, Reading, Told, Verdict
from marketing_pipelines.analytics.journeys import Band
from marketing_pipelines.analytics.margins import Margin, Period, Telling
from marketing_pipelines.analytics.paths import Path, PathsAsked, paths

router = APIRouter(tags=["analytics"], responses=REFUSALS | AWAY)


class ShareOut(BaseModel):
    """Shares of a path add up to one."""

    channel: str
    share: float
    conversions: float
    value: float


class PathOut(BaseModel):
    """`channels` are its touches, first to last; `credit` has each channel that gets any."""

    channels: list[str]
    conversions: int
    value: float
    credit: list[ShareOut]

    @classmethod
    def of(cls, path: Path) -> Self:
        credit = [
            ShareOut(channel=it.channel, share=it.share, conversions=it.conversions, value=it.value)
            for it in path.credit
        ]
        return cls(
            channels=list(path.channels), conversions=path.conversions, value=path.value, credit=credit
        )


class PathsOut(AnswerOut):
    model: str
    currency: str
    conversions: Annotated[int, Field(description="Of all paths, those that are not listed too.")]
    value: float
    different: Annotated[int, Field(description="How many different paths there were.")]
    paths: list[PathOut]


class EstimateOut(BaseModel):
    """The best guess, and what nine of ten other samples of people would give; no `high` is no upper bound."""

    best: float
    low: float
    high: float | None

    @classmethod
    def of(cls, found: Estimate | None) -> Self | None:
        return cls(best=found.best, low=found.low, high=found.high) if found else None


class ReadingOut(BaseModel):
    """What a model gives a channel. CPA and ROAS are null without spend, or where there is nothing to divide by."""

    model: str
    conversions: float
    value: float
    share: EstimateOut | None
    value_share: EstimateOut | None
    cpa: EstimateOut | None
    roas: EstimateOut | None
    removal_effect: Annotated[float | None, Field(description="Of Markov models alone.")]

    @classmethod
    def of(cls, it: Reading) -> Self:
        return cls(
            model=it.model,
            conversions=it.conversions,
            value=it.value,
            share=EstimateOut.of(it.share),
            value_share=EstimateOut.of(it.value_share),
            cpa=EstimateOut.of(it.cpa),
            roas=EstimateOut.of(it.roas),
            removal_effect=it.removal_effect,
        )


class DisagreementOut(BaseModel):
    """The least and the most of the conversions that any model gives."""

    least: float
    least_by: str
    most: float
    most_by: str
    spread: float
    says: str

    @classmethod
    def of(cls, it: Channel) -> Self:
        return cls(
            least=it.least.share.best,
            least_by=it.least.model,
            most=it.most.share.best,
            most_by=it.most.model,
            spread=it.spread,
            says=credit.agreement(it, len(it.readings)),
        )


class CreditedOut(BaseModel):
    channel: str
    spend: float
    verdict: Annotated[
        Verdict, Field(description="By whom it is credited with more revenue than it cost, bounds and all.")
    ]
    disagreement: DisagreementOut
    models: list[ReadingOut]

    @classmethod
    def of(cls, it: Channel) -> Self:
        return cls(
            channel=it.name,
            spend=it.spend,
            verdict=it.verdict,
            disagreement=DisagreementOut.of(it),
            models=[ReadingOut.of(reading) for reading in it.readings],
        )


class ModelOut(BaseModel):
    name: str
    title: str
    says: str

    @classmethod
    def each(cls, told: Sequence[Told]) -> list[Self]:
        return [cls(name=it.name, title=it.title, says=it.says) for it in told]


class PeriodOut(BaseModel):
    """What a channel cost in a window, and what a model gives it there."""

    spend: float
    conversions: float
    value: float
    cpa: float | None
    roas: float | None

    @classmethod
    def of(cls, it: Period) -> Self:
        return cls(spend=it.spend, conversions=it.conversions, value=it.value, cpa=it.cpa, roas=it.roas)


class MarginOut(BaseModel):
    """`cpa` is what one conversion more cost, `roas` what one unit of spend more earned; null where it cannot be read."""

    model: str
    telling: Annotated[
        Telling,
        Field(description="Beside `average`, bounds and all: more or less, or why it cannot be told."),
    ]
    before: PeriodOut
    now: PeriodOut
    average: Annotated[PeriodOut, Field(description="The window with more spend, whose last spend it was.")]
    cpa: EstimateOut | None
    roas: EstimateOut | None

    @classmethod
    def of(cls, it: Margin) -> Self:
        return cls(
            model=it.model,
            telling=it.telling,
            before=PeriodOut.of(it.before),
            now=PeriodOut.of(it.now),
            average=PeriodOut.of(it.average),
            cpa=EstimateOut.of(it.cpa),
            roas=EstimateOut.of(it.roas),
        )


class MarginalOut(BaseModel):
    channel: str
    spend_before: float
    spend: float
    verdict: margins.Verdict
    models: list[MarginOut]

    @classmethod
    def of(cls, it: margins.Channel) -> Self:
        return cls(
            channel=it.name,
            spend_before=it.spend_before,
            spend=it.spend,
            verdict=it.verdict,
            models=[MarginOut.of(margin) for margin in it.margins],
        )


class MarginsOut(BaseModel):
    """Two windows of the same length, one just after the other. They differ in more than spend: no cause is claimed."""

    goal_id: int
    goal: str
    window_days: int
    first: Annotated[date | None, Field(alias="from", description="Of the newer window.")]
    last: Annotated[
        date | None, Field(alias="to", description="Included. The other ends a day before `from`.")
    ]
    freshness: FreshnessOut
    told: str
    summary: Annotated[
        str, Field(description="Where the last money earned more than the average, where less.")
    ]
    currency: str
    models: list[ModelOut]
    uncompared: Annotated[list[ModelOut], Field(description="Computed for the newer window alone.")]
    channels: Annotated[list[MarginalOut], Field(description="Those on which anything was spent.")]


class BandOut(BaseModel):
    """`so_far` is the share of conversions that took no more than `most`; the last band has no end."""

    least: int
    most: int | None
    conversions: float
    value: float
    share: float
    so_far: float

    @classmethod
    def each(cls, bands: Sequence[Band]) -> list[Self]:
        return [
            cls(
                least=it.least,
                most=it.most,
                conversions=it.conversions,
                value=it.value,
                share=it.share,
                so_far=it.so_far,
            )
            for it in bands
        ]


class ResultsOut(BaseModel):
    """`told` says why there is nothing, where there is nothing yet; without results there are no days."""

    goal_id: int
    goal: str
    window_days: int
    first: Annotated[date | None, Field(alias="from", description="Included.")]
    last: Annotated[date | None, Field(alias="to", description="Included.")]
    freshness: FreshnessOut
    told: str
    summary: Annotated[str, Field(description="Which channels earn more than they cost, and by whom.")]
    currency: str
    conversions: float
    value: float
    models: list[ModelOut]
    awaited: Annotated[list[ModelOut], Field(description="Registered, and computed by the next run.")]
    channels: list[CreditedOut]
    lags: Annotated[list[BandOut], Field(description="Whole days since the first touch.")]
    path_lengths: Annotated[list[BandOut], Field(description="Touches on the way.")]


@router.get("/api/attribution/results")
def of_weeks(visitor: SignedIn, asked: Annotated[CreditAsked, Query()]) -> ResultsOut:
    """Every model side by side by channel, with bounds, cost and disagreement. None of them proves cause."""
    answer = credit.of(visitor, asked)
    found, ways = answer.credit, answer.journeys
    [fresh] = analytics.fresh(visitor, Asset.ATTRIBUTION_RESULTS)
    return shown(
        visitor,
        ResultsOut.model_validate(
            {
                "goal_id": answer.goal.id,
                "goal": answer.goal.name,
                "window_days": int(asked.window_days),
                "from": found.span.first if found.span else None,
                "to": found.span.last if found.span else None,
                "freshness": FreshnessOut.of(fresh),
                "told": answer.told,
                "summary": credit.summary(found) if found.channels else "",
                "currency": found.currency or visitor.currency,
                "conversions": found.conversions,
                "value": found.value,
                "models": ModelOut.each(found.models),
                "awaited": ModelOut.each(found.awaited),
                "channels": [CreditedOut.of(it) for it in found.channels],
                "lags": BandOut.each(ways.days) if ways else [],
                "path_lengths": BandOut.each(ways.touches) if ways else [],
            }
        ),
    )


@router.get("/api/attribution/margins")
def of_the_last_euros(visitor: SignedIn, asked: Annotated[CreditAsked, Query()]) -> MarginsOut:
    """What one conversion more cost and one unit of spend more earned, by channel and model, beside the average."""
    goal = credit.goal_of(visitor, asked)
    asked = asked.model_copy(update={"goal_id": goal.id})
    found, told = analytics.answered(visitor, margins.margins, asked)
    [fresh] = analytics.fresh(visitor, Asset.ATTRIBUTION_RESULTS)
    found = found or margins.Margins(asked)
    return shown(
        visitor,
        MarginsOut.model_validate(
            {
                "goal_id": goal.id,
                "goal": goal.name,
                "window_days": int(asked.window_days),
                "from": found.span.first if found.span else None,
                "to": found.span.last if found.span else None,
                "freshness": FreshnessOut.of(fresh),
                "told": told,
                "summary": words.summary(found) if found.channels else "",
                "currency": found.currency or visitor.currency,
                "models": ModelOut.each(found.models),
                "uncompared": ModelOut.each(found.uncompared),
                "channels": [MarginalOut.of(it) for it in found.channels],
            }
        ),
    )


@router.get("/api/attribution/paths")
def of_conversions(visitor: SignedIn, asked: Annotated[PathsAsked, Query()]) -> PathsOut:
    """The most frequent paths that led to conversions. Credit tells who was there, and proves no cause."""
    path_steps.owned(visitor, asked)
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, paths, asked)
    return shown(
        visitor,
        PathsOut(
            **about(visitor, asked, Asset.PATHS, told),
            model=asked.model,
            currency=(found.currency if found else "") or visitor.currency,
            conversions=found.conversions if found else 0,
            value=found.value if found else 0.0,
            different=found.different if found else 0,
            paths=[PathOut.of(path) for path in found.paths] if found else [],
        ),
    )
