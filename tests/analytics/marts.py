"""Marts with the columns that questions read, filled by hand, and gone when the test is over.

They are in the way of the models that make them whole, so that nobody may leave one behind.
"""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from connectors.posts import COUNTERS
from marketing_pipelines.attribution import results
from marketing_pipelines.attribution.terms import Terms
from store import events
from store.records.schema import GoalId, TenantId

# What networks count of a post; of how many people all posts together have reached nobody tells.
COUNTED = ", ".join(f"{name} Nullable(Int64)" for name in COUNTERS)
OF_A_PLACE = ", ".join(f"{name} Nullable(Int64)" for name in COUNTERS if name != "reach")
# A path, how often it converted, what that earned, and how often it came to nothing.
Way = tuple[list[str], int, float, int]

TABLES = {
    "marts.channel_daily": "tenant_id Int64, date_day Date, channel LowCardinality(String), currency LowCardinality(String), "
    "visits UInt64, human_visits UInt64, bot_visits UInt64, impressions Int64, clicks Int64, spend Decimal(18, 6), "
    "conversions Float64, conversions_value Decimal(18, 4)",
    "marts.channel_roas": "tenant_id Int64, date_day Date, channel LowCardinality(String), model LowCardinality(String), "
    "goal_id Int64, conversions Float64, conversions_value Decimal(18, 4)",
    "marts.ad_performance": "tenant_id Int64, date_day Date, channel LowCardinality(String), campaign_name String, "
    "currency LowCardinality(String), spend Decimal(18, 6), impressions Int64, clicks Int64, conversions Decimal(18, 6), "
    "conversions_value Decimal(18, 6), rate Nullable(Decimal(18, 8)), tenant_spend Decimal(18, 6)",
    "marts.cohorts": "tenant_id Int64, cohort_week Date, weeks_since UInt16, currency LowCardinality(String), "
    "cohort_people UInt64, people UInt64, people_converting UInt64, conversions UInt64, revenue Decimal(18, 4), is_complete Bool",
    "marts.ltv": "tenant_id Int64, cohort_week Date, first_channel LowCardinality(String), within_days UInt16, "
    "currency LowCardinality(String), people UInt64, conversions UInt64, revenue Decimal(18, 4), is_complete Bool",
    "marts.organic_performance": "tenant_id Int64, date_day Date, platform LowCardinality(String), account_id String, "
    "account_name String, post_id String, post_url String, created_at DateTime64(3, 'UTC'), beginning String, action_id Int64, "
    f"campaign_id Int64, {COUNTED}, {', '.join(f'total_{name} Nullable(Int64)' for name in COUNTERS)}",
    "marts.place_daily": "tenant_id Int64, date_day Date, platform LowCardinality(String), account_id String, "
    f"account_name String, followers Nullable(Int64), followers_delta Nullable(Int64), posts_published UInt64, {OF_A_PLACE}",
    "staging.stg_goals": "tenant_id Int64, goal_id Int64, is_headline UInt8",
    "intermediate.int_touchpoints": "tenant_id Int64, kind LowCardinality(String), touched_at DateTime64(3, 'UTC'), touched_on Date, "
    "is_bot Bool, channel LowCardinality(String)",
    "intermediate.int_person_events": "tenant_id Int64, date_day Date, event LowCardinality(String), person_key UInt64, "
    "times Array(UInt32), channel LowCardinality(String), device LowCardinality(String), country LowCardinality(String)",
    "intermediate.int_paths": "tenant_id Int64, goal_id Int64, conversion_id String, conversion LowCardinality(String), visitor_id String, "
    "converted_at DateTime64(3, 'UTC'), converted_on Date, credited_at DateTime64(3, 'UTC'), conversions UInt8, value Decimal(18, 4), currency String, "
    "channels Array(String), campaigns Array(Int64), touched_at Array(DateTime64(3, 'UTC'))",
    "staging.stg_measurement": "tenant_id Int64, session_gap_minutes UInt16, first_weight Float64, last_weight Float64, "
    "half_life_hours UInt16, markov_order UInt8, collapse_repeats UInt8, direct_overrides UInt8",
    "staging.stg_events": "tenant_id Int64, event_id String, event LowCardinality(String), "
    "occurred_at DateTime64(3, 'UTC'), occurred_on Date, visitor_id String, click_id String, channel LowCardinality(String), "
    "device LowCardinality(String), country LowCardinality(String), is_bot Bool",
}

