"""The marts of a small shop, worked out by hand to the cent: two currencies, a refund, copies, and what came late.

Ann sees an ad on Monday, logs in and buys on Thursday, and gives some of it back a week later. Bob comes by a short link
and pays in francs. Cy is known of only weeks after. A crawler passes by.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from store import events, records
from store.audit import Actor, ActorKind
from store.records import goals, measurement
from store.records.measurement import Choices
from store.records.schema import GoalId
from store.settings import Role, Settings
from tests.warehouse.conftest import (
    CRAWLER,
    DAY,
    World,
    at,
    dbt,
    event,
    found,
    insight,
    make_world,
    put,
    put_events,
)

pytestmark = pytest.mark.timeout(1200)

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday() + 56)
TUESDAY, THURSDAY = MONDAY + DAY, MONDAY + 3 * DAY
NEXT_MONDAY, NEXT_TUESDAY, NEXT_WEDNESDAY = MONDAY + 7 * DAY, MONDAY + 8 * DAY, MONDAY + 9 * DAY
LAST = MONDAY + 14 * DAY
FRANC = Decimal("0.95")
BOBS = Decimal("52.6316")
# As the edge writes a link that is labelled "social".
SOCIAL = {"utm_source": "social", "utm_medium": "social"}
SOMEBODY = Actor(ActorKind.USER, "1")
CHAIN = (
    "+campaign_daily", "+channel_daily", "+channel_roas", "+funnel", "+cohorts", "+ltv", "+link_stats",
    "+visitor_timeline", "+tracking_health",
)  # fmt: skip


def bought(world: World, number: str, day: datetime, **given: Any) -> dict[str, Any]:
    order = json.dumps({"order_id": number})
    return event(
        world, "purchase", day, event_id=f"{world.tenant}-{number}", trust="server", props=order, **given
    )


def history(world: World) -> list[dict[str, Any]]:
    ad = {"utm_medium": "cpc", "utm_source": "google", "utm_campaign": "spring"}
    click = event(world, "click", at(TUESDAY, "08:00"), link_id=world.links[0], **SOCIAL)
    anns = bought(
        world, "a1", at(THURSDAY, "09:20"), sid="ann", user_id="7", value=Decimal(100), currency="EUR"
    )
    bobs = bought(world, "b1", at(NEXT_WEDNESDAY, "10:00"), sid="bob", value=Decimal(50), currency="CHF")
    return [
        event(world, "page_view", at(MONDAY, "10:00"), sid="ann", **ad),
        event(world, "page_view", at(MONDAY, "12:00"), sid="crawler", user_agent=CRAWLER),
        click,
        event(world, "page_view", at(TUESDAY, "08:00:05"), sid="bob", click_id=click["event_id"]),
        event(world, "page_view", at(THURSDAY, "09:00"), sid="ann"),
        event(world, "identify", at(THURSDAY, "09:10"), sid="ann", user_id="7", trust="server"),
        anns,
        event(world, "page_view", at(NEXT_TUESDAY, "11:00"), sid="ann"),
        event(
            world,
            "refund",
            at(NEXT_TUESDAY, "12:00"),
            user_id="7",
            trust="server",
            value=Decimal(40),
            currency="EUR",
            props=anns["props"],
        ),
        bobs,
        {**bobs, "received_at": bobs["received_at"] + timedelta(seconds=9), "segment": "sent again"},
        event(world, "click", datetime.now(UTC) - 3 * DAY, link_id=world.links[1], **SOCIAL),
    ]


def late(world: World) -> list[dict[str, Any]]:
    """What a collector that was cut off hands in weeks later: all of Cy, and Ann's purchase once more."""
    now = datetime.now(UTC)
    mail = {"utm_medium": "email", "utm_source": "weekly"}
    cys = bought(world, "c1", at(LAST, "12:00"), sid="cy", value=Decimal(30), currency="EUR")
    anns = next(each for each in history(world) if each["event_id"] == f"{world.tenant}-a1")
    return [
        event(world, "page_view", at(NEXT_MONDAY, "12:00"), sid="cy", received_at=now, **mail),
        {**cys, "received_at": now},
        {**anns, "received_at": now, "segment": "sent again"},
    ]


