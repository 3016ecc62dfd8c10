"""Sync: a channel's ad accounts are read for some days, and the days in the store are made what was read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import cast

import httpx
from sqlalchemy import select

from connectors import CONNECTORS
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    TooMuchData,
    UnexpectedAnswer,
)
from connectors.face import Capability, Channel, InsightRow, Level, ReadsInsights
from connectors.retries import Patience
from marketing_pipelines.connections import opening
from marketing_pipelines.insights.reading import LONGEST_ERROR, at_providers
from marketing_pipelines.insights.storing import (
    DayAndCurrency,
    InsightDay,
    replace_days,
    reported_id,
    spend_of,
    stored_spend,
)
from marketing_pipelines.insights.windows import Window
from store import clock, events, records
from store.records.accounts import AccountStatus, AdAccount
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.schema import ConnectionId, TenantId
from store.settings import Role, Settings

# What was spent, and where in a campaign it went.
LEVELS = (Level.CAMPAIGN, Level.AD)
PORTION_DAYS = 7


@dataclass(frozen=True, slots=True)
class Synced:
    """How the reading of one account went.

    `missing` are days that were asked for and not read; `stored` is the spend of those that had been read before.
    """

    tenant_id: TenantId
    account_id: str
    name: str
    status: AccountStatus
    rows: int
    days: tuple[date, ...]
    missing: tuple[date, ...]
    spend: Mapping[DayAndCurrency, Decimal]
    stored: Mapping[DayAndCurrency, Decimal]
    error: str | None


def sync_channel(
    settings: Settings, channel: Channel, window: Window, *, run_id: str, patience: Patience | None = None
) -> list[Synced]:
    """Reads every connected account of a channel; one that fails says so in its row and stops no other."""
    with records.session(settings, Role.PIPELINES) as session:
        accounts = connected_accounts(session, channel)
    if not accounts:
        return []
    with at_providers(settings, "insights") as http, events.connect(settings, run_id=run_id) as clickhouse:
        return [
            sync_account(
                settings, clickhouse, http, account, connection, window, run_id, patience or Patience()
            )
            for account, connection in accounts
        ]


def lookback(settings: Settings, channel: Channel) -> int:
    """How many days before the newest are read with it, since they may have been restated."""
    if settings.insights_lookback_days is not None:
        return settings.insights_lookback_days
    return cast("type[ReadsInsights]", CONNECTORS[channel]).lookback.days


def connected_accounts(session: records.Session, channel: Channel) -> Sequence[tuple[AdAccount, Connection]]:
    """Accounts that are to be read, each with what opens it."""
    rows = session.execute(
        select(AdAccount, Connection)
        .join(Connection, AdAccount.connection_id == Connection.id)
        .where(
            AdAccount.channel == channel,
            AdAccount.status != AccountStatus.DISABLED,
            Connection.status != ConnectionStatus.DISCONNECTED,
            ~Connection.switched_off.contains([Capability.INSIGHTS]),
        )
        .order_by(AdAccount.tenant_id, AdAccount.id)
    )
    return rows.tuples().all()


def sync_account(
    settings: Settings,
    clickhouse: events.Client,
    http: httpx.Client,
    account: AdAccount,
    connection: Connection,
    window: Window,
    run_id: str,
    patience: Patience,
) -> Synced:
    """Reads one account portion by portion; what was read before a failure is kept."""
    rows, days = 0, list[date]()
    spend: dict[DayAndCurrency, Decimal] = {}
    stored: dict[DayAndCurrency, Decimal] = {}
    error: Exception | None = None
    try:
        reader = open_reader(settings, connection, http, patience)
        for read in read_in_portions(reader, account, window):
            stored |= stored_spend(clickhouse, account, reader, Window(read[0].date, read[-1].date))
            rows += replace_days(clickhouse, account, reader, read, run_id)
            days += [day.date for day in read]
            spend |= spend_of(read)
            del read  # the next portion needs its room
    except (ChannelError, Unreadable) as trouble:
        error = trouble
    status = note_outcome(settings, account, connection, error, clock.now())
    return Synced(
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        name=account.name,
        status=status,
        rows=rows,
        days=tuple(days),
        missing=tuple(day for day in window.days if day not in days),
        spend=spend,
        stored=stored,
        error=None if error is None else str(error)[:LONGEST_ERROR],
    )


def open_reader(
    settings: Settings, connection: Connection, http: httpx.Client, patience: Patience
) -> ReadsInsights:
    opened = opening.open_connection(settings, connection, http, patience)
    if not isinstance(opened, ReadsInsights):
        raise Invalid(what="this channel has no insights", where=connection.channel, field="channel")
    return opened


def read_in_portions(reader: ReadsInsights, account: AdAccount, window: Window) -> Iterator[list[InsightDay]]:
    """So few days at a time that neither we nor the platform find it too much."""
    for portion in window.portions(PORTION_DAYS):
        yield from read_in_halves(reader, account, portion)


def read_in_halves(reader: ReadsInsights, account: AdAccount, portion: Window) -> Iterator[list[InsightDay]]:
    """The portion at once, or where that is too much in halves and their halves; a day that is too much is the end."""
    halves = portion.halves()
    try:
        read = read_days(reader, account, portion)
    except TooMuchData:
        if halves is None:
            raise
    else:
        yield read
        return
    for half in halves:
        yield from read_in_halves(reader, account, half)


def read_days(reader: ReadsInsights, account: AdAccount, portion: Window) -> list[InsightDay]:
    """The portion's days, the empty ones as well, once all of its levels have been read whole."""
    rows: dict[date, list[InsightRow]] = defaultdict(list)
    for level in LEVELS:
        for row in reader.insights(account.account_id, portion.since, portion.until, level):
            if row.account_id != reported_id(account) or not portion.since <= row.date_day <= portion.until:
                raise UnexpectedAnswer(
                    what=f"a row of account {row.account_id} and {row.date_day}, which were not asked for",
                    where=account.channel,
                )
            rows[row.date_day].append(row)
    return [InsightDay(day, rows[day]) for day in portion.days]


def note_outcome(
    settings: Settings, account: AdAccount, connection: Connection, error: Exception | None, now: datetime
) -> AccountStatus:
    """Writes down how the reading went, where the people who can repair it will look."""
    match error:
        case None | QuotaExhausted():  # nothing is broken that time will not mend
            status = AccountStatus.CONNECTED
        case AuthExpired() | AuthRevoked() | Forbidden() | Unreadable():
            status = AccountStatus.NEEDS_RECONNECT
        case _:
            status = AccountStatus.FAILING
    with records.session(settings, Role.PIPELINES, tenant=account.tenant_id) as session:
        row = session.get(AdAccount, account.id)
        if row is not None and row.status is not AccountStatus.DISABLED:
            row.status = status
            row.last_error = None if error is None else str(error)[:LONGEST_ERROR]
            if error is None:
                row.last_synced_at = now
    if isinstance(error, (AuthExpired, AuthRevoked, Unreadable)):
        opening.note_trouble(settings, ConnectionId(connection.id), error)
    return status
