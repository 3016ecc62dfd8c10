"""The digest of trends by day, how each feed is doing, and reading them now."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door.admission import SignedIn
from console.frame import rendering
from console.watching import trends
from console.watching.trends import WarehouseAway

router = APIRouter(include_in_schema=False)


@router.get("/trends")
def digest(visitor: SignedIn, day: Annotated[date | None, Query()] = None, done: str = "") -> HTMLResponse:
    scored, is_away = None, False
    try:
        scored = trends.of_day(visitor, day)
    except WarehouseAway:
        is_away = True
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "trends.html",
            scored=scored,
            is_away=is_away,
            why_empty=trends.why_empty(session, visitor),
            feeds=trends.feeds(session, visitor),
            reading=trends.last_reading(session, visitor),
            scored_by=trends.SCORED_BY,
            read_by=trends.READ_BY,
            done=done,
        )


@router.get("/trends/reading")
def reading(visitor: SignedIn) -> HTMLResponse:
    """The part of the page that changes while the feeds are being read."""
    with visitor.records() as session:
        return rendering.page(
            visitor, session, "trends_reading.html", reading=trends.last_reading(session, visitor)
        )


@router.post("/trends/read")
def read_now(visitor: SignedIn) -> RedirectResponse:
    trends.ask_for_reading(visitor)
    return RedirectResponse("/trends?done=asked", 303)