def spent(world: World) -> list[dict[str, Any]]:
    francs = {"currency": "CHF", "spend_micros": 19_000_000, "campaign_name": "Elsewhere"}
    return [
        insight(
            world, "google_ads", "campaign", date_day=MONDAY, campaign_name="SPRING", spend_micros=50_000_000
        ),
        insight(world, "facebook_ads", "campaign", date_day=MONDAY, **francs),
    ]


def credited(world: World, headline: GoalId) -> list[dict[str, Any]]:
    """As the models' assets write it; the first before there were goals."""
    told = [
        (MONDAY, 0, "first_touch", "paid_search", Decimal(100)),
        (TUESDAY, headline, "first_touch", "organic_social", BOBS),
        (TUESDAY, headline + 1, "first_touch", "organic_social", Decimal(7)),
        (TUESDAY, headline, "last_touch", "email", Decimal(9)),
    ]
    columns = ("date_day", "goal_id", "model", "channel", "value")
    more = {"tenant_id": world.tenant, "conversions": 1.0, "run_id": ""}
    return [{**dict(zip(columns, each, strict=True)), **more} for each in told]


@dataclass(frozen=True, slots=True)
class Shop:
    world: World
    headline: GoalId


@pytest.fixture(scope="module")
def shop(house: Settings) -> Shop:
    world = make_world(house)
    with records.session(house, Role.OWNER) as session:
        headline = GoalId(goals.headline(session, world.tenant).id)
        wanted = measurement.locked(session, world.tenant)
        measurement.change(session, wanted, SOMEBODY, Choices(headline_model="first_touch"))
    refused = {
        "tenant_id": world.tenant,
        "received_at": at(MONDAY, "10:00"),
        "reason": "wrong_origin",
        "events": 5,
    }
    rates = {"currency": "CHF", "per_euro": FRANC, "source": "test", "fetched_at": datetime.now(UTC)}
    with events.connect(house) as client:
        put_events(client, history(world))
        put(client, "raw.insights", spent(world))
        put(client, "raw.attribution_credits", credited(world, headline))
        put(client, "raw.rejected", [refused])
        put(client, "raw.exchange_rates", [{**rates, "rate_on": MONDAY + n * DAY} for n in range(15)])
    dbt(house, "build", "-s", *CHAIN)
    with events.connect(house) as client:
        put_events(client, late(world))
        put(client, "raw.rejected", [{**refused, "received_at": at(THURSDAY, "10:00"), "events": 3}])
    dbt(house, "run", "-s", *CHAIN)
    return Shop(world, headline)


def read(house: Settings, shop: Shop, mart: str, columns: str, order: str) -> list[tuple[Any, ...]]:
    return found(house, shop.world, f"marts.{mart}", order, columns).rows()


def test_cohorts_know_who_came_back_and_what_they_paid(house: Settings, shop: Shop) -> None:
    columns = "cohort_week, weeks_since, cohort_people, people, people_converting, conversions, revenue, is_complete"
    assert read(house, shop, "cohorts", columns, "cohort_week, weeks_since") == [
        (MONDAY, 0, 2, 2, 1, 1, Decimal(100), True),
        (MONDAY, 1, 2, 2, 1, 1, BOBS - 40, True),
        (NEXT_MONDAY, 0, 1, 1, 0, 0, Decimal(0), True),
        (NEXT_MONDAY, 1, 1, 1, 1, 1, Decimal(30), True),
    ]


