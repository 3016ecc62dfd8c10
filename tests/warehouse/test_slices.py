"""Built in ten slices as events come in, late ones and copies among them, the warehouse is what one build of it all gives.

Three tenants with other settings: one as it comes, one whose visits end at midnight of its zone and with a campaign, one
with goals that count once, refunds and prices in three currencies. Devices change hands, are shared, and belong to contacts.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from store import events, records
from store.audit import Actor, ActorKind
from store.records import goals, identity_splits, measurement
from store.records.goals import Counting, Terms
from store.records.measurement import Choices
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.warehouse.conftest import World, dbt, event, found, make_world, put_events

pytestmark = pytest.mark.timeout(1800)

SLICES = 10
NEVER = 2100
DAYS = 40
BEGAN = datetime.combine(datetime.now(UTC).date() - timedelta(days=DAYS + 3), datetime.min.time(), UTC)
SEED = 6
SOMEBODY = Actor(ActorKind.USER, "1")
MODELS = (
    "stg_tenants", "stg_links", "stg_campaigns", "stg_goals", "stg_measurement", "stg_identity_splits", "stg_exchange_rates",
    "stg_channel_rules", "stg_touch_events", "stg_variants", "stg_events", "int_sessions", "int_identity_edges",
    "int_touched_devices", "int_device_owners", "int_contact_aliases", "int_identities", "int_touchpoints",
    "int_conversions", "int_paths", "int_visits_daily", "int_link_daily", "int_variant_daily", "int_hourly",
    "int_hourly_conversions", "int_person_days", "int_person_events", "int_touched_people", "int_people", "int_cohort_weeks", "int_funnel_days",
    "int_tracking_days", "int_rejected_days", "funnel", "cohorts", "ltv", "tracking_health", "link_stats",
)  # fmt: skip
# Kept for ever: a full refresh leaves it as it is, so that only what it reads is built anew.
FOR_EVER = ("int_hourly", "int_hourly_conversions")
# Written row by row and so merged now and then, when nobody can tell; here before every build.
MERGED = ("int_people", "int_device_owners")
# What is compared of each, in which order. When somebody was counted anew says nothing of what is.
COMPARED = {
    "staging.stg_events": ("event_id, occurred_at, received_at", "*"),
    "intermediate.int_sessions": ("session_id, started_at", "*"),
    "intermediate.int_identity_edges": ("visitor_id, identity, source, seen_on", "*"),
    "intermediate.int_identities": ("visitor_id, person_id, valid_from", "*"),
    "intermediate.int_touchpoints": ("touchpoint_id, touched_at", "*"),
    "intermediate.int_conversions": ("goal_id, conversion_id, converted_at", "*"),
    "intermediate.int_paths": ("goal_id, conversion_id, converted_at", "*"),
    "intermediate.int_visits_daily": ("date_day, channel", "*"),
    "intermediate.int_link_daily": ("date_day, link_id, variant_id, campaign_id", "*"),
    "intermediate.int_hourly": (
        "hour, channel, campaign_id, link_id",
        "* except human_visitors, finalizeAggregation(human_visitors) as people",
    ),
    "intermediate.int_hourly_conversions": ("hour, goal_id, channel, campaign_id, link_id", "*"),
    "intermediate.int_person_days": ("date_day, person_id", "*"),
    "intermediate.int_person_events": ("date_day, event, person_key", "*"),
    "intermediate.int_people": ("person_id", "* except moved_at"),
    "intermediate.int_cohort_weeks": ("week, cohort_week, first_channel", "*"),
    "intermediate.int_funnel_days": ("date_day, channel, device, country, step_number", "*"),
    "marts.cohorts": ("cohort_week, weeks_since", "*"),
    "marts.ltv": ("cohort_week, first_channel, within_days", "*"),
    "marts.link_stats": ("link_id", "*"),
    "marts.tracking_health": ("date_day", "*"),
}
WAYS = (
    {"utm_medium": "cpc", "utm_source": "google", "utm_campaign": "spring"},
    {"utm_medium": "email", "utm_source": "weekly", "utm_campaign": "news"},
    {"referrer": "https://www.google.com/"},
    {},
)  # fmt: skip


def history(world: World, chance: Random) -> list[dict[str, Any]]:
    """A few days of a small shop in which everything goes wrong that can."""
    told: list[dict[str, Any]] = []
    for number in range(60):
        told += _visitor(world, chance, f"sid{number}", chance.uniform(0, DAYS - 0.2))
    told += [_late(each, chance) for each in _never_pauses(world, "restless")]
    told += _kiosk(world, chance)
    copies = [_copy(each, chance) for each in told if chance.random() < 0.2]
    return [*told, *copies]


def _visitor(world: World, chance: Random, sid: str, began: float) -> list[dict[str, Any]]:
    told, now, user = [], BEGAN + timedelta(days=began), f"u{chance.randrange(8)}"
    for _ in range(chance.randrange(1, 5)):
        way: dict[str, Any] = dict(chance.choice(WAYS))
        if chance.random() < 0.3:
            click = event(world, "click", now, link_id=chance.choice(world.links), utm_source="social")
            told.append(_late(click, chance))
            way["click_id"] = click["event_id"]
            now += timedelta(seconds=chance.choice((3, 90_000)))
        for _ in range(chance.randrange(1, 6)):
            told.append(_late(event(world, "page_view", now, sid=sid, **way), chance))
            way = {} if chance.random() < 0.8 else dict(chance.choice(WAYS))
            now += timedelta(minutes=chance.choice((1, 20, 29, 31, 200)))
        told += [_late(each, chance) for each in _deeds(world, chance, sid, user, now)]
        now += timedelta(hours=chance.choice((1, 30)))
    return [each for each in told if each["occurred_at"] < BEGAN + timedelta(days=DAYS)]


def _deeds(world: World, chance: Random, sid: str, user: str, now: datetime) -> list[dict[str, Any]]:
    """What a server tells of a visitor: who they are, what they bought and gave back, which mail they opened."""
    told, order = [], f"o{chance.randrange(40)}"
    bought = {
        "value": Decimal(chance.randrange(1, 200)),
        "currency": chance.choice(("EUR", "USD", "GBP", "")),
        "props": json.dumps({"order_id": order}),
    }
    known = {"user_id": user} if chance.random() < 0.6 else {}
    if chance.random() < 0.4:
        told.append(event(world, "identify", now, trust="server", sid=sid, user_id=user))
    if chance.random() < 0.2:
        contact = json.dumps({"contact_id": chance.randrange(1, 5)})
        told.append(event(world, "identify", now, trust="server", sid=sid, props=contact))
        told.append(event(world, "email_open", now - timedelta(hours=1), trust="server", props=contact))
    if chance.random() < 0.5:
        told.append(event(world, "purchase", now, trust="server", sid=sid, **known, **bought))
    if chance.random() < 0.2:
        told.append(event(world, "lead", now, trust="server", sid=sid, **known))
    if chance.random() < 0.2:
        later = now + timedelta(hours=chance.randrange(1, 70))
        told.append(event(world, "refund", later, trust="server", user_id=user, **bought))
    return told


def _never_pauses(world: World, sid: str) -> list[dict[str, Any]]:
    """A page that is left open and reports every twenty minutes for four days."""
    first = BEGAN + timedelta(days=20, hours=7)
    return [
        event(world, "page_view", first + timedelta(minutes=20 * step), sid=sid, **WAYS[step // 50 % 2])
        for step in range(4 * 72)
    ]


def _kiosk(world: World, chance: Random) -> list[dict[str, Any]]:
    """Nine people at one device."""
    told = []
    for number in range(9):
        now = BEGAN + timedelta(hours=11 * number + 1)
        told.append(event(world, "page_view", now, sid="kiosk", **chance.choice(WAYS)))
        told.append(event(world, "identify", now, trust="server", sid="kiosk", user_id=f"u{number}"))
        told.append(
            event(
                world, "purchase", now + timedelta(minutes=5), trust="server", sid="kiosk", value=Decimal(9)
            )
        )
    return [_late(each, chance) for each in told]


def _late(told: dict[str, Any], chance: Random) -> dict[str, Any]:
    """Most events come at once, some after hours, some after days."""
    [waited] = chance.choices((1, 5 * 3600, 60 * 3600), (94, 3, 3))
    return {**told, "received_at": told["occurred_at"] + timedelta(seconds=waited)}


def _copy(told: dict[str, Any], chance: Random) -> dict[str, Any]:
    """The same event sent again, by a clock that is off; now and then it was the first to be received."""
    moved = timedelta(hours=chance.choice((0, 3, 30)))
    received = told["received_at"] + moved + timedelta(seconds=chance.choice((2, 100_000)))
    copy = {**told, "occurred_at": told["occurred_at"] + moved, "received_at": received}
    if chance.random() < 0.5:
        copy["occurred_at"], copy["received_at"] = told["occurred_at"] - moved, told["occurred_at"]
    return {**copy, "segment": f"copy of {told['segment']}"}


def _loaded(told: dict[str, Any], chance: Random) -> datetime:
    """Some collectors are cut off for days and hand in what they took in by then."""
    [cut_off] = chance.choices((0, 6, 90), (94, 3, 3))
    return told["received_at"] + timedelta(hours=cut_off)


Told = list[dict[str, Any]]


def afterthoughts(world: World) -> tuple[Told, Told]:
    """What is told at once and what is told long after, on days on which nothing else happened and comes in any more.

    Each pair has days of its own: whatever the second half changes has to be found by what it means.
    """
    quiet = BEGAN - timedelta(days=80)

    def at(day: int, clock: str) -> datetime:
        return quiet + timedelta(days=day) + timedelta(hours=int(clock[:2]), minutes=int(clock[3:]))

    def page(sid: str, when: datetime, **given: Any) -> dict[str, Any]:
        return event(world, "page_view", when, sid=sid, **given)

    def served(name: str, when: datetime, **given: Any) -> dict[str, Any]:
        return event(world, name, when, trust="server", **given)

    def priced(order: str) -> dict[str, Any]:
        return {"value": Decimal(50), "currency": "EUR", "props": json.dumps({"order_id": order})}

    first_sent = page("copied", at(2, "09:00"))
    click = event(world, "click", at(10, "22:00"), link_id=world.links[0], utm_source="social")
    lone = served("click", at(15, "23:50"), sid="lone", link_id=world.links[1])
    chain = [page("chain", at(52, "00:00") + timedelta(minutes=20 * step)) for step in range(200)]
    soon = [
        {**first_sent, "occurred_at": at(3, "10:00"), "received_at": at(3, "10:01"), "segment": "a copy"},
        page("midnight", at(6, "23:50")),
        page("landed", at(11, "08:00"), click_id=click["event_id"]),
        lone,
        served("purchase", at(20, "12:00"), sid="unknown", **priced("q1")),
        page("other", at(20, "09:00"), **WAYS[0]),
        served("refund", at(29, "12:00"), user_id="q", **priced("q2")),
        served("purchase", at(38, "12:00"), sid="looker", **priced("q3")),
        served("purchase", at(45, "12:00"), user_id="q4", **priced("q4")),
        page("phone", at(44, "12:00"), **WAYS[1]),
        *(each for place, each in enumerate(chain) if place != 3),
    ]
    late = [
        first_sent,
        page("midnight", at(7, "00:05")),
        click,
        page("lone", at(16, "00:10"), click_id=lone["event_id"]),
        served("identify", at(21, "09:00"), sid="unknown", user_id="q5"),
        served("identify", at(20, "10:00"), sid="other", user_id="q5"),
        served("purchase", at(25, "12:00"), sid="buyer", user_id="q", **priced("q2")),
        page("buyer", at(25, "11:00"), **WAYS[0]),
        page("looker", at(30, "12:00"), **WAYS[1]),
        served("identify", at(43, "12:00"), sid="phone", user_id="q4"),
        chain[3],
    ]
    return soon, late


def settle(house: Settings, worlds: list[World]) -> None:
    """What the second and the third tenant want otherwise."""
    _, at_midnight, in_money = worlds
    with records.session(house, Role.OWNER) as session:
        wanted = measurement.locked(session, at_midnight.tenant)
        choices = Choices(
            session_gap_minutes=45, session_ends_at_midnight=True, session_ends_with_campaign=True
        )
        measurement.change(session, wanted, SOMEBODY, choices)
        session.get_one(Tenant, at_midnight.tenant).time_zone = "Asia/Kathmandu"
        once = Terms("Leads", "lead", "", Decimal(12), "USD", Counting.ONCE, once_days=2, lookback_days=3)
        goals.define(session, in_money.tenant, SOMEBODY, once)


def change_their_minds(house: Settings, worlds: list[World]) -> None:
    """Half-way: somebody splits a device off, a goal looks back less far, and a rate comes late."""
    first, _, in_money = worlds
    with records.session(house, Role.OWNER) as session:
        identity_splits.split(session, first.tenant, SOMEBODY, "kiosk", "user:u1", "It stands in the hall.")
        goal = goals.headline(session, in_money.tenant)
        goals.change(session, goal, SOMEBODY, Terms("Purchases", "purchase", lookback_days=4))


def put_rates(house: Settings, days: range) -> None:
    with events.connect(house) as client:
        rows = [
            (BEGAN.date() + timedelta(days=day), currency, Decimal(rate), "test", datetime.now(UTC))
            for day in days
            for currency, rate in (("USD", "1.25"), ("GBP", "0.8"))
        ]
        client.insert("raw.exchange_rates", rows, ["rate_on", "currency", "per_euro", "source", "fetched_at"])


@pytest.fixture
def no_rates_left(house: Settings) -> Iterator[None]:
    """What money is worth here is nothing that other tests should know."""
    yield
    with events.connect(house) as client:
        client.command("truncate table raw.exchange_rates")


def state(house: Settings, worlds: list[World]) -> dict[str, list[dict[str, Any]]]:
    """Who was never there after all keeps a row that says so, which one build of all does not need."""
    return {
        f"{world.tenant} {table}": [
            row
            for row in found(house, world, table, order, columns).rows(named=True)
            if getattr(row.get("met_at"), "year", 0) < NEVER
        ]
        for table, (order, columns) in COMPARED.items()
        for world in worlds
    }


@pytest.mark.usefixtures("no_rates_left")
def keep_days_apart(house: Settings) -> None:
    """Edges as an earlier version kept them, a day in a partition."""
    with events.connect(house) as client:
        client.command(
            "create table intermediate.apart engine = MergeTree partition by seen_on "
            "order by (tenant_id, visitor_id, identity, seen_on) as select * from intermediate.int_identity_edges"
        )
        client.command("exchange tables intermediate.apart and intermediate.int_identity_edges")
        client.command("drop table intermediate.apart")


def test_slices_give_what_one_build_of_all_gives(house: Settings) -> None:
    chance = Random(SEED)
    worlds = [make_world(house) for _ in range(3)]
    settle(house, worlds)
    told = [each for world in worlds for each in history(world, chance)]
    told.sort(key=lambda each: _loaded(each, chance))
    cuts = sorted(chance.sample(range(1, len(told)), SLICES - 1))
    soon, late = afterthoughts(worlds[0])
    dbt(house, "seed")
    for number, (start, end) in enumerate(itertools.pairwise((0, *cuts, len(told)))):
        with events.connect(house) as client:
            put_events(client, told[start:end] + {1: soon, SLICES - 2: late}.get(number, []))
            for model in MERGED if number else ():
                client.command(f"optimize table intermediate.{model} final")
        if number == SLICES // 2:
            change_their_minds(house, worlds)
            keep_days_apart(house)
        put_rates(house, range(4 * number, 4 * number + 4))
        # Loads are over here before a build begins: nothing is looked for twice, and so nothing is found by chance.
        dbt(house, "run", "-s", *MODELS, "--vars", '{"loading_minutes": 0}')
    in_slices = state(house, worlds)
    with events.connect(house) as client:
        laid_out = client.query("select partition_key from system.tables where name = 'int_identity_edges'")
    assert "toYYYYMM(seen_on)" in laid_out.result_rows[0][0]
    with events.connect(house) as client:
        for model in FOR_EVER:
            client.command(f"drop table intermediate.{model}")
    dbt(house, "run", "--full-refresh", "-s", *MODELS)
    in_one_go = state(house, worlds)
    assert all(in_one_go.values())
    for table, rows in in_one_go.items():
        assert [row for row in in_slices[table] if row not in rows] == [], table
        assert in_slices[table] == rows, table
