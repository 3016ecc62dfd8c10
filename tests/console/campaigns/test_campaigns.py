"""Campaigns and projects over the API: what people and programs write, publish, pause and look at."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import links
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.visitors import Person, mail

# Exactly as programs have always sent it.
DEMO = {
    "name": "Demo Campaign",
    "objective": "Test marketing automation",
    "start_date": "2025-01-01T00:00:00",
    "end_date": "2025-12-31T23:59:59",
}


def made(api: httpx.Client, **said: Any) -> dict[str, Any]:
    answer = api.post("/campaigns", json={"name": "Spring"} | said)
    assert answer.status_code == 201, answer.text
    return answer.json()


def in_days(days: int) -> str:
    return (now() + timedelta(days=days)).isoformat()


def in_zone(house: Settings, tenant: TenantId, zone: str) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text("update tenants set time_zone = :z where id = :t"), {"z": zone, "t": tenant})


def drafted(api: httpx.Client, campaign: int, **changes: Any) -> int:
    return (
        api.post("/actions", json=mail(**changes) | {"campaign_id": campaign}).raise_for_status().json()["id"]
    )


def test_a_campaign_of_last_year_is_completed_at_once_and_says_so(house: Settings, marketer: Person) -> None:
    in_zone(house, marketer.tenant, "Europe/Berlin")
    with marketer.api() as api:
        answer = api.post("/campaigns", json=DEMO)
        assert answer.status_code == 201
        campaign = answer.json()
        assert answer.headers["location"] == f"/api/campaigns/{campaign['id']}"
        assert campaign["status"] == "completed"
        assert campaign["utm_campaign"] == "demo-campaign"
        assert campaign["start_date"] == "2025-01-01T00:00:00+01:00"
        assert campaign["time_zone"] == "Europe/Berlin"
        assert "31 Dec 2025, 23:59 CET, has passed" in campaign["warnings"][0]
        again = made(api, **DEMO)
        assert again["utm_campaign"] == "demo-campaign-2"
        assert api.get(answer.headers["location"].removeprefix("/api")).json() == campaign
        with records.session(house, Role.PIPELINES) as session:
            values = {"target_url": "https://shop.example/", "campaign_id": campaign["id"]}
            links.add(
                session,
                Actor(ActorKind.OPERATOR, "x"),
                marketer.tenant,
                values,
                by_chance=lambda: f"d{campaign['id']}",
            )
        standing = api.get(f"/campaigns/{campaign['id']}/status").json()
        assert (standing["links"], standing["next"]["step"]) == (1, "nothing")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "null \0"}, "name"),
        ({"objective": "x" * 501}, "objective"),
        ({"start_date": 1735689600}, "start_date"),
        ({"start_date": "1735689600"}, "start_date"),
        ({"start_date": "2026-05-01"}, "start_date"),
        ({"start_date": "tomorrow at noon"}, "start_date"),
        ({"start_date": "0001-01-01T00:00:00"}, "start_date"),
        ({"end_date": "9999-12-31T23:59:59"}, "end_date"),
        ({"start_date": "2026-05-01T09:00:00", "end_date": "2026-05-01T08:00:00"}, "end_date"),
        ({"start_date": "2026-05-01T09:00:00+02:00", "end_date": "2026-05-01T07:00:00+00:00"}, "end_date"),
        ({"utm_campaign": "two\nlines"}, "utm_campaign"),
        ({"project_id": 2**62}, "project_id"),
        ({"project_id": "1.5"}, "project_id"),
        ({"status": "running"}, "status"),
    ],
)
def test_what_is_no_campaign_is_refused_by_field(marketer: Person, said: dict[str, Any], field: str) -> None:
    with marketer.api() as api:
        refused = api.post("/campaigns", json={"name": "Spring"} | said)
    assert refused.status_code == 422, refused.text
    assert field in [error["field"] for error in refused.json()["errors"]]


def test_dates_on_the_odd_days_of_the_year(house: Settings, marketer: Person) -> None:
    in_zone(house, marketer.tenant, "Europe/Berlin")
    with marketer.api() as api:
        odd = made(api, end_date="2027-10-31T02:30:00")
        assert odd["end_date"] == "2027-10-31T02:30:00+02:00", "of two, the first"
        refused = api.post("/campaigns", json={"name": "Spring", "start_date": "2027-03-28T02:30:00"})
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["field"] == "start_date"
    assert "does not exist in Europe/Berlin" in error["reason"]


def test_it_is_published_paused_resumed_and_scheduled_anew(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.MARKETER].api() as api, people[MemberRole.APPROVER].api() as approver:
        campaign = made(api, start_date=in_days(1), end_date=in_days(9))
        path = f"/campaigns/{campaign['id']}"
        assert api.get(f"{path}/status").json()["next"]["step"] == "publish"
        assert approver.post(f"{path}/publish").status_code == 403
        assert api.post(f"{path}/publish").json()["campaign"]["status"] == "scheduled"
        following = api.get(f"{path}/status").json()["next"]
        assert (following["step"], following["at"]) == ("start", campaign["start_date"])
        assert api.post(f"{path}/schedule", json={"end_date": in_days(2)}).json()["status"] == "running"
        paused = approver.post(f"{path}/pause", json={"reason": "the price is wrong"}).json()
        assert (paused["status"], paused["pause_reason"]) == ("paused", "the price is wrong")
        again = approver.post(f"{path}/pause", json={})
        assert (again.status_code, again.json()["detail"]) == (
            409,
            f"Campaign {campaign['id']} is paused: cannot pause; it can schedule, resume, complete.",
        )
        assert api.post(f"{path}/publish").status_code == 409
        assert approver.post(f"{path}/resume").status_code == 403
        assert api.post(f"{path}/resume").json()["status"] == "running"
        over = api.post(f"{path}/schedule", json={"end_date": in_days(-1)}).json()
        assert over["status"] == "completed"
        assert over["warnings"]


def test_publishing_asks_for_approval_of_what_can_be_asked_for_and_approves_nothing(marketer: Person) -> None:
    with marketer.api() as api:
        campaign = made(api)["id"]
        ready, other = drafted(api, campaign), drafted(api, campaign, subject="Second")
        gone = api.post("/recipients", json={"email": "gone@example.com"}).json()["id"]
        api.post(f"/recipients/{gone}/opt-out", json={"reason": "asked"}).raise_for_status()
        body = mail(recipient="gone@example.com") | {
            "campaign_id": campaign,
            "purpose": "marketing_by_consent",
        }
        cannot = api.post("/actions", json=body).json()["id"]
        elsewhere = drafted(api, made(api)["id"])
        published = api.post(f"/campaigns/{campaign}/publish").json()
        assert published["submitted"] == [ready, other]
        assert [it["action_id"] for it in published["not_submitted"]] == [cannot]
        assert "want no marketing" in published["not_submitted"][0]["reason"]
        assert published["campaign"]["status"] == "running"
        standing = api.get(f"/campaigns/{campaign}/status").json()
        assert standing["actions"] == {"pending_approval": 2, "draft": 1}
        assert api.get(f"/actions/{elsewhere}").json()["state"] == "draft"
        again = api.post(f"/campaigns/{campaign}/publish").json()
        assert (again["submitted"], len(again["not_submitted"])) == ([], 1)


def test_nothing_of_a_campaign_that_is_over_is_put_up_for_approval(marketer: Person) -> None:
    with marketer.api() as api:
        campaign = made(api, **DEMO)["id"]
        refused = api.post(f"/actions/{drafted(api, campaign)}/submit")
    assert refused.status_code == 409
    assert f"campaign {campaign} has ended" in refused.json()["detail"]


def test_what_lapses_before_its_campaign_starts_is_warned_of(marketer: Person) -> None:
    with marketer.api() as api:
        campaign = made(api, start_date=in_days(30))["id"]
        action = drafted(api, campaign)
        api.post(f"/campaigns/{campaign}/publish").raise_for_status()
        warnings = api.get(f"/campaigns/{campaign}/status").json()["warnings"]
    assert warnings == [f"Action {action} lapses before the campaign starts: have it approved again by then."]


def test_a_campaign_is_said_anew_and_follows_its_new_dates(marketer: Person) -> None:
    with marketer.api() as api:
        campaign = made(api, objective="Sell", start_date=in_days(3))
        path = f"/campaigns/{campaign['id']}"
        api.post(f"{path}/publish").raise_for_status()
        changed = api.put(path, json={"name": "Summer", "end_date": in_days(3)}).json()
        assert (changed["name"], changed["objective"], changed["status"]) == ("Summer", "", "running")
        assert changed["utm_campaign"] == campaign["utm_campaign"]
        other = made(api, utm_campaign="Black Friday|DE")
        taken = api.put(path, json={"name": "Summer", "utm_campaign": "Black Friday|DE"})
        assert (taken.status_code, taken.json()["errors"][0]["field"]) == (422, "utm_campaign")
        chain = api.get("/audit", params={"entity": "campaign", "entity_id": campaign["id"]}).json()["items"]
        assert [entry["action"] for entry in chain] == ["create", "schedule", "change", "start"]
        assert other["utm_campaign"] == "Black Friday|DE"


def test_campaigns_are_listed_by_status_and_project_a_page_at_a_time(marketer: Person) -> None:
    with marketer.api() as api:
        project = api.post("/projects", json={"name": "Shoes", "description": "all of them"}).json()
        numbers = [made(api, project_id=project["id"])["id"] for _ in range(3)] + [made(api, **DEMO)["id"]]
        first = api.get("/campaigns", params={"limit": 3}).json()
        assert [it["id"] for it in first["items"]] == numbers[:0:-1]
        rest = api.get("/campaigns", params={"cursor": first["next_cursor"]}).json()
        assert ([it["id"] for it in rest["items"]], rest["next_cursor"]) == (numbers[:1], None)
        drafts = api.get("/campaigns", params={"status": "draft", "project_id": project["id"]}).json()
        assert [it["id"] for it in drafts["items"]] == numbers[2::-1]
        assert [it["id"] for it in api.get("/campaigns?status=completed").json()["items"]] == numbers[3:]
        assert api.get("/campaigns?status=gone").status_code == 422


def test_a_projects_name_is_one_project(marketer: Person) -> None:
    with marketer.api() as api:
        answer = api.post("/projects", json={"name": " Shoes "})
        shoes = answer.json()
        assert (answer.status_code, shoes["name"]) == (201, "Shoes")
        assert answer.headers["location"] == f"/api/projects/{shoes['id']}"
        again = api.post("/projects", json={"name": "Shoes"})
        assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "name")
        hats = api.post("/projects", json={"name": "Hats"}).json()
        assert api.patch(f"/projects/{hats['id']}", json={"name": "Shoes"}).status_code == 422
        changed = api.patch(f"/projects/{hats['id']}", json={"description": "and caps"}).json()
        assert (changed["name"], changed["description"]) == ("Hats", "and caps")
        assert api.get(f"/projects/{hats['id']}").json() == changed
        page = api.get("/projects", params={"limit": 1}).json()
        assert [it["name"] for it in page["items"]] == ["Shoes"]
        rest = api.get("/projects", params={"cursor": page["next_cursor"]}).json()
        assert [it["name"] for it in rest["items"]] == ["Hats"]


def test_another_tenants_campaigns_and_projects_are_none(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    with people[MemberRole.ADMIN].api() as api, strangers[MemberRole.MARKETER].api() as stranger:
        project = stranger.post("/projects", json={"name": "Theirs"}).json()["id"]
        campaign = made(stranger, project_id=project)["id"]
        path = f"/campaigns/{campaign}"
        for attempt in (
            api.get(path),
            api.get(f"{path}/status"),
            api.put(path, json={"name": "Mine"}),
            api.post(f"{path}/publish"),
            api.post(f"{path}/schedule", json={}),
            api.post(f"{path}/pause", json={}),
            api.post(f"{path}/resume"),
            api.get(f"/projects/{project}"),
            api.patch(f"/projects/{project}", json={"name": "Mine"}),
        ):
            assert attempt.status_code == 404, attempt.request.url
        assert api.post("/campaigns", json={"name": "x", "project_id": project}).status_code == 422
        assert api.get("/campaigns").json()["items"] == []
        assert api.get("/projects").json()["items"] == []
        assert stranger.get(path).json()["name"] == "Spring"


def test_a_campaign_that_says_something_has_a_draft_for_each_channel_and_publishing_asks_for_each(
    marketer: Person,
) -> None:
    with marketer.api() as api:
        announcement = {
            "text": "New coats.",
            "link": "https://shop.example/coats",
            "channels": ["facebook", "linkedin", "chat", "cms"],
        }
        campaign = made(api, announcement=announcement)
        drafts = api.get("/actions", params={"campaign_id": campaign["id"]}).json()["items"]
        assert sorted(each["type"] for each in drafts) == [
            "chat_message",
            "cms_webhook",
            "social_post",
            "social_post",
        ]
        assert {each["state"] for each in drafts} == {"draft"}
        published = api.post(f"/campaigns/{campaign['id']}/publish").raise_for_status().json()
        assert sorted(published["submitted"]) == sorted(each["id"] for each in drafts)
        assert published["not_submitted"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channels": ["instagram"]}, "announcement.text"),
        ({"channels": ["linkedin"], "text": "x" * 3001}, "announcement.text"),
        ({"channels": []}, "announcement.channels"),
        ({"channels": ["myspace"]}, "announcement.channels.0"),
        ({"link": "javascript:alert(1)"}, "announcement.link"),
        ({"text": " "}, "announcement.text"),
    ],
)
def test_what_a_channel_does_not_take_refuses_the_campaign(
    marketer: Person, change: dict[str, Any], field: str
) -> None:
    with marketer.api() as api:
        before = api.get("/campaigns").json()["items"]
        said = {"text": "New coats.", "channels": ["facebook"], **change}
        answer = api.post("/campaigns", json={"name": "Spring", "announcement": said})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert api.get("/campaigns").json()["items"] == before
