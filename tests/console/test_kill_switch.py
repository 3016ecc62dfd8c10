"""The kill switch: pulled by whoever may act, released by an Admin, seen on every page."""

import pytest

from console.switches import CHANNELS
from store import records
from store.records import kill_switches
from store.records.campaigns import Campaign
from store.records.people import MemberRole
from store.records.schema import CampaignId
from store.settings import Role, Settings
from tests.console.visitors import Person

PAGES = ("/", "/approvals", "/actions", "/kill-switch")


def test_anyone_who_may_act_pulls_and_an_admin_releases(people: dict[MemberRole, Person]) -> None:
    marketer, admin = people[MemberRole.MARKETER].forms(), people[MemberRole.ADMIN].forms()
    assert all("Sending is stopped" not in marketer.get(page).text for page in PAGES)
    pulled = marketer.post_signed("/kill-switch/pull", reach="tenant", reason="Wrong price in the mail")
    assert pulled.headers["location"] == "/kill-switch?done=pulled"
    for page in PAGES:
        shown = admin.get(page).text
        assert "Sending is stopped" in shown
        assert "Wrong price in the mail" in shown
    assert marketer.post_signed("/kill-switch/release", scope="tenant").status_code == 403
    assert admin.post_signed("/kill-switch/release", scope="tenant").status_code == 303
    assert admin.post_signed("/kill-switch/release", scope="tenant").status_code == 409
    assert "Sending is stopped" not in marketer.get("/").text


def test_programs_turn_it_by_the_same_rules(people: dict[MemberRole, Person]) -> None:
    pull = {"engaged": True, "scope": "channel", "subject": CHANNELS[0], "reason": "test"}
    with people[MemberRole.APPROVER].api() as approver, people[MemberRole.ADMIN].api() as admin:
        pulled = approver.post("/kill-switch", json=pull)
        assert pulled.status_code == 200, pulled.text
        assert pulled.json()["engaged"]
        assert approver.get("/kill-switch").json()["switches"][0]["subject"] == CHANNELS[0]
        assert approver.post("/kill-switch", json=pull | {"engaged": False}).status_code == 403
        assert not admin.post("/kill-switch", json=pull | {"engaged": False}).json()["engaged"]
        chain = admin.get("/audit", params={"entity": "kill_switch"}).json()["items"]
        assert [entry["action"] for entry in chain] == ["kill_switch_on", "kill_switch_off"]
    with people[MemberRole.VIEWER].api() as viewer:
        assert viewer.post("/kill-switch", json=pull).status_code == 403


@pytest.mark.parametrize(
    ("switch", "status"),
    [
        ({"scope": "channel", "subject": "pigeon"}, 422),
        ({"scope": "channel"}, 422),
        ({"scope": "tenant", "subject": "email"}, 422),
        ({"scope": "everything"}, 422),
        ({"scope": "campaign", "subject": "7; drop table"}, 404),
        ({"scope": "campaign", "subject": str(2**62)}, 404),
        ({"scope": "tenant", "reason": "null \0"}, 422),
    ],
)
def test_a_switch_that_would_stop_nothing_is_refused(
    admin: Person, switch: dict[str, str], status: int
) -> None:
    with admin.api() as api:
        assert api.post("/kill-switch", json=switch).status_code == status
        assert not api.get("/kill-switch").json()["engaged"]


def test_a_campaign_is_stopped_by_its_number_and_only_by_its_tenant(
    house: Settings, people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    admin = people[MemberRole.ADMIN]
    with records.session(house, Role.CONSOLE, tenant=admin.tenant) as session:
        campaign = Campaign(tenant_id=admin.tenant, name="Winter", utm_campaign="winter")
        session.add(campaign)
        session.flush()
        number = CampaignId(campaign.id)
    switch = {"scope": "campaign", "subject": str(number)}
    with strangers[MemberRole.ADMIN].api() as theirs:
        assert theirs.post("/kill-switch", json=switch).status_code == 404
    with admin.api() as mine:
        assert mine.post("/kill-switch", json=switch).json()["engaged"]
    with records.session(house, Role.PIPELINES) as session:
        assert kill_switches.engaged_for(session, admin.tenant, "email", number)
        assert not kill_switches.engaged_for(session, strangers[MemberRole.ADMIN].tenant, "email", number)
