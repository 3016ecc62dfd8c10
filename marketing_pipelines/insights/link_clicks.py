"""Clicks elsewhere: what another house counts of the short links that a tenant has there, kept by the day beside our own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import select

from connectors.errors import ChannelError, Invalid
from connectors.face import Capability, Channel
from connectors.retries import Patience
from connectors.short_links import DayOfClicks, LinkGroup, ShortensLinks, ShortLink
from marketing_pipelines.connections import opening
from marketing_pipelines.insights.reading import at_providers, told
from marketing_pipelines.insights.windows import Window
from store import clock, events, records
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.schema import TenantId
from store.settings import Role, Settings

if TYPE_CHECKING:
    import pyarrow as pa

LOOKBACK_DAYS = 7
# Each link costs a question, and hardly anybody follows one for longer. Counted from the day on which it was made, so that
# whatever window is read, a day of a link is either always read or never.
FOLLOWED_FOR = timedelta(days=90)

Counted = tuple[ShortLink, DayOfClicks]


@dataclass(frozen=True, slots=True)
class GroupRead:
    """How the reading of one group went, or of all that a connection opens; what failed keeps what was read of it before."""

    tenant_id: TenantId
    name: str
    links: int = 0
    rows: int = 0
    clicks: int = 0
    error: str | None = None


def read_clicks(
    settings: Settings, channel: Channel, window: Window, *, run_id: str, patience: Patience | None = None
) -> list[GroupRead]:
    """Reads every group that a channel's connections open; one that fails says so in its row and stops no other."""
    with records.session(settings, Role.PIPELINES) as session:
        found = read_through(session, channel)
    if not found:
        return []
    with at_providers(settings, "links") as http, events.connect(settings, run_id=run_id) as clickhouse:
        reading = _Reading(settings, clickhouse, http, window, run_id, patience or Patience())
        return [read for connection in found for read in reading.of(connection)]


def read_through(session: records.Session, channel: Channel) -> list[Connection]:
    """Connections whose links are to be read."""
    rows = session.scalars(
        select(Connection)
        .where(
            Connection.channel == channel,
            Connection.status != ConnectionStatus.DISCONNECTED,
            ~Connection.switched_off.contains([Capability.LINKS]),
        )
        .order_by(Connection.tenant_id, Connection.id)
    )
    return list(rows)


class _Reading:
    """One run's way through all groups; a group that two connections of a tenant open is read once."""

    def __init__(
        self,
        settings: Settings,
        clickhouse: events.Client,
        http: httpx.Client,
        window: Window,
        run_id: str,
        patience: Patience,
    ) -> None:
        self._settings, self._clickhouse, self._http = settings, clickhouse, http
        self._window, self._run_id, self._patience = window, run_id, patience
        self._read: set[tuple[TenantId, str]] = set()

    def of(self, connection: Connection) -> list[GroupRead]:
        try:
            house = self._opened(connection)
            groups = house.groups()
        except (ChannelError, Unreadable) as trouble:
            return [self._failed(connection, connection.name, trouble)]
        return [
            self._group(connection, house, group)
            for group in groups
            if (connection.tenant_id, group.id) not in self._read
        ]

    def _opened(self, connection: Connection) -> ShortensLinks:
        opened = opening.open_connection(self._settings, connection, self._http, self._patience)
        if not isinstance(opened, ShortensLinks):
            raise Invalid(what="this channel has no links", where=connection.channel, field="channel")
        return opened

    def _group(self, connection: Connection, house: ShortensLinks, group: LinkGroup) -> GroupRead:
        try:
            links, counted = self._counted(house, group)
        except ChannelError as trouble:
            return self._failed(connection, group.name, trouble)
        rows = events.replace_days(
            self._clickhouse,
            "raw.link_clicks",
            _as_table(counted, connection, group, clock.now(), self._run_id),
            tenant=connection.tenant_id,
            days=events.Days(self._window.since, self._window.until),
            column="date_day",
            channel=str(connection.channel),
            group_id=group.id,
        )
        self._read.add((connection.tenant_id, group.id))
        clicks = sum(day.clicks for _, day in counted)
        return GroupRead(connection.tenant_id, group.name, links, rows, clicks)

    def _counted(self, house: ShortensLinks, group: LinkGroup) -> tuple[int, list[Counted]]:
        """How many links were looked at, and the days in the window on which somebody followed one."""
        made_since = datetime.combine(self._window.since, time(), UTC) - FOLLOWED_FOR
        links = {link.id: link for link in house.links_since(group.id, made_since)}
        counted = [
            (link, day)
            for link in links.values()
            if (days := _followed(link, self._window)) is not None
            for day in house.clicks(link.id, days.since, days.until)
        ]
        return len(links), counted

    def _failed(self, connection: Connection, name: str, trouble: ChannelError | Unreadable) -> GroupRead:
        return GroupRead(connection.tenant_id, name, error=told(self._settings, connection, trouble))


def _followed(link: ShortLink, window: Window) -> Window | None:
    """The days of the window on which the link was there and is still followed."""
    made: date = link.created_at.date()
    since, until = max(window.since, made), min(window.until, made + FOLLOWED_FOR)
    return Window(since, until) if since <= until else None


def _as_table(
    counted: Sequence[Counted], connection: Connection, group: LinkGroup, now: datetime, run_id: str
) -> "pa.Table":
    import pyarrow as pa

    moment, rows = pa.timestamp("ms", tz="UTC"), len(counted)
    of_all = {
        "channel": str(connection.channel),
        "group_id": group.id,
        "group_name": group.name,
        "run_id": run_id,
    }
    texts = {
        "link_id": [link.id for link, _ in counted],
        "link": [link.link for link, _ in counted],
        "long_url": [link.long_url for link, _ in counted],
        "title": [link.title for link, _ in counted],
        "raw": [day.raw for _, day in counted],
        "raw_hash": [day.raw_hash for _, day in counted],
    }
    return pa.table(
        {
            "tenant_id": pa.array([connection.tenant_id] * rows, pa.int64()),
            **{name: pa.array([value] * rows, pa.string()) for name, value in of_all.items()},
            **{name: pa.array(values, pa.string()) for name, values in texts.items()},
            "created_at": pa.array([link.created_at for link, _ in counted], moment),
            "date_day": pa.array([day.day for _, day in counted], pa.date32()),
            "clicks": pa.array([day.clicks for _, day in counted], pa.uint64()),
            "fetched_at": pa.array([now] * rows, moment),
        }
    )