def test_lifetime_value_is_by_the_channel_that_first_brought_them(house: Settings, shop: Shop) -> None:
    rows = read(
        house, shop, "ltv", "cohort_week, first_channel, within_days, people, revenue, is_complete", "1, 2, 3"
    )
    assert [row for row in rows if row[2] in (7, 30, 90)] == [
        (MONDAY, "organic_social", 7, 1, Decimal(0), True),
        (MONDAY, "organic_social", 30, 1, BOBS, True),
        (MONDAY, "organic_social", 90, 1, BOBS, False),
        (MONDAY, "paid_search", 7, 1, Decimal(100), True),
        (MONDAY, "paid_search", 30, 1, Decimal(60), True),
        (MONDAY, "paid_search", 90, 1, Decimal(60), False),
        (NEXT_MONDAY, "email", 7, 1, Decimal(0), True),
        (NEXT_MONDAY, "email", 30, 1, Decimal(30), True),
        (NEXT_MONDAY, "email", 90, 1, Decimal(30), False),
    ]


def test_a_funnel_follows_people_through_a_log_in_and_ends_with_its_window(
    house: Settings, shop: Shop
) -> None:
    rows = read(
        house, shop, "funnel", "date_day, channel, device, step, entered, people", "date_day, step_number"
    )
    assert rows[:6] == [
        (MONDAY, "paid_search", "desktop", "visit", 1, 1),
        (MONDAY, "paid_search", "desktop", "lead", 1, 0),
        (MONDAY, "paid_search", "desktop", "purchase", 1, 1),
        (TUESDAY, "organic_social", "desktop", "visit", 1, 1),
        (TUESDAY, "organic_social", "desktop", "lead", 1, 0),
        (TUESDAY, "organic_social", "desktop", "purchase", 1, 0),
    ]


def test_campaigns_meet_the_ads_that_bear_their_name(house: Settings, shop: Shop) -> None:
    columns = (
        "date_day, campaign_name, is_platforms_own, human_visits, bot_visits, human_visitors, human_link_clicks, "
        "spend, conversions, conversions_value"
    )
    rows = read(house, shop, "campaign_daily", columns, "date_day, campaign_id, campaign_name")
    assert [row for row in rows if row[0] <= LAST] == [
        (MONDAY, "", False, 0, 1, 0, 0, Decimal(0), 0, Decimal(0)),
        (MONDAY, "Elsewhere", True, 0, 0, 0, 0, Decimal(20), 0, Decimal(0)),
        (MONDAY, "Spring", False, 1, 0, 1, 0, Decimal(50), 0, Decimal(0)),
        (TUESDAY, "Spring", False, 1, 0, 1, 1, Decimal(0), 0, Decimal(0)),
        (THURSDAY, "", False, 1, 0, 1, 0, Decimal(0), 1, Decimal(100)),
        (NEXT_MONDAY, "", False, 1, 0, 1, 0, Decimal(0), 0, Decimal(0)),
        (NEXT_TUESDAY, "", False, 1, 0, 1, 0, Decimal(0), 0, Decimal(-40)),
        (NEXT_WEDNESDAY, "Spring", False, 0, 0, 0, 0, Decimal(0), 1, BOBS),
        (LAST, "", False, 0, 0, 0, 0, Decimal(0), 1, Decimal(30)),
    ]


def test_channels_earn_by_the_tenants_own_headline(house: Settings, shop: Shop) -> None:
    columns = "date_day, channel, spend, conversions, conversions_value, roas"
    rows = read(house, shop, "channel_daily", columns, "date_day, channel")
    assert [row for row in rows if row[0] <= TUESDAY] == [
        (MONDAY, "direct", Decimal(0), 0, Decimal(0), None),
        (MONDAY, "paid_search", Decimal(50), 1, Decimal(100), 2),
        (MONDAY, "paid_social", Decimal(20), 0, Decimal(0), 0),
        (TUESDAY, "organic_social", Decimal(0), 1, BOBS, None),
    ]


def test_every_goal_has_its_own_credit(house: Settings, shop: Shop) -> None:
    rows = read(house, shop, "channel_roas", "date_day, model, goal_id, conversions_value", "1, 2, 3, 4")
    assert [row for row in rows if row[3]] == [
        (MONDAY, "first_touch", shop.headline, Decimal(100)),
        (TUESDAY, "first_touch", shop.headline, BOBS),
        (TUESDAY, "first_touch", shop.headline + 1, Decimal(7)),
        (TUESDAY, "last_touch", shop.headline, Decimal(9)),
    ]