# Of people and of tracking; the view is one over moments that are laid ready, for it takes what it is asked for the same way.
PEOPLE = {
    "intermediate.int_identities": "tenant_id Int64, visitor_id String, person_id String, valid_from DateTime64(3, 'UTC'), "
    "valid_to DateTime64(3, 'UTC'), known_at DateTime64(3, 'UTC')",
    "intermediate.int_identity_edges": "tenant_id Int64, visitor_id String, identity String, source LowCardinality(String), "
    "seen_on Date, first_at DateTime64(3, 'UTC'), last_at DateTime64(3, 'UTC'), times UInt64",
    "intermediate.int_conversions": "tenant_id Int64, goal_id Int64, goal String, is_refund UInt8, visitor_id String, "
    "user_id String, person_id String, converted_at DateTime64(3, 'UTC'), converted_on Date, conversions UInt8, "
    "value Decimal(18, 4), currency String, credited_visitor_id String, credited_person_id String, "
    "credited_at DateTime64(3, 'UTC')",
    "marts.moments": "tenant_id Int64, person_id String, at DateTime64(3, 'UTC'), kind String, what_id String, visitor_id String, "
    "channel String, campaign_id Int64, link_id Int64, page_views UInt64, detail String, value Decimal(18, 4), currency String",
    "marts.tracking_health": "tenant_id Int64, date_day Date, received UInt64, events UInt64, copies Int64, "
    "events_by_kind Map(String, UInt64), events_by_lateness Map(String, UInt64), clocks_corrected UInt64, rejected UInt64, "
    "rejected_by_reason Map(String, UInt64), events_of_programs UInt64, share_with_consent Nullable(Float64), "
    "share_refused Nullable(Float64), events_without_visitor UInt64, human_page_views UInt64, unknown_channels UInt64, "
    "conversions UInt64, conversions_without_value UInt64, conversions_without_currency UInt64, click_ids UInt64, "
    "unmatched_click_ids UInt64, devices_shared UInt64, people_crowded UInt64, devices_refused UInt64",
}
TIMELINE = """
create view marts.visitor_timeline as
select * from marts.moments where tenant_id = {tenant:Int64} and person_id = {person:String}
"""

# From its first day on a device is somebody's, and still is, in the warehouse's way of saying so.
EVER, STILL = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@contextmanager
def marts(client: events.Client) -> Iterator["Marts"]:
    """The tables, empty; all of them are gone at the end."""
    drop(client)
    for table, columns in TABLES.items():
        client.command(f"create table {table} ({columns}) engine = MergeTree order by tenant_id")
    lay_people(client)
    try:
        yield Marts(client)
    finally:
        drop(client)


def lay_people(client: events.Client) -> None:
    """Those of people and of tracking alone."""
    for table, columns in PEOPLE.items():
        client.command(f"create table {table} ({columns}) engine = MergeTree order by tenant_id")
    client.command(TIMELINE)


def drop(client: events.Client) -> None:
    for table in ("marts.visitor_timeline", *PEOPLE, *TABLES):
        client.command(f"drop table if exists {table}")
    client.command(f"truncate table {results.TABLE}")


