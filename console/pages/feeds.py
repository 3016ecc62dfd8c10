"""Feeds: which ones are read and how each is doing, finding one by a site's address, and lists of them in and out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door.admission import Id, SignedIn
from console.door.etags import ChangedMeanwhile, Conditions
from console.door.problems import Refused, TooManyRequests, problem_of
from console.door.sign_in import Visitor
from console.frame import form_bodies, rendering, wording
from console.frame.cursors import Cursor
from console.frame.form_bodies import Troubles, troubles
from console.frame.texts import IF_CHOSEN
from console.trends import digest_reading, feed_book, feed_figures, feed_list
from console.trends.feed_book import Import
from console.trends.feed_finding import AnyFinder, Found, SiteOrFeed
from console.trends.feed_form import Typed
from console.trends.feed_list import Sought
from marketing_pipelines.trends import opml, seeds
from store.records import feeds
from store.records.feeds import Feed, FeedStatus
from store.records.schema import FeedId

router = APIRouter(include_in_schema=False)

PAGE = 50
# Of the last readings; those before unfold.
SHOWN_AT_ONCE = 12
OPML = "text/x-opml; charset=utf-8"
Field = Annotated[str, Form(max_length=4_000)]
Search = Annotated[str, Query(max_length=200)]


def _typed(
    name: Field = "",
    url: Field = "",
    topic: Field = "",
    language: Field = "",
    weight: Field = "",
    interval_minutes: Field = "",
    obeys_robots: Field = "",
) -> Typed:
    return Typed(name, url, topic, language, weight, interval_minutes, obeys_robots)


TypedIn = Annotated[Typed, Depends(_typed)]


@router.get("/feeds")
def all_feeds(
    visitor: SignedIn,
    text: Search = "",
    status: Annotated[FeedStatus | None, IF_CHOSEN] = None,
    topic: Search = "",
    cursor: Cursor = None,
    done: str = "",
) -> HTMLResponse:
    sought = Sought(text.strip(), status, topic.strip())
    shown, following = feed_book.listed(visitor, sought, cursor=cursor, limit=PAGE)
    a_day = feed_figures.entries_a_day(visitor)
    with visitor.records() as session:
        standing = feed_list.standing(session, visitor.tenant)
        return rendering.page(
            visitor,
            session,
            "feeds.html",
            feeds=shown,
            a_day=a_day,
            standing=standing,
            sought=sought,
            is_filtered=sought != Sought(),
            statuses=[(status.value, label.text) for status, label in wording.FEEDS.items()],
            topics=[(known, known) for known in feed_list.topics(session, visitor.tenant)],
            shipped=[] if standing.listed else [Typed.shipped(seed) for seed in seeds.load()],
            most=feeds.MOST_FEEDS,
            reading=digest_reading.last_reading(session, visitor),
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )


@router.get("/feeds/new")
def new(visitor: SignedIn, url: Annotated[str, Query(max_length=feeds.LONGEST_URL)] = "") -> HTMLResponse:
    """Where to look; with an address, the whole form, for who adds a feed that does not answer right now."""
    return _editor(visitor, None, Typed.unseen(url)) if url else _finder(visitor)


@router.post("/feeds/new")
def look(visitor: SignedIn, finder: AnyFinder, url: Field = "") -> HTMLResponse:
    try:
        typed = form_bodies.read(SiteOrFeed, {"url": url})
        found = finder.look(visitor, typed.url)
    except Refused as refused:
        return _finder(visitor, url, troubles(refused)["url"], refused.problem.status)
    except TooManyRequests as enough:
        return _finder(visitor, url, str(enough), problem_of(enough).status)
    if found.feed is None:
        return _finder(visitor, url, found=found)
    return _editor(visitor, None, Typed.found(found.feed), found=found)


@router.post("/feeds", response_model=None)
def add(visitor: SignedIn, typed: TypedIn) -> Response:
    try:
        feed = feed_book.add(visitor, typed.as_listing())
    except Refused as refused:
        return _editor(visitor, None, typed, wrong=troubles(refused), status=refused.problem.status)
    return RedirectResponse(f"/feeds/{feed.id}?done=added", 303)


@router.get("/feeds/import")
def bring(visitor: SignedIn) -> HTMLResponse:
    return _importing(visitor)


@router.post("/feeds/import")
def look_through(
    visitor: SignedIn,
    file: Annotated[UploadFile | None, File()] = None,
    text: Annotated[str, Form(max_length=feed_book.LARGEST_OPML)] = "",
) -> HTMLResponse:
    """Shows what each line would come to; nothing is added by it."""
    has_file = file is not None and bool(file.filename)
    document = file.file.read(feed_book.LARGEST_OPML + 1) if file and has_file else text.encode()
    if not document.strip():
        return _importing(visitor, text=text, wrong={"file": "Choose a file, or paste a list."}, status=422)
    try:
        found = feed_book.look_through(visitor, "file" if has_file else "text", document)
    except Refused as refused:
        return _importing(visitor, text=text, wrong=troubles(refused), status=refused.problem.status)
    return _importing(visitor, found=found)


@router.post("/feeds/import/confirm", response_model=None)
def take_over(
    visitor: SignedIn, text: Annotated[str, Form(max_length=feed_book.LARGEST_OPML)] = ""
) -> Response:
    try:
        feed_book.take_over(visitor, "text", text.encode())
    except Refused as refused:
        return _importing(visitor, text=text, wrong=troubles(refused), status=refused.problem.status)
    return RedirectResponse("/feeds?done=imported", 303)


@router.get("/feeds/export.opml")
def as_opml(visitor: SignedIn) -> Response:
    named = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(feed_book.as_opml(visitor), media_type=OPML, headers=named)


@router.get("/feeds/{feed_id}")
def feed(visitor: SignedIn, feed_id: Id, done: str = "") -> HTMLResponse:
    found = feed_book.read(visitor, feed_id)
    figures = feed_figures.of_feed(visitor, FeedId(feed_id))
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "feed.html",
            feed=found,
            figures=figures,
            looked_back=feed_figures.LOOKED_BACK.days,
            shown_at_once=SHOWN_AT_ONCE,
            done=done,
        )


@router.get("/feeds/{feed_id}/edit")
def edit(visitor: SignedIn, feed_id: Id) -> HTMLResponse:
    found = feed_book.read(visitor, feed_id)
    return _editor(visitor, found, Typed.of(found.listing))


@router.post("/feeds/{feed_id}", response_model=None)
def change(visitor: SignedIn, feed_id: Id, typed: TypedIn, etag: Field = "") -> Response:
    found = feed_book.read(visitor, feed_id)
    knowing = replace(visitor, conditions=Conditions(reads=False))
    try:
        feed_book.change(knowing, feed_id, typed.as_listing(found.listing), knowing=etag)
    except ChangedMeanwhile:
        theirs = feed_book.read(visitor, feed_id)
        return _editor(visitor, theirs, typed, status=409, theirs=Typed.of(theirs.listing))
    except Refused as refused:
        return _editor(
            visitor, found, typed, wrong=troubles(refused), status=refused.problem.status, etag=etag
        )
    return RedirectResponse(f"/feeds/{feed_id}?done=changed", 303)


@router.post("/feeds/{feed_id}/retire")
def retire(visitor: SignedIn, feed_id: Id) -> RedirectResponse:
    feed_book.retire(visitor, feed_id)
    return RedirectResponse(f"/feeds/{feed_id}?done=retired", 303)


@router.post("/feeds/{feed_id}/revive")
def revive(visitor: SignedIn, feed_id: Id) -> RedirectResponse:
    feed_book.revive(visitor, feed_id)
    return RedirectResponse(f"/feeds/{feed_id}?done=revived", 303)


@router.post("/feeds/{feed_id}/remove")
def remove(visitor: SignedIn, feed_id: Id) -> RedirectResponse:
    feed_book.remove(visitor, feed_id)
    return RedirectResponse("/feeds?done=removed", 303)


def _finder(
    visitor: Visitor, url: str = "", trouble: str = "", status: int = 200, found: Found | None = None
) -> HTMLResponse:
    with visitor.records() as session:
        listed = feed_list.listed(session, visitor.tenant, [it.url for it in found.named] if found else [])
        return rendering.page(
            visitor,
            session,
            "feed_finder.html",
            status=status,
            url=url,
            trouble=trouble,
            named=found.named if found else (),
            listed=listed,
        )


def _editor(
    visitor: Visitor,
    feed: Feed | None,
    typed: Typed,
    *,
    found: Found | None = None,
    wrong: Troubles | None = None,
    status: int = 200,
    etag: str = "",
    theirs: Typed | None = None,
) -> HTMLResponse:
    preview = found.feed if found else None
    with visitor.records() as session:
        listed: Mapping[str, FeedId] = (
            feed_list.listed(session, visitor.tenant, [preview.url]) if preview else {}
        )
        return rendering.page(
            visitor,
            session,
            "feed_form.html",
            status=status,
            feed=feed,
            typed=typed,
            preview=preview,
            listed_as=listed.get(preview.url) if preview else None,
            theirs=theirs,
            troubles=wrong or {},
            etag=etag or (feed_book.words_tag(feed) if feed else ""),
            topics=feed_list.topics(session, visitor.tenant),
            bounds=feeds,
        )


def _importing(
    visitor: Visitor,
    *,
    text: str = "",
    found: Import | None = None,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    fresh: Sequence[Any] = found.fresh if found else ()
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "feed_import.html",
            status=status,
            found=found,
            document=opml.write(list(fresh)).decode() if fresh else "",
            text=text,
            troubles=wrong or {},
            largest=feed_book.LARGEST_OPML,
            room=feeds.MOST_FEEDS - feed_list.standing(session, visitor.tenant).listed,
            most=feeds.MOST_FEEDS,
        )