def test_a_link_earns_what_it_was_the_last_touch_of(house: Settings, shop: Shop) -> None:
    columns = (
        "link_id, human_clicks, human_clicks_28, human_visits, human_visitors, conversions, conversions_value"
    )
    assert read(house, shop, "link_stats", columns, "link_id") == [
        (shop.world.links[0], 1, 0, 1, 1, 1, BOBS),
        (shop.world.links[1], 1, 1, 0, 0, 0, Decimal(0)),
    ]


def test_a_person_is_seen_from_before_they_were_known(house: Settings, shop: Shop) -> None:
    with events.connect(house) as client:
        query = "select kind, channel, value from marts.visitor_timeline(tenant={tenant:Int64}, person={person:String})"
        of_ann = events.read_for_tenant(client, shop.world.tenant, query, person="user:7")
        of_her_phone = events.read_for_tenant(client, shop.world.tenant, query, person="ann")
    assert of_ann.rows() == [
        ("visit", "paid_search", Decimal(0)),
        ("visit", "direct", Decimal(0)),
        ("identity", "", Decimal(0)),
        ("conversion", "", Decimal(100)),
        ("visit", "direct", Decimal(0)),
        ("refund", "", Decimal(-40)),
    ]
    assert of_her_phone.is_empty(), "her phone is hers, also before she logged in"


def test_what_came_in_is_accounted_for(house: Settings, shop: Shop) -> None:
    columns = "date_day, received, events, copies, rejected, events_of_programs, unmatched_click_ids"
    rows = {row[0]: row[1:] for row in read(house, shop, "tracking_health", columns, "date_day")}
    assert rows[MONDAY] == (2, 2, 0, 5, 1, 0)
    assert rows[TUESDAY] == (2, 2, 0, 0, 0, 0)
    assert rows[THURSDAY] == (4, 3, 1, 3, 0, 0), "a shipper that was down for weeks told of it late"
    assert rows[NEXT_WEDNESDAY] == (2, 1, 1, 0, 0, 0)
    with events.connect(house) as client:
        query = (
            "select events_by_lateness['later'] as late, rejected_by_reason['wrong_origin'] as refused "
            "from marts.tracking_health where tenant_id = {tenant:Int64} and date_day in ({a:Date}, {b:Date}) "
            "order by date_day"
        )
        told = events.read_for_tenant(client, shop.world.tenant, query, a=MONDAY, b=NEXT_MONDAY)
    assert told.rows() == [(0, 5), (1, 0)]


def test_an_hour_that_raw_events_are_gone_of_outlives_a_full_refresh_and_a_new_column(
    house: Settings, shop: Shop
) -> None:
    """By a day long ago that only the roll-up has; the column is new to a table that was built without it."""
    columns = "date_day, channel, visits, human_visits, human_clicks"
    long_ago = "toDate('2024-02-29')"
    with events.connect(house) as client:
        client.command(
            f"insert into intermediate.int_hourly select * replace ({long_ago} as date_day) from (select * "
            f"from intermediate.int_hourly where tenant_id = {shop.world.tenant:d} and date_day = '{MONDAY}')"
        )
        before = found(house, shop.world, "intermediate.int_hourly", "1, 2", columns).rows()
        client.command("alter table intermediate.int_hourly drop column bot_page_views")
    dbt(house, "run", "--full-refresh", "-s", "int_touchpoints", "int_hourly")
    assert found(house, shop.world, "intermediate.int_hourly", "1, 2", columns).rows() == before
    with events.connect(house) as client:
        query = (
            "select date_day, sum(bot_page_views) as pages from intermediate.int_hourly "
            "where tenant_id = {tenant:Int64} and bot_visits > 0 group by date_day order by date_day"
        )
        pages = events.read_for_tenant(client, shop.world.tenant, query)
    assert [count for _, count in pages.rows()] == [0, 1], "nobody can say any more what was long ago"
