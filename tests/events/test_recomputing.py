"""Computing again: under the same rules nothing changes, under others what they change does."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from marketing_pipelines.events import recomputing, user_agents
from marketing_pipelines.events.bots import Reason
from marketing_pipelines.events.normalising import COLUMNS, normalised
from marketing_pipelines.events.rules import RULES, RULES_VERSION, Rules
from marketing_pipelines.events.staleness import StaleDay, stale_days
from marketing_pipelines.events.user_agents import Verdict
from store import events
from store.records.schema import TenantId
from tests.events.agents import PEOPLE, PROGRAMS
from tests.events.test_normalising import ARRIVALS, HOME, TAGS

# Days on which nothing of other tests came in.
LONG_AGO = datetime.now(UTC).date() - timedelta(days=200)
HOSTILE = (
    TAGS,
    f"{HOME}/?utm_source=%ff&gclid=%00\n",
    f"{HOME}/?utm_term=" + "ü" * 300,
    "\x00//",
    "?&=&utm_term",
)
AGENTS = [*(agent for agent, *_ in PEOPLE), *(agent for agent, _ in PROGRAMS), ""]


def logged(tenant: TenantId, day: date, count: int, dice: random.Random) -> pl.DataFrame:
    """Events as the shipper reads them from the log, of all that the rules tell apart."""

    def one(number: int) -> dict[str, Any]:
        url, referrer, *_ = dice.choice(ARRIVALS)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            seconds=dice.random() * 86_399
        )
        return {
            "tenant_id": tenant,
            "event_id": f"{number:x}",
            "event": "page_view",
            "received_at": moment,
            "occurred_at": moment - timedelta(milliseconds=dice.randrange(10**8)),
            "trust": dice.choice(("browser", "server", "untrusted")),
            "url": url if dice.random() < 0.8 else dice.choice(HOSTILE),
            "referrer": referrer,
            "utm_source": dice.choice(("", "", "FB", "  Weekly\tLetter ")),
            "utm_medium": dice.choice(("", "", "CPM", "e-mail")),
            "utm_campaign": dice.choice(("", "Spring  Sale")),
            "utm_term": "",
            "utm_content": "",
            "user_agent": dice.choice(AGENTS),
            "signals": dice.choice(([], ["burst"], ["head", "burst"], ["verified_bot:Googlebot"])),
            "segment": "v/1",
            "position": number,
        }

    moment = pl.Datetime("ms", "UTC")
    types = {
        "received_at": moment,
        "occurred_at": moment,
        "signals": pl.List(pl.String),
        "position": pl.UInt64,
    }
    return pl.DataFrame([one(number) for number in range(count)], schema_overrides=types)


def ship(client: events.Client, rows: pl.DataFrame, rules: Rules = RULES) -> None:
    whole = pl.concat([rows, normalised(rows, rules)], how="horizontal")
    events.append(client, "raw.events", whole.to_arrow(), token=str(random.random()))


def meaning(client: events.Client, table: str, tenant: TenantId, day: date) -> pl.DataFrame:
    """What the rules said of the tenant's events of a day, in their order."""
    query = f"""
        select event_id, {", ".join(COLUMNS)} from {table}
        where tenant_id = {{tenant:Int64}} and toDate(received_at) = {{day:Date}} order by event_id
    """
    return events.read_for_tenant(client, tenant, query, day=day)


def recomputed(client: events.Client, day: date, rules: Rules = RULES) -> recomputing.Recomputed:
    return recomputing.recompute_day(client, day, at=datetime.now(UTC), run_id="test", rules=rules)


def with_edge(user_agent: str) -> Verdict:
    """A rule that somebody may well make: whoever says Edge is a program."""
    verdict = user_agents.verdict(user_agent)
    if "Edg/" not in user_agent:
        return verdict
    return replace(
        verdict, score=80, device=user_agents.Device.BOT, reasons=(*verdict.reasons, Reason.HTTP_LIBRARY)
    )


STRICTER = Rules(RULES_VERSION + 1, with_edge)


def test_under_the_same_rules_it_is_what_the_shipper_wrote(
    clickhouse: events.Client, tenant: TenantId
) -> None:
    for seed in range(5):
        day = LONG_AGO + timedelta(days=seed)
        ship(clickhouse, logged(tenant, day, 400, random.Random(seed)))
        told = recomputed(clickhouse, day)
        assert told.events >= 400
        assert (told.became_bots, told.became_people, told.changed_channel) == (0, 0, 0)
        assert_frame_equal(
            meaning(clickhouse, "raw.renormalised_events", tenant, day),
            meaning(clickhouse, "raw.events", tenant, day),
        )


