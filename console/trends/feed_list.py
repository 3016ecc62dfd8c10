"""Lists of feeds: a page of those that somebody looks for, which topics there are, and how all of them stand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from store.records.database import Session
from store.records.feeds import Feed, FeedStatus
from store.records.schema import FeedId, TenantId

# Of which one is chosen to filter by; who has more of them looks for words.
MOST_TOPICS = 200


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for; nothing chosen is everything."""

    text: str = ""
    status: FeedStatus | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many feeds are read, how many of those fail or have never been read, and how many are read no more."""

    read: int
    failing: int
    new: int
    retired: int

    @property
    def listed(self) -> int:
        return self.read + self.retired


def page(
    session: Session, tenant: TenantId, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[Sequence[Feed], int | None]:
    """A page of feeds, newest first, and where the next begins."""
    query = select(Feed).where(Feed.tenant_id == tenant, *_fitting(sought))
    query = query.order_by(Feed.id.desc()).limit(limit + 1)
    rows = session.scalars(query.where(Feed.id < cursor) if cursor else query).all()
    return rows[:limit], (rows[limit - 1].id if len(rows) > limit else None)


def named(session: Session, tenant: TenantId, feed: FeedId) -> Feed | None:
    return session.scalars(select(Feed).where(Feed.tenant_id == tenant, Feed.id == feed)).one_or_none()


def read_now(session: Session, tenant: TenantId) -> Sequence[Feed]:
    """Those that are read, by topic and name."""
    query = select(Feed).where(Feed.tenant_id == tenant, Feed.status != FeedStatus.RETIRED)
    return session.scalars(query.order_by(Feed.topic, Feed.name, Feed.id)).all()


def listed(session: Session, tenant: TenantId, urls: Iterable[str]) -> Mapping[str, FeedId]:
    """Which of these addresses are listed already, and as which feed."""
    query = select(Feed.url, Feed.id).where(Feed.tenant_id == tenant, Feed.url.in_(list(urls)))
    return {url: FeedId(number) for url, number in session.execute(query)}


def topics(session: Session, tenant: TenantId) -> Sequence[str]:
    query = select(Feed.topic).where(Feed.tenant_id == tenant, Feed.topic != "").distinct()
    return session.scalars(query.order_by(Feed.topic).limit(MOST_TOPICS)).all()


def standing(session: Session, tenant: TenantId) -> Standing:
    counted = select(Feed.status, func.count()).where(Feed.tenant_id == tenant).group_by(Feed.status)
    by_status = dict(session.execute(counted).tuples().all())
    retired = by_status.pop(FeedStatus.RETIRED, 0)
    return Standing(
        read=sum(by_status.values()),
        failing=by_status.get(FeedStatus.FAILING, 0),
        new=by_status.get(FeedStatus.NEW, 0),
        retired=retired,
    )


def _fitting(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.text:
        wanted = sought.text.lower()
        yield or_(
            *(
                func.strpos(func.lower(column), wanted) > 0
                for column in (Feed.name, Feed.url, Feed.topic, Feed.last_error)
            )
        )
    if sought.status is not None:
        yield Feed.status == sought.status
    if sought.topic:
        yield Feed.topic == sought.topic
