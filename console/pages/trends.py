"""The digest of trends by day and topic, the same as text to take along, and reading the feeds now."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi import Form as InForm
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from console.door.admission import SignedIn
from console.door.problems import nothing_here
from console.frame import rendering
from console.trends import digest_reading, drafts, feed_list, story_reading, topic_reading
from console.trends.drafts import Form
from console.trends.story_reading import StoryId
from console.trends.warehouse import WarehouseAway, away_is_a_status
from marketing_pipelines.trends import brief

router = APIRouter(include_in_schema=False)

Day = Annotated[date | None, Query()]
Topic = Annotated[str, Query(max_length=100)]


@router.get("/trends")
def digest(visitor: SignedIn, day: Day = None, topic: Topic = "", done: str = "") -> HTMLResponse:
    found, loud, is_away = None, [], False
    try:
        found = digest_reading.of_day(visitor, day, topic)
        loud = topic_reading.bursts(visitor, found.day) if found else []
    except WarehouseAway:
        is_away = True
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "trends.html",
            digest=found,
            loud=loud,
            bursts_by=topic_reading.MADE_BY,
            is_away=is_away,
            why_empty=digest_reading.why_empty(session, visitor),
            feeds=feed_list.standing(session, visitor.tenant),
            reading=digest_reading.last_reading(session, visitor),
            made_by=digest_reading.MADE_BY,
            scored_by=digest_reading.SCORED_BY,
            read_by=digest_reading.READ_BY,
            done=done,
        )


@router.get("/trends.md")
def as_markdown(visitor: SignedIn, day: Day = None, topic: Topic = "") -> PlainTextResponse:
    """The digest as text; while there is none, what to do."""
    found = digest_reading.asked(visitor, day, topic)
    if found is None:
        with visitor.records() as session:
            told = digest_reading.why_empty(session, visitor)
    else:
        told = brief.markdown(found.brief)
    name = found.day if found else "none"
    return PlainTextResponse(
        told,
        media_type="text/markdown; charset=utf-8",
        headers={"content-disposition": f'inline; filename="trends-{name}.md"'},
    )


@router.get("/trends/stories/{story_id}")
def story(
    visitor: SignedIn,
    story_id: Annotated[str, Path(max_length=64)],
    as_of: Annotated[datetime | None, Query()] = None,
) -> HTMLResponse:
    """A story with its tellings and its course; `as_of` shows it as it was known then."""
    with visitor.records() as session:
        with away_is_a_status():
            found = story_reading.story(visitor, session, StoryId(story_id), as_of)
        return rendering.page(
            visitor,
            session,
            "story.html",
            story=found,
            hours=[(f"{it.as_of:%Y-%m-%d %H:%M}", it.recent, it.before) for it in found.course],
            most_tellings=story_reading.MOST_TELLINGS,
            is_past=as_of is not None,
            scored_by=digest_reading.SCORED_BY,
        )


@router.post("/trends/draft")
def draft(
    visitor: SignedIn,
    form: Annotated[Form, InForm()],
    day: Annotated[date, InForm()],
    topic: Annotated[str, InForm(max_length=100)] = "",
    story_id: Annotated[str, InForm(max_length=64)] = "",
) -> RedirectResponse:
    """Opens the editor of what was made of a story, or of the digest as it stands."""
    found = digest_reading.asked(visitor, day, topic)
    if found is None or found.day != day:
        raise nothing_here()
    if form is Form.CAMPAIGN:
        campaign = drafts.plan(visitor, found, story_id)
        return RedirectResponse(f"/campaigns/{campaign.id}/edit", 303)
    action = drafts.draft(visitor, found, form, story_id)
    return RedirectResponse(f"/actions/{action.id}/edit", 303)


@router.get("/trends/reading")
def reading(visitor: SignedIn) -> HTMLResponse:
    """The part of the page that changes while the feeds are being read."""
    with visitor.records() as session:
        return rendering.page(
            visitor, session, "trends_reading.html", reading=digest_reading.last_reading(session, visitor)
        )


@router.post("/trends/read")
def read_now(visitor: SignedIn) -> RedirectResponse:
    digest_reading.ask_for_reading(visitor)
    return RedirectResponse("/trends?done=asked", 303)