def test_a_new_rule_says_something_else_of_old_events_and_raw_stays(
    clickhouse: events.Client, tenant: TenantId
) -> None:
    day = LONG_AGO + timedelta(days=10)
    rows = logged(tenant, day, 400, random.Random(1))
    ship(clickhouse, rows)
    before = meaning(clickhouse, "raw.events", tenant, day)
    told = recomputed(clickhouse, day, STRICTER)
    now = meaning(clickhouse, "raw.renormalised_events", tenant, day)
    changed = before.filter(pl.Series(before["is_bot"] != now["is_bot"]))["event_id"]
    meant = rows.filter(pl.col("user_agent").str.contains("Edg/", literal=True)).filter(
        ~pl.col("event_id").is_in(before.filter("is_bot")["event_id"].implode())
    )
    assert set(changed) == set(meant["event_id"])
    assert told.became_bots == len(changed) > 0
    assert set(now["rules_version"]) == {RULES_VERSION + 1}
    assert_frame_equal(meaning(clickhouse, "raw.events", tenant, day), before)


def test_a_second_time_gives_the_same_and_replaces_the_first(
    clickhouse: events.Client, tenant: TenantId
) -> None:
    day = LONG_AGO + timedelta(days=20)
    ship(clickhouse, logged(tenant, day, 100, random.Random(2)))
    recomputed(clickhouse, day, STRICTER)
    once = meaning(clickhouse, "raw.renormalised_events", tenant, day)
    recomputed(clickhouse, day, STRICTER)
    assert_frame_equal(meaning(clickhouse, "raw.renormalised_events", tenant, day), once)
    recomputed(clickhouse, day)
    assert set(meaning(clickhouse, "raw.renormalised_events", tenant, day)["rules_version"]) == {
        RULES_VERSION
    }


def test_a_day_is_read_in_blocks_and_none_is_lost(clickhouse: events.Client, tenant: TenantId) -> None:
    day = LONG_AGO + timedelta(days=30)
    count = 2 * recomputing.BLOCK + 1
    clickhouse.command(
        "insert into raw.events (tenant_id, event_id, event, received_at, occurred_at, url, user_agent, position) "
        f"select {tenant}, toString(number), 'page_view', toDateTime64('{day}', 3, 'UTC') as at, at, "
        f"'https://shop.example/?gclid=' || toString(number), 'curl/8.5.0', number from numbers({count})"
    )
    told = recomputed(clickhouse, day)
    assert (told.events, told.became_bots, told.changed_channel) == (count, count, count)
    rows = meaning(clickhouse, "raw.renormalised_events", tenant, day)
    assert rows["event_id"].n_unique() == len(rows) == count
    assert rows["click_ids"].list.first().struct.field("value").equals(rows["event_id"])


def test_what_fails_half_way_leaves_the_day_as_it_was(clickhouse: events.Client, tenant: TenantId) -> None:
    day = LONG_AGO + timedelta(days=40)
    ship(clickhouse, logged(tenant, day, 50, random.Random(3)))
    recomputed(clickhouse, day)
    whole = meaning(clickhouse, "raw.renormalised_events", tenant, day)

    def broken(_: str) -> Verdict:
        raise ValueError("a rule that fails")

    with pytest.raises(ValueError, match="a rule that fails"):
        recomputed(clickhouse, day, Rules(RULES_VERSION + 1, broken))
    assert_frame_equal(meaning(clickhouse, "raw.renormalised_events", tenant, day), whole)


def test_a_day_of_which_nothing_is_left_is_emptied(clickhouse: events.Client, tenant: TenantId) -> None:
    day = LONG_AGO + timedelta(days=50)
    ship(clickhouse, logged(tenant, day, 10, random.Random(4)))
    recomputed(clickhouse, day)
    clickhouse.command(f"delete from raw.events where tenant_id = {tenant}")
    assert recomputed(clickhouse, day).events == 0
    assert meaning(clickhouse, "raw.renormalised_events", tenant, day).is_empty()


def test_a_day_is_stale_until_all_its_old_events_were_read_again(
    clickhouse: events.Client, tenant: TenantId
) -> None:
    day = LONG_AGO + timedelta(days=60)
    days = events.Days(day, day + timedelta(days=1))

    def stale(version: int) -> list[StaleDay]:
        return stale_days(clickhouse, days, version=version)

    rows = logged(tenant, day, 60, random.Random(5))
    ship(clickhouse, rows.head(20))
    ship(clickhouse, rows[20:30], STRICTER)
    assert stale(RULES_VERSION) == []
    assert stale(STRICTER.version) == [StaleDay(day, 20)]
    recomputed(clickhouse, day)
    assert stale(STRICTER.version) == [StaleDay(day, 20)], "it was read by rules that are as old"
    recomputed(clickhouse, day, STRICTER)
    assert stale(STRICTER.version) == []
    ship(clickhouse, rows[30:35], STRICTER)
    assert stale(STRICTER.version) == [], "what is shipped under the new rules needs no second reading"
    ship(clickhouse, rows[35:], RULES)
    assert stale(STRICTER.version) == [StaleDay(day, 25)], "an old shipper went on"
