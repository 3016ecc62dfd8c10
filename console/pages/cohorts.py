"""Cohorts: who came back, converted and paid in the weeks after the first visit, and what people are worth by channel."""

from enum import IntEnum

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console.door.admission import SignedIn
from console.frame import rendering
from console.frame.lineage import Asset
from console.watching import analytics, cohort_reading, marts_read
from console.watching.cohort_reading import Shown
from marketing_pipelines.analytics import reports
from marketing_pipelines.analytics.asking import DAY
from marketing_pipelines.analytics.cohorts import WEEK, CohortsAsked, cohorts, monday
from marketing_pipelines.analytics.lifetime import LtvAsked, ltv

router = APIRouter(include_in_schema=False)


class Weeks(IntEnum):
    """How many weeks of first visits may be looked at, and as many weeks of each."""

    QUARTER = 12
    HALF_YEAR = 26
    YEAR = 52


NAMES = {Shown.CAME_BACK: "Came back", Shown.CONVERTED: "Converted", Shown.REVENUE: "Revenue"}


@router.get("/cohorts")
def weeks_down(
    visitor: SignedIn, show: Shown = Shown.CAME_BACK, weeks: Weeks = Weeks.QUARTER
) -> HTMLResponse:
    today = analytics.settled(visitor, CohortsAsked()).span.last
    first = monday(today) - (weeks - 1) * WEEK
    asked = analytics.settled(
        visitor, CohortsAsked.model_validate({"from": first, "to": today, "weeks": int(weeks)})
    )
    asked_ltv = analytics.settled(visitor, LtvAsked())
    found = marts_read.read(visitor, Asset.COHORTS, cohorts, asked)
    lifetimes = marts_read.read(visitor, Asset.LTV, ltv, asked_ltv)
    known, worth = found.answer, lifetimes.answer
    currency = (known.currency if known else "") or (worth.currency if worth else "") or visitor.currency
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "cohorts.html",
            found=found,
            grid=cohort_reading.grid(known, show) if known and known.cohorts else None,
            lately=cohort_reading.lately(known, show) if known and show is not Shown.REVENUE else None,
            first_share=cohort_reading.share(known, show, show.first_week) if known else None,
            furthest=(far := cohort_reading.furthest(known) if known else None),
            far_share=cohort_reading.share(known, show, far) if known and far else None,
            per_person=cohort_reading.per_person(known) if known else None,
            shown=show,
            shows=[(f"/cohorts?show={it}&weeks={weeks}", NAMES[it]) for it in Shown],
            spans=[(f"/cohorts?show={show}&weeks={it}", f"{it} weeks") for it in Weeks],
            here_show=f"/cohorts?show={show}&weeks={weeks}",
            lifetimes=lifetimes,
            known_weeks=cohort_reading.known_weeks(worth) if worth else [],
            worth_most=cohort_reading.worth_most(worth) if worth else None,
            returns=cohort_reading.returns(worth) if worth else [],
            currency=currency,
            day=DAY,
            export=marts_read.export_of(reports.named("cohorts"), asked),
            export_ltv=marts_read.export_of(reports.named("ltv"), asked_ltv),
        )
