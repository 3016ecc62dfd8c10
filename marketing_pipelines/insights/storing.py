"""Storing: what was read of an account's days takes the place of what is stored of them, and is summed up."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.face import InsightRow, Level, ReadsInsights
from marketing_pipelines.insights.windows import Window
from store import clock, events
from store.records.accounts import AdAccount
from store.records.schema import TenantId

if TYPE_CHECKING:
    import pyarrow as pa

# Levels repeat one another, so that one of them counts: campaigns hold the truth about spend.
SPEND_LEVEL = Level.CAMPAIGN

STORED_SPEND = """
select date_day, currency, sum(spend_micros) as micros
from raw.insights
where tenant_id = {tenant:Int64}
    and platform = {platform:String}
    and account_id = {account:String}
    and level = {level:String}
    and date_day between {since:Date} and {until:Date}
group by all
"""

DayAndCurrency = tuple[date, str]
"""What sums of money are kept apart by."""


@dataclass(frozen=True, slots=True)
class InsightDay:
    """Everything that an account reports about one day; no rows means no activity."""

    date: date
    rows: list[InsightRow]


def reported_id(account: AdAccount) -> str:
    """The account's id as rows carry it: people write Google's with dashes and Meta's with a prefix."""
    return account.account_id.removeprefix("act_").replace("-", "")


def replace_days(
    clickhouse: events.Client, account: AdAccount, reader: ReadsInsights, days: list[InsightDay], run_id: str
) -> int:
    """Makes the account's stored rows of these days be exactly what was read, so that vanished rows vanish."""
    rows = [row for day in days for row in day.rows]
    return events.replace_days(
        clickhouse,
        "raw.insights",
        as_table(rows, account.tenant_id, clock.now(), run_id),
        tenant=account.tenant_id,
        days=events.Days(days[0].date, days[-1].date),
        column="date_day",
        platform=str(reader.platform),
        account_id=reported_id(account),
    )


def as_table(rows: list[InsightRow], tenant: TenantId, fetched_at: datetime, run_id: str) -> "pa.Table":
    """Rows in the columns of raw.insights, with money in whole micros and conversions in Decimal."""
    import pyarrow as pa

    strings = (
        "platform", "account_id", "account_name", "account_timezone", "level", "campaign_id", "campaign_name",
        "ad_group_id", "ad_group_name", "ad_id", "ad_name", "currency", "attribution_setting",
        "conversion_definition", "raw", "raw_hash",
    )  # fmt: skip
    numbers = (
        "impressions", "clicks", "all_clicks", "spend_micros", "conversions_value_micros", "view_through_conversions"
    )  # fmt: skip
    return pa.table(
        {
            "tenant_id": pa.array([tenant] * len(rows), pa.int64()),
            **{name: pa.array([str(getattr(row, name)) for row in rows], pa.string()) for name in strings},
            **{name: pa.array([getattr(row, name) for row in rows], pa.int64()) for name in numbers},
            "date_day": pa.array([row.date_day for row in rows], pa.date32()),
            "conversions": pa.array([row.conversions for row in rows], pa.decimal128(18, 6)),
            "is_final": pa.array([row.is_final for row in rows], pa.bool_()),
            "fetched_at": pa.array([fetched_at] * len(rows), pa.timestamp("ms", tz="UTC")),
            "run_id": pa.array([run_id] * len(rows), pa.string()),
        }
    )


def stored_spend(
    clickhouse: events.Client, account: AdAccount, reader: ReadsInsights, window: Window
) -> dict[DayAndCurrency, Decimal]:
    """What the days cost as they are stored."""
    found = events.read_for_tenant(
        clickhouse,
        account.tenant_id,
        STORED_SPEND,
        platform=str(reader.platform),
        account=reported_id(account),
        level=str(SPEND_LEVEL),
        since=window.since,
        until=window.until,
    )
    return {(day, currency): Decimal(micros).scaleb(-6) for day, currency, micros in found.iter_rows()}


def spend_of(days: list[InsightDay]) -> dict[DayAndCurrency, Decimal]:
    """What each day cost, a currency at a time."""
    spend: dict[DayAndCurrency, Decimal] = defaultdict(Decimal)
    for day in days:
        for row in day.rows:
            if row.level is SPEND_LEVEL:
                spend[day.date, row.currency] += row.spend
    return dict(spend)
