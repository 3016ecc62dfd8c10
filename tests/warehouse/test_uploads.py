"""What was uploaded is in the warehouse like everything else: touches, sales and refunds, on the days they happened."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from marketing_pipelines.requests import working
from marketing_pipelines.uploads import adding, checking, reading
from marketing_pipelines.uploads.checking import Terms
from store import records
from store.audit import Actor, ActorKind
from store.records import contacts, uploads
from store.records.people import MemberRole
from store.records.schema import UserId
from store.records.uploads import Checked
from store.settings import Role, Settings
from tests.outbound.office import member
from tests.warehouse.conftest import World, dbt, found, make_world

# Waits for dbt.
pytestmark = pytest.mark.timeout(600)

TODAY = datetime.now(UTC).date()
FAIR, SALE, BACK = TODAY - timedelta(days=160), TODAY - timedelta(days=150), TODAY - timedelta(days=140)
# More days than ClickHouse lets one insert write partitions for, unless it is told to.
CALLS = [TODAY - timedelta(days=ago) for ago in range(2, 122)]
FIRST = f"""when;event;user_id;email;channel;campaign;value;currency;order_id;reference
{FAIR} 10:30;offline_touch;;ann@shop.example;fair;spring;;;;
{SALE} 16:00;purchase;ann;ann@shop.example;;;120,00;EUR;o1;r1
{SALE} 17:00;purchase;;;;;7,00;;;
"""
SECOND = f"""when,event,email,value,order_id,reference
{BACK},refund,,20,o1,r2
{SALE + timedelta(days=9)} 16:00,purchase,ann@shop.example,120,o1,r1
"""
CHAIN = (
    "stg_tenants",
    "stg_goals",
    "stg_measurement",
    "stg_links",
    "stg_campaigns",
    "stg_channel_rules",
    "stg_touch_events",
    "stg_identity_splits",
    "stg_exchange_rates",
    "+int_paths",
)


def add(house: Settings, world: World, user: UserId, text: str) -> None:
    """As the console checks it, somebody confirms it, and a run adds it."""
    actor = Actor(ActorKind.USER, str(user))
    sheet = reading.read(text.encode(), most_rows=1000)
    with records.session(house, Role.CONSOLE, tenant=world.tenant) as session:
        known = contacts.of_addresses(session, world.tenant, checking.named_addresses(sheet))
        terms = Terms(
            ZoneInfo("Europe/Vienna"), datetime.now(UTC), 400, frozenset({"purchase"}), frozenset({"refund"})
        )
        checked = checking.check(sheet, terms, known)
        assert checked.problems == []
        lines = [line.kept() for line in checked.lines]
        made = uploads.keep(session, world.tenant, actor, user, Checked("list.csv", lines, 0))
        followed = uploads.locked(session, world.tenant, made.id)
        assert followed
        request = uploads.confirm(session, followed, actor, user).request
    assert request
    assert working.work_on(house, request.id, f"run-{request.id}", adding.add)


def test_an_uploaded_touch_earns_the_sale_and_a_refund_takes_from_it(house: Settings) -> None:
    world = make_world(house)
    user = member(house, world.tenant, MemberRole.MARKETER)
    with records.session(house, Role.CONSOLE, tenant=world.tenant) as session:
        ann = contacts.ensure(session, world.tenant, "ann@shop.example").id
    dbt(house, "seed")
    add(house, world, user, FIRST)
    dbt(house, "run", "-s", *CHAIN)
    # Weeks later, when those days are built: what came back, a sale that is known, and calls on many days.
    calls = "".join(f"{day},offline_touch,caller,referral\n" for day in CALLS)
    add(house, world, user, SECOND)
    add(house, world, user, f"when,event,user_id,channel\n{calls}")
    dbt(house, "run", "-s", *CHAIN)

    touches = found(
        house,
        world,
        "intermediate.int_touchpoints",
        "touched_at",
        "kind, channel, visitor_id, campaign_id, touched_on",
    )
    assert touches.rows()[0] == ("offline", "other", f"contact:{ann}", world.campaign, FAIR)
    assert touches.height == 1 + len(CALLS)
    assert set(touches["touched_on"]) == {FAIR, *CALLS}

    conversions = found(
        house,
        world,
        "intermediate.int_conversions",
        "converted_at, value",
        "conversion, person_id, value, converted_on, credited_person_id",
    )
    assert conversions.rows() == [
        ("purchase", "user:ann", Decimal("120.0000"), SALE, "user:ann"),
        ("purchase", "", Decimal("7.0000"), SALE, ""),
        ("refund", "", Decimal("-20.0000"), BACK, "user:ann"),
    ], "the sale that came again, with another day, is the one that was there"

    paths = found(
        house,
        world,
        "intermediate.int_paths",
        "converted_at, value",
        "conversion, channels, campaigns, value",
    )
    assert paths.rows() == [
        ("purchase", ["other"], [world.campaign], Decimal("120.0000")),
        ("purchase", ["unassigned"], [0], Decimal("7.0000")),
        ("refund", ["other"], [world.campaign], Decimal("-20.0000")),
    ]
    events = found(house, world, "staging.stg_events", "occurred_at", "event, trust, is_bot, props, user_id")
    assert "shop.example" not in str(events.rows()), "no address is in the warehouse"
    assert found(house, world, "intermediate.int_sessions", "session_id").height == 0, "a list is no visit"
