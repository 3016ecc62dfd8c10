"""The kill switch: pulled by whoever may act, released by two who may decide, seen on every page."""

import pytest

from console.actions.switches import CHANNELS
from store import records
from store.records import kill_switches
from store.records.campaigns import Campaign
from store.records.people import MemberRole
from store.records.schema import CampaignId
from store.settings import Role, Settings
from tests.console.visitors import Person

PAGES = ("/", "/approvals", "/actions", "/kill-switch")


def test_anyone_who_may_act_pulls_and_two_release(people: dict[MemberRole, Person]) -> None:
    marketer, admin = people[MemberRole.MARKETER].forms(), people[MemberRole.ADMIN].forms()
    approver = people[MemberRole.APPROVER].forms()
    assert all("Sending is stopped" not in marketer.get(page).text for page in PAGES)
    pulled = marketer.post_signed("/kill-switch/pull", reach="tenant", reason="Wrong price in the mail")
    assert pulled.headers["location"] == "/kill-switch?done=pulled"
    for page in PAGES:
        shown = admin.get(page).text
        assert "Sending is stopped" in shown
        assert "Wrong price in the mail" in shown
    assert marketer.post_signed("/kill-switch/release", scope="tenant").status_code == 403
    assert "Ask to release" in admin.get("/kill-switch").text
    asked = admin.post_signed("/kill-switch/release", scope="tenant", reason="The price is right now")
    assert asked.headers["location"] == "/kill-switch?done=asked"
    assert "A second person has to agree" in admin.get("/kill-switch").text
    assert admin.post_signed("/kill-switch/release", scope="tenant").status_code == 409
    assert "Sending is stopped" in marketer.get("/").text
    assert "Release too" in approver.get("/kill-switch").text
    released = approver.post_signed("/kill-switch/release", scope="tenant")
    assert released.headers["location"] == "/kill-switch?done=released"
    assert approver.post_signed("/kill-switch/release", scope="tenant").status_code == 409
    assert "Sending is stopped" not in marketer.get("/").text
    assert "The price is right now" in marketer.get("/kill-switch").text


def test_programs_turn_it_by_the_same_rules(people: dict[MemberRole, Person]) -> None:
    pull = {"engaged": True, "scope": "channel", "subject": CHANNELS[0], "reason": "test"}
    with people[MemberRole.APPROVER].api() as approver, people[MemberRole.ADMIN].api() as admin:
        pulled = approver.post("/kill-switch", json=pull)
        assert pulled.status_code == 200, pulled.text
        assert pulled.json()["engaged"]
        assert approver.get("/kill-switch").json()["switches"][0]["subject"] == CHANNELS[0]
        asked = approver.post("/kill-switch", json=pull | {"engaged": False}).json()
        assert asked["engaged"]
        assert asked["switches"][0]["release_asked_by"] == f"user:{approver.get('/me').json()['id']}"
        assert approver.post("/kill-switch", json=pull | {"engaged": False}).status_code == 409
        assert not admin.post("/kill-switch", json=pull | {"engaged": False}).json()["engaged"]
        chain = admin.get("/audit", params={"entity": "kill_switch"}).json()["items"]
        assert [entry["action"] for entry in chain] == ["pulled", "release_asked", "released"]
        assert all("test" not in str(entry["after"]) for entry in chain)
    with people[MemberRole.VIEWER].api() as viewer:
        assert viewer.post("/kill-switch", json=pull).status_code == 403
    with people[MemberRole.MARKETER].api() as marketer:
        assert marketer.post("/kill-switch", json=pull).json()["engaged"]
        assert marketer.post("/kill-switch", json=pull | {"engaged": False}).status_code == 403


@pytest.mark.parametrize(
    ("switch", "status"),
    [
        ({"scope": "channel", "subject": "pigeon"}, 422),
        ({"scope": "channel"}, 422),
        ({"scope": "tenant", "subject": "email"}, 422),
        ({"scope": "type", "subject": "carrier pigeon"}, 422),
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
        assert kill_switches.engaged_for(session, admin.tenant, "email", "smtp", number)
        theirs_too = strangers[MemberRole.ADMIN].tenant
        assert not kill_switches.engaged_for(session, theirs_too, "email", "smtp", number)
