"""How tracking is doing: what is out of the ordinary first, then what came in by day."""

from datetime import datetime, timedelta
from enum import IntEnum

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from console.door.admission import SignedIn
from console.frame import rendering
from console.frame.lineage import Asset
from console.watching import analytics, worries
from marketing_pipelines.analytics.health import Day, Lateness, TrackingAsked, tracking

router = APIRouter(include_in_schema=False)


class LookBack(IntEnum):
    WEEK = 7
    MONTH = 28
    QUARTER = 90


@router.get("/tracking")
def health(visitor: SignedIn, days: LookBack = LookBack.MONTH) -> HTMLResponse:
    today = datetime.now(visitor.time_zone).date()
    asked = TrackingAsked(first=today - timedelta(days=days - 1), last=today)
    try:
        found, told = analytics.answered(visitor, tracking, asked)
        fresh = analytics.fresh(visitor, Asset.TRACKING_HEALTH)[0] if found else None
    except HTTPException as away:
        found, fresh, told = None, None, str(away.detail)
    known = found.days if found else ()
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "tracking.html",
            found=found,
            fresh=fresh,
            told=told,
            back=days,
            looks_back=[(f"/tracking?days={each}", f"{each} days") for each in LookBack],
            warnings=[worries.told(it) for it in found.warnings] if found else [],
            arrivals=[_arrivals(day) for day in known],
            left_out=[(day.day.isoformat(), day.copies, day.rejected, day.of_programs) for day in known],
            shares=[_shares(day) for day in known],
        )


def _arrivals(day: Day) -> tuple[str, int, int, int]:
    """What came in the same day, within three, and later."""
    in_time = day.by_lateness.get(Lateness.HOUR, 0) + day.by_lateness.get(Lateness.DAY, 0)
    return (
        day.day.isoformat(),
        in_time,
        day.by_lateness.get(Lateness.THREE_DAYS, 0),
        day.by_lateness.get(Lateness.LATER, 0),
    )


def _shares(day: Day) -> tuple[str, float, float, float]:
    """In per cent: with consent, refused, and of people's pages those without a channel."""
    return (
        day.day.isoformat(),
        _percent(day.with_consent),
        _percent(day.without_consent),
        _percent(day.unknown_channels / day.page_views if day.page_views else None),
    )


def _percent(share: float | None) -> float:
    return round(100 * (share or 0.0), 1)
