"""Places: the posts of every page and profile that is published to are read, with what their networks count of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import select

from connectors.errors import ChannelError, Invalid, UnexpectedAnswer
from connectors.face import Capability, Channel
from connectors.posts import COUNTERS, PostResult, ReadsPosts
from connectors.publishing import Network
from connectors.retries import Patience
from marketing_pipelines.connections import opening
from marketing_pipelines.insights.reading import at_providers, told
from store import clock, events, records
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.places import Place
from store.records.schema import TenantId
from store.settings import Role, Settings

if TYPE_CHECKING:
    import pyarrow as pa

# What a post has not been given by then it hardly gets any more.
FOLLOWED_FOR = timedelta(days=90)
# How ClickHouse writes a moment that there is not.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """How the reading of one place went; one that failed keeps what was read of it before."""

    tenant_id: TenantId
    network: Network
    name: str
    posts: int
    followers: int | None
    error: str | None


def read_places(
    settings: Settings,
    channel: Channel,
    *,
    run_id: str,
    at: datetime | None = None,
    patience: Patience | None = None,
) -> list[PlaceRead]:
    """Reads every place of a channel as of now, or of `at`; one that fails says so in its row and stops no other."""
    with records.session(settings, Role.PIPELINES) as session:
        places = followed_places(session, channel)
    if not places:
        return []
    with at_providers(settings, "posts") as http, events.connect(settings, run_id=run_id) as clickhouse:
        return [
            _read_place(
                settings,
                clickhouse,
                http,
                place,
                connection,
                at or clock.now(),
                run_id,
                patience or Patience(),
            )
            for place, connection in places
        ]


def followed_places(session: records.Session, channel: Channel) -> Sequence[tuple[Place, Connection]]:
    """Places that are published to, each with what opens it."""
    rows = session.execute(
        select(Place, Connection)
        .join(Connection, Place.connection_id == Connection.id)
        .where(
            Connection.channel == channel,
            Connection.status != ConnectionStatus.DISCONNECTED,
            ~Connection.switched_off.contains([Capability.INSIGHTS]),
            Place.left_at.is_(None),
        )
        .order_by(Place.tenant_id, Place.id)
    )
    return rows.tuples().all()


def _read_place(
    settings: Settings,
    clickhouse: events.Client,
    http: httpx.Client,
    place: Place,
    connection: Connection,
    now: datetime,
    run_id: str,
    patience: Patience,
) -> PlaceRead:
    network = Network(place.network)
    read: list[PostResult] = []
    followers, error = None, None
    try:
        reader = _opened(settings, connection, http, patience)
        read = _posts(reader, place, network, now)
        followers = reader.followers(place.place_id, network)
        _keep(clickhouse, place, connection, read, followers, now, run_id)
    except (ChannelError, Unreadable) as trouble:
        error = told(settings, connection, trouble)
    return PlaceRead(place.tenant_id, network, place.name, len(read), followers, error)


def _opened(settings: Settings, connection: Connection, http: httpx.Client, patience: Patience) -> ReadsPosts:
    opened = opening.open_connection(settings, connection, http, patience)
    if not isinstance(opened, ReadsPosts):
        raise Invalid(what="this channel tells nothing of posts", where=connection.channel, field="channel")
    return opened


def _posts(reader: ReadsPosts, place: Place, network: Network, now: datetime) -> list[PostResult]:
    read = {post.post_id: post for post in reader.post_results(place.place_id, network, now - FOLLOWED_FOR)}
    if any((post.place_id, post.network) != (place.place_id, network) for post in read.values()):
        raise UnexpectedAnswer(what="a post of a place that was not asked for", where=network)
    return list(read.values())


def _keep(
    clickhouse: events.Client,
    place: Place,
    connection: Connection,
    read: Sequence[PostResult],
    followers: int | None,
    now: datetime,
    run_id: str,
) -> None:
    """Makes the day's rows of the place be what was read, so that a post that was taken down is no longer there."""
    today = now.date()
    events.replace_days(
        clickhouse,
        "raw.posts",
        _as_table(read, followers, place, connection, now, run_id),
        tenant=place.tenant_id,
        days=events.Days(today, today),
        column="date_day",
        network=place.network,
        place_id=place.place_id,
    )


def _as_table(
    read: Sequence[PostResult],
    followers: int | None,
    place: Place,
    connection: Connection,
    now: datetime,
    run_id: str,
) -> "pa.Table":
    """The place's own row, which says that it was read, and one for each post."""
    import pyarrow as pa

    rows = len(read) + 1
    moment = pa.timestamp("ms", tz="UTC")
    of_all = {
        "channel": str(connection.channel),
        "network": place.network,
        "place_id": place.place_id,
        "place_name": place.name,
        "run_id": run_id,
    }
    of_posts = ("post_id", "post_url", "beginning", "raw", "raw_hash")
    return pa.table(
        {
            "tenant_id": pa.array([place.tenant_id] * rows, pa.int64()),
            **{name: pa.array([value] * rows, pa.string()) for name, value in of_all.items()},
            **{name: pa.array(["", *(getattr(it, name) for it in read)], pa.string()) for name in of_posts},
            **{name: pa.array([None, *(getattr(it, name) for it in read)], pa.int64()) for name in COUNTERS},
            "followers": pa.array([followers, *[None] * len(read)], pa.int64()),
            "published_at": pa.array([_NEVER, *(it.published_at for it in read)], moment),
            "date_day": pa.array([now.date()] * rows, pa.date32()),
            "fetched_at": pa.array([now] * rows, moment),
        }
    )
