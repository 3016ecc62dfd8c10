"""What a person does with feeds, the same for forms and for the API: each function is one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from sqlalchemy.exc import IntegrityError

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from console.trends import feed_list
from console.trends.bodies import web_address
from console.trends.feed_list import Sought
from marketing_pipelines.trends import opml
from marketing_pipelines.trends.opml import NotOpml
from marketing_pipelines.trends.seeds import FeedSeed
from store.records import feeds
from store.records.database import Session
from store.records.feeds import AlreadyListed, Feed, Listing, WrongAddress
from store.records.schema import FeedId, NotUsable

LARGEST_OPML = 2**20


@dataclass(frozen=True, slots=True)
class Import:
    """What an OPML document comes to: what is new, what is listed already, and a line for each thing passed over."""

    fresh: Sequence[FeedSeed]
    known: Sequence[FeedSeed]
    remarks: Sequence[str]


def etag(feed: Feed) -> str:
    """Of all that is shown, how its readings go among it."""
    return etags.of(feed)


def words_tag(feed: Feed) -> str:
    """Of what people say of it: a form that lies open is not overtaken by a reading."""
    return etags.of(asdict(replace(feed.listing, site_url="")))


def listed(
    visitor: Visitor, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[Sequence[Feed], int | None]:
    with visitor.records() as session:
        return feed_list.page(session, visitor.tenant, sought, cursor=cursor, limit=limit)


def read(visitor: Visitor, number: int) -> Feed:
    """A feed, one that is read no more too."""
    with visitor.records() as session:
        feed = feed_list.named(session, visitor.tenant, FeedId(number))
    if feed is None:
        raise nothing_here()
    return feed


def add(visitor: Visitor, listing: Listing) -> Feed:
    with visitor.records() as session, _refusing():
        return feeds.add(session, visitor.tenant, visitor.actor, listing)


def change(visitor: Visitor, number: int, listing: Listing, *, knowing: str | None = None) -> Feed:
    """`knowing` is the tag of the words that a form was filled in over."""
    with visitor.records() as session, _refusing():
        feed = _locked(session, visitor, number)
        if knowing is not None and knowing != words_tag(feed):
            raise etags.ChangedMeanwhile(words_tag(feed))
        feeds.change(session, feed, visitor.actor, listing)
        session.refresh(feed)
        return feed


def retire(visitor: Visitor, number: int) -> Feed:
    with visitor.records() as session:
        feed = _locked(session, visitor, number)
        feeds.retire(session, feed, visitor.actor)
        session.refresh(feed)
        return feed


def revive(visitor: Visitor, number: int) -> Feed:
    with visitor.records() as session:
        feed = _locked(session, visitor, number)
        feeds.revive(session, feed, visitor.actor)
        session.refresh(feed)
        return feed


def remove(visitor: Visitor, number: int) -> None:
    with visitor.records() as session:
        feeds.remove(session, _locked(session, visitor, number), visitor.actor)


def look_through(visitor: Visitor, field: str, document: bytes) -> Import:
    """What would come of an OPML document; `field` is where it stood, for whoever sent what is refused."""
    found = _read(field, document)
    with visitor.records() as session:
        return _compared(session, visitor, found)


def take_over(visitor: Visitor, field: str, document: bytes) -> Import:
    """Adds what an OPML document lists and the tenant does not; what is listed stays as people have it."""
    found = _read(field, document)
    with visitor.records() as session, _refusing():
        compared = _compared(session, visitor, found)
        feeds.take_over(session, visitor.tenant, visitor.actor, [listing_of(seed) for seed in compared.fresh])
        return compared


def as_opml(visitor: Visitor) -> bytes:
    """The feeds that are read, a folder for each topic."""
    with visitor.records() as session:
        rows = feed_list.read_now(session, visitor.tenant)
    # Their addresses were checked when they were listed.
    seeds = [
        FeedSeed.model_construct(
            name=feed.name,
            url=feed.url,
            topic=feed.topic,
            language=feed.language,
            weight=feed.weight,
            interval=feed.interval_minutes,
        )
        for feed in rows
    ]
    sites = {feed.url: feed.site_url for feed in rows}
    return opml.write(seeds, f"Feeds of {visitor.tenant_name}", sites)


def listing_of(seed: FeedSeed) -> Listing:
    return Listing(
        name=seed.name,
        url=str(seed.url),
        topic=seed.topic,
        language=seed.language,
        weight=seed.weight,
        interval_minutes=seed.interval,
    )


def _read(field: str, document: bytes) -> opml.Listed:
    if len(document) > LARGEST_OPML:
        reason = f"is larger than {LARGEST_OPML:,} bytes; split it"
        raise Refused(422, f"The list {reason}.", [FieldError(field, reason)])
    try:
        return opml.read(document)
    except NotOpml as error:
        reason = f"{error} Export your list from the other reader as OPML, and bring that file."
        raise Refused(422, reason, [FieldError(field, reason)]) from None


def _compared(session: Session, visitor: Visitor, found: opml.Listed) -> Import:
    objections = {str(seed.url): _objection(seed) for seed in found.feeds}
    usable = [seed for seed in found.feeds if not objections[str(seed.url)]]
    refused = [
        f"“{seed.name}” is left out: {objection}."
        for seed in found.feeds
        if (objection := objections[str(seed.url)])
    ]
    known = feed_list.listed(session, visitor.tenant, (str(seed.url) for seed in usable))
    return Import(
        fresh=[seed for seed in usable if str(seed.url) not in known],
        known=[seed for seed in usable if str(seed.url) in known],
        remarks=[*found.remarks, *refused],
    )


def _objection(seed: FeedSeed) -> str:
    """Why the address of a list is not taken over, as it would not be from a form."""
    try:
        web_address(str(seed.url))
    except ValueError as error:
        return str(error)
    return ""


def _locked(session: Session, visitor: Visitor, number: int) -> Feed:
    feed = feeds.locked(session, visitor.tenant, FeedId(number))
    if feed is None:
        raise nothing_here()
    visitor.conditions.require(lambda: etag(feed))
    return feed


@contextmanager
def _refusing() -> Iterator[None]:
    """What the records refuse, beside the field that it is about."""
    try:
        yield
    except (WrongAddress, AlreadyListed) as wrong:
        raise Refused(422, str(wrong), [FieldError(wrong.field, str(wrong))]) from None
    except NotUsable as unusable:
        raise Refused(409, str(unusable)) from None
    except IntegrityError:
        raise Refused(
            409, "Somebody has just listed a feed at this address. Look at the list again."
        ) from None
