"""Marts with the columns that questions read, filled by hand, and gone when the test is over.

They are in the way of the models that make them whole, so that nobody may leave one behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from store import events
from store.records.schema import TenantId

TABLES = {
    "marts.channel_daily": "tenant_id Int64, date_day Date, channel LowCardinality(String), currency LowCardinality(String), "
    "visits UInt64, human_visits UInt64, bot_visits UInt64, impressions Int64, clicks Int64, spend Decimal(18, 6), "
    "conversions Float64, conversions_value Decimal(18, 4)",
    "marts.ltv": "tenant_id Int64, cohort_week Date, first_channel LowCardinality(String), within_days UInt16, "
    "people UInt64, revenue Decimal(18, 4), is_complete Bool",
    "marts.channel_roas": "tenant_id Int64, date_day Date, channel LowCardinality(String), model LowCardinality(String), "
    "goal_id Int64, conversions Float64, conversions_value Decimal(18, 4)",
    "marts.ad_performance": "tenant_id Int64, date_day Date, channel LowCardinality(String), campaign_name String, "
    "currency LowCardinality(String), spend Decimal(18, 6), impressions Int64, clicks Int64, conversions Decimal(18, 6), "
    "conversions_value Decimal(18, 6)",
    "staging.stg_goals": "tenant_id Int64, goal_id Int64, is_headline Bool",
    "staging.stg_tenants": "tenant_id Int64, currency LowCardinality(String)",
    "intermediate.int_touchpoints": "tenant_id Int64, kind String, touched_at DateTime64(3, 'UTC'), touched_on Date, "
    "is_bot Bool, channel LowCardinality(String)",
    "intermediate.int_paths": "tenant_id Int64, goal_id Int64, conversion_id String, conversion LowCardinality(String), visitor_id String, "
    "converted_at DateTime64(3, 'UTC'), converted_on Date, credited_at DateTime64(3, 'UTC'), conversions UInt8, value Decimal(18, 4), currency LowCardinality(String), "
    "channels Array(String), campaigns Array(Int64), touched_at Array(DateTime64(3, 'UTC'))",
    "staging.stg_measurement": "tenant_id Int64, session_gap_minutes Int64, first_weight Decimal(5, 4), last_weight Decimal(5, 4), "
    "half_life_hours Int64, markov_order Int64, collapse_repeats Bool",
    "staging.stg_events": "tenant_id Int64, event_id String, event LowCardinality(String), "
    "occurred_at DateTime64(3, 'UTC'), occurred_on Date, visitor_id String, channel LowCardinality(String), "
    "device LowCardinality(String), country LowCardinality(String), is_bot Bool",
}


@contextmanager
def marts(client: events.Client) -> Iterator["Marts"]:
    """The tables, empty; all of them are gone at the end."""
    drop(client)
    for table, columns in TABLES.items():
        client.command(f"create table {table} ({columns}) engine = MergeTree order by tenant_id")
    try:
        yield Marts(client)
    finally:
        drop(client)


def drop(client: events.Client) -> None:
    for table in TABLES:
        client.command(f"drop table if exists {table}")


class Marts:
    """Rows by hand, each with no more said than the test is about."""

    def __init__(self, client: events.Client) -> None:
        self.client = client

    def channel_day(self, tenant: TenantId, day: date, channel: str = "email", **said: Any) -> None:
        self._add("marts.channel_daily", tenant, date_day=day, channel=channel, currency="EUR", **said)

    def lifetime(
        self, tenant: TenantId, week: date, channel: str, people: int, revenue: float, **said: Any
    ) -> None:
        said = {"within_days": 30, "is_complete": True, "people": people, "revenue": revenue, **said}
        self._add("marts.ltv", tenant, cohort_week=week, first_channel=channel, **said)

    def credit(self, tenant: TenantId, day: date, channel: str, model: str, **said: Any) -> None:
        self._add("marts.channel_roas", tenant, date_day=day, channel=channel, model=model, **said)

    def campaign_day(
        self, tenant: TenantId, day: date, name: str, currency: str = "EUR", **said: Any
    ) -> None:
        self._add("marts.ad_performance", tenant, date_day=day, campaign_name=name, currency=currency, **said)

    def tenant(self, tenant: TenantId, currency: str = "EUR") -> None:
        self._add("staging.stg_tenants", tenant, currency=currency)

    def visit(self, tenant: TenantId, at: datetime, channel: str = "email", **said: Any) -> None:
        said = {"kind": "visit", "touched_on": at.date(), **said}
        self._add("intermediate.int_touchpoints", tenant, touched_at=at, channel=channel, **said)

    def event(self, tenant: TenantId, event: str, at: datetime, visitor: str = "ann", **said: Any) -> None:
        said = {"visitor_id": visitor, "occurred_on": at.date(), **said}
        self._add("staging.stg_events", tenant, event=event, occurred_at=at, **said)

    def path(self, tenant: TenantId, at: datetime, *touches: tuple[str, datetime, int], **said: Any) -> None:
        usual = {"currency": "EUR", "converted_on": at.date(), "conversion": "purchase"}
        said = {**usual, "credited_at": at, "conversions": 1, **said}
        self._add(
            "intermediate.int_paths",
            tenant,
            converted_at=at,
            channels=[channel for channel, _, _ in touches],
            touched_at=[touched for _, touched, _ in touches],
            campaigns=[campaign for _, _, campaign in touches],
            **said,
        )

    def goal(self, tenant: TenantId, goal: int, *, is_headline: bool = False) -> None:
        self._add("staging.stg_goals", tenant, goal_id=goal, is_headline=is_headline)

    def measurement(self, tenant: TenantId, **said: Any) -> None:
        usual = {"first_weight": 0.4, "last_weight": 0.4, "half_life_hours": 168, "markov_order": 1}
        self._add("staging.stg_measurement", tenant, **usual | said)

    def _add(self, table: str, tenant: TenantId, **said: Any) -> None:
        said = {"tenant_id": tenant, **said}
        self.client.insert(table, [list(said.values())], column_names=list(said))
