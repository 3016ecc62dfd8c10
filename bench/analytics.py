"""What the dashboards ask, on ten million events: milliseconds of each question, beside a plain reading of the same columns.

python -m bench.analytics [--events 10000000] [--requests 20]

A ratio of 1 is what it takes to read what the question is about at all; the rest is the question itself. ClickHouse makes
the events out of numbers: spread over 90 days, a twentieth of them programs', of 40 people in a hundred nothing but page
views. The engine is the embedded one, in a process of its own, asked over HTTP as the console asks it.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import houses
from marketing_pipelines import attribution
from marketing_pipelines.analytics.channels import ChannelsAsked, channels
from marketing_pipelines.analytics.cohorts import CohortsAsked, cohorts
from marketing_pipelines.analytics.credit import CreditAsked, credit
from marketing_pipelines.analytics.freshness import freshness
from marketing_pipelines.analytics.funnels import FunnelAsked, funnel
from marketing_pipelines.analytics.lifetime import LtvAsked, ltv
from marketing_pipelines.analytics.margins import margins
from marketing_pipelines.analytics.paths import PathsAsked, paths
from marketing_pipelines.analytics.timeseries import TimeseriesAsked, timeseries
from store import events, migrations
from store.events import Client
from store.records.schema import TenantId
from store.settings import Settings

LIMIT_MS = 300
WARMING = 2
TENANT = TenantId(1)
FIRST = date(2026, 3, 1)
LAST = FIRST + timedelta(days=89)
SPAN = {"from": str(FIRST), "to": str(LAST)}
WORLD = (
    """create table staging.stg_events (tenant_id Int64, event_id String, event LowCardinality(String),
       occurred_at DateTime64(3, 'UTC'), occurred_on Date, visitor_id String, click_id String, channel LowCardinality(String),
       device LowCardinality(String), country LowCardinality(String), is_bot Bool)
       engine = MergeTree partition by occurred_on order by (tenant_id, event, occurred_at, event_id)""",
    """insert into staging.stg_events
       select 1, hex(sipHash64(number)),
         multiIf(kind < 85, 'page_view', kind < 95, 'click', kind < 98, 'lead', 'purchase') as event,
         toDateTime64('{first} 00:00:00', 3, 'UTC') + toIntervalMillisecond(cityHash64(number, 3) % (90 * 86400000)) as at,
         toDate(at), if(event = 'click', '', hex(sipHash128(cityHash64(number, 2) % intDiv({events}, 8)))),
         if(event = 'click', hex(sipHash64(number)), ''),
         ['email', 'paid_search', 'direct', 'organic_search', 'paid_social'][1 + cityHash64(number, 5) % 5],
         ['desktop', 'mobile', 'tablet'][1 + cityHash64(number, 6) % 3],
         ['AT', 'DE', 'FR', 'US', 'GB'][1 + cityHash64(number, 7) % 5], cityHash64(number, 8) % 20 = 0
       from (select number, cityHash64(number, 1) % 100 as kind from numbers({events}))
       settings max_partitions_per_insert_block = 0""",
    # Who followed a link is told by the page that it led to.
    """insert into staging.stg_events
       select 1, concat(event_id, '.'), 'page_view', occurred_at + toIntervalSecond(5) as at, toDate(at),
         hex(sipHash128(cityHash64(event_id) % intDiv({events}, 8))), click_id, channel, device, country, is_bot
       from staging.stg_events where event = 'click' settings max_partitions_per_insert_block = 0""",
    """create table intermediate.int_person_events (tenant_id Int64, date_day Date, event LowCardinality(String),
       person_key UInt64, times Array(UInt32), channel LowCardinality(String), device LowCardinality(String),
       country LowCardinality(String))
       engine = MergeTree partition by date_day order by (tenant_id, event, person_key)""",
    """insert into intermediate.int_person_events
       select 1, occurred_on, event,
         if(event = 'click', sipHash64(hex(sipHash128(cityHash64(event_id) % intDiv({events}, 8)))), sipHash64(visitor_id)) as person,
         arraySort(groupArray(toUInt32(toUnixTimestamp64Milli(occurred_at) - toUInt64(toUInt16(occurred_on)) * 86400000))),
         any(channel), any(device), any(country)
       from staging.stg_events where not is_bot group by occurred_on, event, person
       settings max_partitions_per_insert_block = 0, max_bytes_before_external_group_by = 500000000""",
    """create table marts.channel_daily (tenant_id Int64, date_day Date, channel LowCardinality(String),
       currency LowCardinality(String), visits UInt64, human_visits UInt64, bot_visits UInt64, impressions Int64, clicks Int64,
       spend Decimal(18, 6), conversions Float64, conversions_value Decimal(18, 4))
       engine = MergeTree order by (tenant_id, date_day, channel)""",
    """insert into marts.channel_daily select 1, toDate('{last}') - number % 1100, concat('channel ', toString(intDiv(number, 1100))),
       'EUR', 900, 800, 100, 9000, 90, 120.5, 7, 340 from numbers(1100 * 19)""",
    """create table marts.channel_roas (tenant_id Int64, date_day Date, channel LowCardinality(String),
       model LowCardinality(String), goal_id Int64, conversions Float64, conversions_value Decimal(18, 4))
       engine = MergeTree order by (tenant_id, date_day, channel, model, goal_id)""",
    """insert into marts.channel_roas
       select 1, date_day, channel, concat('model ', toString(model)), 5, 7, 340
       from marts.channel_daily array join range(9) as model""",
    "create table staging.stg_goals (tenant_id Int64, goal_id Int64, is_headline Bool) engine = MergeTree order by tenant_id",
    "insert into staging.stg_goals values (1, 5, true)",
    """create table marts.ad_performance (tenant_id Int64, date_day Date, channel LowCardinality(String), campaign_name String,
       currency LowCardinality(String), spend Decimal(18, 6), impressions Int64, clicks Int64, conversions Decimal(18, 6),
       conversions_value Decimal(18, 6), rate Nullable(Decimal(18, 8)), tenant_spend Decimal(18, 6))
       engine = MergeTree order by (tenant_id, date_day, campaign_name)""",
    """insert into marts.ad_performance select 1, toDate('{last}') - number % 400, 'paid_search',
       concat('campaign ', toString(intDiv(number, 400))), 'EUR', 5.5, 900, 12, 1, 50, 1, 5.5 from numbers(400 * 500)""",
    """create table intermediate.int_paths (tenant_id Int64, goal_id Int64, conversion_id String,
       converted_at DateTime64(3, 'UTC'), converted_on Date, credited_at DateTime64(3, 'UTC'), conversions UInt8, value Decimal(18, 4), currency LowCardinality(String), channels Array(String), campaigns Array(Int64),
       touched_at Array(DateTime64(3, 'UTC')))
       engine = MergeTree partition by converted_on order by (tenant_id, converted_on, conversion_id)""",
    """insert into intermediate.int_paths
       select 1, 5, toString(number), toDateTime64('{first} 12:00:00', 3, 'UTC') + toIntervalMinute(number % (89 * 1440)) as at,
         toDate(at), at, 1, 10 + number % 90, 'EUR',
         arrayMap(n -> ['email', 'paid_search', 'direct', 'organic_search'][1 + cityHash64(number, n) % 4],
           range(1 + cityHash64(number) % 6)) as ways,
         arrayMap(way -> toInt64(0), ways), arrayMap(n -> at - toIntervalHour(20 * (length(ways) - n)), arrayEnumerate(ways))
       from numbers(intDiv({events}, 50)) settings max_partitions_per_insert_block = 0""",
    """create table intermediate.int_touchpoints (tenant_id Int64, kind LowCardinality(String), touched_at DateTime64(3, 'UTC'),
       touched_on Date, is_bot Bool, channel LowCardinality(String))
       engine = MergeTree partition by touched_on order by (tenant_id, touched_at)""",
    """insert into intermediate.int_touchpoints select tenant_id, 'visit', occurred_at, occurred_on, is_bot, channel
       from staging.stg_events where event = 'page_view' and cityHash64(event_id) % 4 = 0
       settings max_partitions_per_insert_block = 0""",
    # A day is one part, as a run that makes a day anew leaves it.
    *(
        f"optimize table intermediate.{table} final"
        for table in ("int_person_events", "int_paths", "int_touchpoints")
    ),
    """insert into raw.attribution_results (tenant_id, as_of, window_days, goal_id, model, channel, conversions, value,
         share, share_low, share_high, value_share, value_share_low, value_share_high, removal_effect)
       select 1, as_of, window_days, 5, model, channel, 70, 3400, 0.05, 0.04, 0.06, 0.05, 0.04, 0.06, 0.3
       from (select toDate('{last}') - number as as_of from numbers(90))
       array join [7, 28, 90] as window_days
       cross join (select distinct channel from marts.channel_daily) as channels
       cross join (select arrayJoin({models}) as model) as models
       settings max_partitions_per_insert_block = 0""",
    """create table marts.cohorts (tenant_id Int64, cohort_week Date, weeks_since UInt16, currency LowCardinality(String),
       cohort_people UInt64, people UInt64, people_converting UInt64, conversions UInt64, revenue Decimal(18, 4), is_complete Bool)
       engine = MergeTree order by (tenant_id, cohort_week, weeks_since)""",
    """insert into marts.cohorts
       select 1, toMonday(toDate('{last}')) - 7 * number, since, 'EUR', 9000, intDiv(9000, since + 1), 90, 95, 4000, since < number
       from numbers(150) array join range(number + 1) as since""",
    """create table marts.ltv (tenant_id Int64, cohort_week Date, first_channel LowCardinality(String), within_days UInt16,
       currency LowCardinality(String), people UInt64, conversions UInt64, revenue Decimal(18, 4), is_complete Bool)
       engine = MergeTree order by (tenant_id, cohort_week, first_channel, within_days)""",
    """insert into marts.ltv
       select 1, toMonday(toDate('{last}')) - 7 * number, channel, within_days, 'EUR', 900, 90, 50 * within_days, within_days < 7 * number
       from numbers(150) array join [7, 30, 90, 180, 365] as within_days
       cross join (select distinct channel from marts.channel_daily) as channels""",
)
_STEPS_READ = """select count(), max(person_key), sum(length(times)) from intermediate.int_person_events
    where tenant_id = 1 and event in """
_PATHS_READ = (
    "select count(), sum(length(channels)), sum(value) from intermediate.int_paths where tenant_id = 1"
)
_CHANNELS_READ = (
    "select sum(spend), sum(clicks), sum(conversions) from marts.channel_daily where tenant_id = 1"
)
_RESULTS_READ = "select count(), sum(share), uniq(channel) from raw.attribution_results where tenant_id = 1"
_COHORTS_READ = "select sum(people), sum(revenue), max(cohort_week) from marts.cohorts where tenant_id = 1"
_LIFETIMES_READ = "select sum(people), sum(revenue), max(cohort_week) from marts.ltv where tenant_id = 1"


@dataclass(frozen=True, slots=True)
class Measured:
    """A question, how it is asked, and what reads the same columns and does nothing with them."""

    name: str
    ask: Callable[[Client], Any]
    reading: str


def questions() -> list[Measured]:
    def over_time(**said: Any) -> Callable[[Client], Any]:
        asked = TimeseriesAsked.model_validate(SPAN | said).settled(LAST)
        return lambda client: timeseries(client, TENANT, asked)

    def steps(*names: str, **said: Any) -> Callable[[Client], Any]:
        asked = FunnelAsked.model_validate({"steps": names, **SPAN, **said}).settled(LAST)
        return lambda client: funnel(client, TENANT, asked)

    def by_model(model: str) -> Callable[[Client], Any]:
        asked = PathsAsked.model_validate({"model": model, **SPAN}).settled(LAST)
        return lambda client: paths(client, TENANT, asked)

    beside = ChannelsAsked.model_validate(SPAN).settled(LAST)
    models = "select sum(conversions), sum(conversions_value) from marts.channel_roas where tenant_id = 1"
    campaigns = (
        "select sum(spend), sum(clicks), uniq(campaign_name) from marts.ad_performance where tenant_id = 1"
    )
    hours = f"select count(), max(touched_at) from intermediate.int_touchpoints where tenant_id = 1 and touched_on > '{LAST - timedelta(days=14)}'"
    return [
        Measured("timeseries, roas by day", over_time(metric="roas"), _CHANNELS_READ),
        Measured("timeseries, 3 years by week", over_time(metric="cvr", gran="w", **{"from": "2023-06-01"}), _CHANNELS_READ),
        Measured("timeseries, each channel", over_time(metric="cpa", by="channel"), _CHANNELS_READ),
        Measured("timeseries, each model", over_time(metric="roas", by="model"), models),
        Measured("timeseries, each campaign", over_time(metric="cpa", by="campaign"), campaigns),
        Measured("timeseries, visits by hour", over_time(metric="visits", gran="h", **{"from": str(LAST - timedelta(days=13))}), hours),
        Measured("channels beside before", lambda client: channels(client, TENANT, beside), _CHANNELS_READ),
        Measured("freshness of everything", lambda client: freshness(client, TENANT), "select 1"),
        Measured("funnel, 3 steps", steps("click", "lead", "purchase"), _STEPS_READ + "('click', 'lead', 'purchase')"),
        Measured("funnel, by channel", steps("click", "lead", "purchase", by="channel"), _STEPS_READ + "('click', 'lead', 'purchase')"),
        Measured("funnel, 2 rare steps", steps("lead", "purchase"), _STEPS_READ + "('lead', 'purchase')"),
        Measured("funnel, from every page", steps("page_view", "lead", "purchase"), _STEPS_READ + "('page_view', 'lead', 'purchase')"),
        Measured("paths, last touch", by_model("last_touch"), _PATHS_READ),
        Measured("paths, time decay", by_model("time_decay"), _PATHS_READ),
        Measured("paths, Markov", by_model("markov"), _PATHS_READ),
        Measured("models side by side", lambda client: credit(client, TENANT, CreditAsked()), _RESULTS_READ),
        Measured("the last euros by model", lambda client: margins(client, TENANT, CreditAsked()), _RESULTS_READ),
        Measured("cohorts", lambda client: cohorts(client, TENANT, CohortsAsked().settled(LAST)), _COHORTS_READ),
        Measured("lifetime values", lambda client: ltv(client, TENANT, LtvAsked().settled(LAST)), _LIFETIMES_READ),
    ]  # fmt: skip


@contextmanager
def engine(house: Settings) -> Iterator[Client]:
    with houses.with_clickhouse(house):
        migrations.clickhouse.apply(
            client := events.connect(house), Path(migrations.__file__).parent / "clickhouse", ttl_days=400
        )
        yield client
        client.close()


def taken(ask: Callable[[], Any], requests: int) -> list[float]:
    """Milliseconds of each time that it was asked, the shortest first."""
    milliseconds = []
    for number in range(requests + WARMING):
        began = time.perf_counter()
        ask()
        if number >= WARMING:
            milliseconds.append((time.perf_counter() - began) * 1000)
    return sorted(milliseconds)


def p95(milliseconds: list[float]) -> float:
    return milliseconds[math.ceil(0.95 * len(milliseconds)) - 1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--events", type=int, default=10_000_000)
    arguments.add_argument("--requests", type=int, default=20)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, engine(houses.settled(Path(folder))) as client:
        began = time.perf_counter()
        for statement in WORLD:
            client.command(
                statement.replace("{events}", str(chosen.events))
                .replace("{models}", str([known.name for known in attribution.models()]))
                .replace("{first}", str(FIRST))
                .replace("{last}", str(LAST))
            )
        print(f"{chosen.events:,} events were made in {time.perf_counter() - began:.0f} s\n", flush=True)
        print(f"{'':<30}{'p50 ms':>8}{'p95 ms':>8}{f'of {LIMIT_MS}':>8}{'reading':>9}{'× reading':>11}")
        for each in questions():
            plain = statistics.median(taken(lambda each=each: client.query(each.reading), chosen.requests))
            times = taken(lambda each=each: each.ask(client), chosen.requests)
            median, slow = statistics.median(times), p95(times)
            print(
                f"{each.name:<30}{median:>8.0f}{slow:>8.0f}{slow / LIMIT_MS:>8.2f}{plain:>9.0f}{median / plain:>11.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
