"""From the click on an ad to what its platform is told: only what it sold, only with consent, and each sale once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from connectors.face import Channel
from connectors.sandbox.google_ads_conversions import gclid
from connectors.sandbox.world import accounts_of
from marketing_pipelines.conversions import choosing, proposing
from marketing_pipelines.conversions.proposing import Proposed
from marketing_pipelines.defs.conversions.assets import conversion_reports
from marketing_pipelines.outbound.kinds.conversion_report import Platform
from store import events, records
from store.audit import Actor, ActorKind
from store.records import audit_log, goals
from store.records.action_states import State
from store.records.schema import GoalId
from store.settings import Role, Settings
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import Office, an_office, house_resource
from tests.outbound.test_conversion_reports import REPORTED, target, told
from tests.outbound.test_through_connections import connect
from tests.warehouse.conftest import CRAWLER, PERSON, World, at, dbt, event, make_world, put_events
from tests.warehouse.test_uploads import CHAIN

__all__ = ["sandbox"]

# Waits for dbt.
pytestmark = pytest.mark.timeout(600)

GOOGLE = Channel.GOOGLE_ADS
TODAY = datetime.now(UTC).date()
CLICKED, BOUGHT = TODAY - timedelta(days=4), TODAY - timedelta(days=2)
RUN = Actor(ActorKind.RUN, "a-run")


def clicked(world: World, sid: str, clock: str = "10:00", ad: str = "", **more: Any) -> dict[str, Any]:
    """Somebody comes from an ad."""
    when = at(CLICKED, clock)
    query = ad or f"gclid={gclid(when, sid)}"
    return event(world, "page_view", when, sid=sid, url=f"https://shop.example/coats?{query}", **more)


def bought(world: World, order: str, clock: str = "12:00", **more: Any) -> dict[str, Any]:
    said = {"value": "19.99", "currency": "EUR", "props": f'{{"order_id": "{order}"}}'}
    return event(world, "purchase", at(BOUGHT, clock), **said | more)


def by_server(order: str, user: str, clock: str = "12:00") -> dict[str, Any]:
    return {"order": order, "clock": clock, "trust": "server", "user_id": user, "url": "", "user_agent": ""}


def logged_in(world: World, sid: str, user: str) -> dict[str, Any]:
    return event(world, "identify", at(CLICKED, "11:00"), sid=sid, user_id=user, trust="server")


def of_one_week(world: World) -> list[dict[str, Any]]:
    return [
        clicked(world, "phone"),
        bought(world, "o1", sid="phone"),
        # At a laptop she clicked and logged in; the shop's server tells of the sale.
        clicked(world, "laptop"),
        logged_in(world, "laptop", "ann"),
        bought(world, **by_server("o2", "ann", "13:00")),
        # Nobody asked whether this may be told.
        clicked(world, "tablet", consent="unknown"),
        bought(world, "o3", sid="tablet"),
        # He has said no since.
        clicked(world, "watch"),
        logged_in(world, "watch", "bob"),
        bought(world, **by_server("o4", "bob")),
        event(world, "page_view", at(BOUGHT, "18:00"), user_id="bob", trust="server", consent="denied"),
        # From elsewhere, from nowhere, too late, and by a program.
        clicked(world, "kiosk", ad="fbclid=IwAR0abc"),
        bought(world, "o5", sid="kiosk"),
        bought(world, "o6", sid="desk"),
        bought(world, "o7", clock="09:00", sid="late"),
        event(world, "page_view", at(BOUGHT, "09:30"), sid="late", url="https://shop.example/?gclid=Cj_1_late"),
        clicked(world, "program", user_agent=CRAWLER),
        bought(world, "o8", sid="program", user_agent=CRAWLER),
    ]  # fmt: skip


@pytest.fixture
def world(house: Settings) -> World:
    made = make_world(house)
    dbt(house, "seed")
    with events.connect(house) as client:
        put_events(client, of_one_week(made))
    dbt(house, "run", "-s", *CHAIN)
    return made


@pytest.fixture
def office(house: Settings, world: World) -> Office:
    return an_office(house, world.tenant, 1)


def a_rule(office: Office, sandbox: Sandbox, channel: Channel = GOOGLE, most: int = 10) -> None:
    """Signed five days ago."""
    sandbox.now = datetime.now(UTC)
    connect(office, sandbox, channel)
    with records.session(office.settings, Role.OWNER) as session:
        goal = goals.headline(session, office.tenant).id
    rule = office.approved(
        type=REPORTED,
        payload={
            "platform": channel.value,
            "account": accounts_of(channel)[0].id,
            "target": target(sandbox, channel),
            "goal": goal,
            "event": "Purchase",
            "most": most,
            "until": (TODAY + timedelta(days=7)).isoformat(),
        },
    )
    office.send()
    earlier = (
        "update standing_approvals set created_at = created_at - interval '5 days' where action_id = :id"
    )
    office.tamper(earlier, rule)


def propose(office: Office) -> Proposed:
    with events.connect(office.settings) as client:
        [of_this] = [
            each
            for each in proposing.propose(office.settings, client, RUN)
            if each.rule.tenant == office.tenant
        ]
    assert of_this.why_not == ""
    return of_this


def test_what_consenting_people_bought_after_an_ad_is_reported_once(
    office: Office, sandbox: Sandbox, world: World
) -> None:
    a_rule(office, sandbox)
    made = propose(office)
    assert (made.conversions, made.without_consent, made.left_over) == (2, 2, 0)
    [action_id] = made.actions
    assert office.now(action_id).state is State.APPROVED
    office.send()
    assert told(sandbox, GOOGLE) == ["o1", "o2"]
    assert propose(office).actions == ()

    with events.connect(office.settings) as client:
        put_events(client, [clicked(world, "slow"), bought(world, "o9", sid="slow")])
    dbt(office.settings, "run", "-s", *CHAIN)
    assert propose(office).conversions == 1
    office.send()
    assert told(sandbox, GOOGLE) == ["o1", "o2", "o9"], "what comes in late is reported, and nothing again"
    with office.console() as session:
        assert audit_log.verify(session, office.tenant) is None


def test_a_rule_carries_as_many_as_were_signed(office: Office, sandbox: Sandbox) -> None:
    a_rule(office, sandbox, most=1)
    made = propose(office)
    assert (made.conversions, made.left_over) == (1, 1)
    again = propose(office)
    assert (again.conversions, again.left_over) == (0, 1)
    office.send()
    assert told(sandbox, GOOGLE) == ["o1"]


def test_meta_is_told_in_which_browser_it_was(office: Office, sandbox: Sandbox) -> None:
    a_rule(office, sandbox, Channel.META)
    assert propose(office).conversions == 1
    office.send()
    assert told(sandbox, Channel.META) == ["o5"]
    with events.connect(office.settings) as client, records.session(office.settings, Role.OWNER) as session:
        goal = GoalId(goals.headline(session, office.tenant).id)
        [one] = choosing.chosen(client, office.tenant, Platform.META, goal, CLICKED, BOUGHT).conversions
    assert (one.page, one.browser) == ("https://shop.example/", PERSON)


def test_a_run_of_the_asset_says_what_came_of_each_rule(office: Office, sandbox: Sandbox) -> None:
    a_rule(office, sandbox)
    resources = {"house": house_resource(office.settings)}
    done = dg.materialize([conversion_reports], resources=resources)
    [made] = done.asset_materializations_for_node("conversion_reports")
    assert made.metadata["conversions"].value == 2
    assert target(sandbox, GOOGLE) in str(made.metadata["rules"].value)
    office.send()
    assert told(sandbox, GOOGLE) == ["o1", "o2"]