class Marts:
    """Rows by hand, each with no more said than the test is about."""

    def __init__(self, client: events.Client) -> None:
        self.client = client

    def channel_day(self, tenant: TenantId, day: date, channel: str = "email", **said: Any) -> None:
        self._add("marts.channel_daily", tenant, date_day=day, channel=channel, currency="EUR", **said)

    def cohort_week(self, tenant: TenantId, week: date, since: int, **said: Any) -> None:
        said = {"currency": "EUR", "is_complete": True, **said}
        self._add("marts.cohorts", tenant, cohort_week=week, weeks_since=since, **said)

    def lifetime(self, tenant: TenantId, week: date, channel: str, days: int, **said: Any) -> None:
        said = {"currency": "EUR", "is_complete": True, **said}
        self._add("marts.ltv", tenant, cohort_week=week, first_channel=channel, within_days=days, **said)

    def post_day(self, tenant: TenantId, day: date, post_id: str, **said: Any) -> None:
        """It appeared on the first of January and stands on the shop's page, unless it is said otherwise."""
        told = {"platform": "facebook", "account_id": "7", "account_name": "Shop", "beginning": "Coats"}
        at = datetime(2026, 1, 1, 8, tzinfo=UTC)
        said = {**told, "created_at": at, "post_url": f"https://www.facebook.com/{post_id}", **said}
        self._add("marts.organic_performance", tenant, date_day=day, post_id=post_id, **said)

    def place_day(self, tenant: TenantId, day: date, **said: Any) -> None:
        said = {"platform": "facebook", "account_id": "7", "account_name": "Shop", **said}
        self._add("marts.place_daily", tenant, date_day=day, **said)

    def credit(self, tenant: TenantId, day: date, channel: str, model: str, **said: Any) -> None:
        self._add("marts.channel_roas", tenant, date_day=day, channel=channel, model=model, **said)

    def campaign_day(
        self,
        tenant: TenantId,
        day: date,
        name: str,
        currency: str = "EUR",
        rate: Decimal | None = Decimal(1),
        **said: Any,
    ) -> None:
        """`rate` is the tenant's money for one of the account's; none is known of some."""
        said = {"tenant_spend": said.get("spend", 0) * (rate or 0), "rate": rate, **said}
        self._add("marts.ad_performance", tenant, date_day=day, campaign_name=name, currency=currency, **said)

    def visit(self, tenant: TenantId, at: datetime, channel: str = "email", **said: Any) -> None:
        said = {"kind": "visit", "touched_on": at.date(), **said}
        self._add("intermediate.int_touchpoints", tenant, touched_at=at, channel=channel, **said)

    def event(self, tenant: TenantId, event: str, at: datetime, visitor: str = "ann", **said: Any) -> None:
        told = {"visitor_id": visitor, "occurred_on": at.date(), **said}
        self._add("staging.stg_events", tenant, event=event, occurred_at=at, **told)
        if visitor:
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            time = (at - midnight) // timedelta(milliseconds=1)
            as_they_were = {name: said[name] for name in ("channel", "device", "country") if name in said}
            person = {"person_key": zlib.crc32(visitor.encode()), "times": [time], **as_they_were}
            self._add("intermediate.int_person_events", tenant, event=event, date_day=at.date(), **person)

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

    def results(
        self, tenant: TenantId, goal: int, as_of: date, ways: Sequence[Way], window_days: int = 28
    ) -> None:
        """What every model of the catalogue makes of these paths, with touches a day apart."""
        terms = Terms(tenant, [GoalId(goal)])
        paths = pl.DataFrame(
            {
                "path": [path for path, *_ in ways],
                "age": [[timedelta(days=len(path) - at) for at in range(len(path))] for path, *_ in ways],
                "conversions": [float(converted) for _, converted, _, _ in ways],
                "value": pl.Series([value for _, _, value, _ in ways], dtype=pl.Decimal(38, 4)),
                "nulls": [float(nulls) for *_, nulls in ways],
            },
            strict=False,
        )
        for model in terms.models():
            told = results.judged(paths, model, terms).select(
                tenant_id=pl.lit(tenant, pl.Int64),
                as_of=pl.lit(as_of),
                window_days=pl.lit(window_days, pl.UInt16),
                goal_id=pl.lit(goal, pl.Int64),
                **{name: pl.col(name) for name in ("model", "channel", "conversions", "value")},
                **{name: pl.col(name) for name in results.BOUNDS},
                removal_effect=pl.col("removal_effect"),
                run_id=pl.lit("by hand"),
            )
            self.client.insert_arrow(results.TABLE, told.to_arrow().cast(results.SCHEMA))

    def owner(
        self,
        tenant: TenantId,
        device: str,
        person: str,
        since: datetime = EVER,
        until: datetime = STILL,
        **said: Any,
    ) -> None:
        said = {"valid_from": since, "valid_to": until, "known_at": since, **said}
        self._add("intermediate.int_identities", tenant, visitor_id=device, person_id=person, **said)

    def meeting(self, tenant: TenantId, device: str, identity: str, at: datetime, **said: Any) -> None:
        said = {"source": "event", "seen_on": at.date(), "first_at": at, "last_at": at, "times": 1, **said}
        self._add("intermediate.int_identity_edges", tenant, visitor_id=device, identity=identity, **said)

    def moment(self, tenant: TenantId, person: str, at: datetime, kind: str = "visit", **said: Any) -> None:
        said = {"visitor_id": "phone", "what_id": f"{kind} {at}", **said}
        self._add("marts.moments", tenant, person_id=person, at=at, kind=kind, **said)

    def conversion(self, tenant: TenantId, person: str, at: datetime, **said: Any) -> None:
        usual = {"goal": "Purchases", "converted_on": at.date(), "currency": "EUR", "conversions": 1}
        said = {**usual, "credited_person_id": person, "credited_at": at, **said}
        self._add("intermediate.int_conversions", tenant, person_id=person, converted_at=at, **said)

    def tracked(self, tenant: TenantId, day: date, **said: Any) -> None:
        self._add("marts.tracking_health", tenant, date_day=day, **said)

    def _add(self, table: str, tenant: TenantId, **said: Any) -> None:
        said = {"tenant_id": tenant, **said}
        self.client.insert(table, [list(said.values())], column_names=list(said))
