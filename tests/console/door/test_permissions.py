"""Every endpoint × every role, over HTTP, is exactly the table; another tenant's number is no number at all."""

import re
from dataclasses import replace

import httpx
import pytest

from console.app import create_app, endpoints
from console.door.permissions import ACCESS, STREAM
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.scripted import API, CHOICES, SAID, Workplace, changed, changes, closed, digest
from tests.console.visitors import Forms, Person, mail

# Answered by the warehouse, which need not be up here, and has nothing to tell if it is.
WAREHOUSE = frozenset(
    {
        "GET /api/links/{link_id}/stats",
        "GET /api/trends/digest",
        "GET /trends.md",
        "GET /trends/stories/{story_id}",
        "GET /api/trends/stories/{story_id}",
        "GET /api/trends/bursts",
        "POST /trends/draft",
        "GET /api/analytics/timeseries",
        "GET /api/analytics/funnel",
        "GET /api/analytics/channels",
        "GET /api/analytics/freshness",
        "GET /api/analytics/cohorts",
        "GET /api/analytics/posts",
        "GET /api/analytics/ltv",
        "GET /api/analytics/visitors/{visitor_id}",
        "GET /api/analytics/tracking",
        "GET /api/attribution/margins",
        "GET /api/attribution/paths",
        "GET /api/attribution/results",
        "GET /api/hold-outs/{hold_out_id}/report",
        "GET /api/hold-outs/{hold_out_id}/lot",
    }
)
NOT_THERE = 2**60
OPEN = frozenset(endpoint for endpoint, roles in ACCESS.items() if roles is None)


def knock(visitor: Forms | httpx.Client, endpoint: str, action: int) -> httpx.Response:
    """Calls an endpoint with as little as it takes to be let in or turned away."""
    method, _, path = endpoint.partition(" ")
    path = path.replace("{action_id}", str(action))
    if isinstance(visitor, httpx.Client):
        return visitor.request(method, path.removeprefix("/api"), json=None if method == "GET" else {})
    return visitor.get(path) if method == "GET" else visitor.post_signed(path)


def _named(endpoint: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", endpoint)


def test_the_table_names_every_endpoint() -> None:
    assert set(endpoints()) == set(ACCESS)


def test_an_endpoint_without_a_row_does_not_start(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ACCESS, "GET /api/audit")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="GET /api/audit"):
        create_app(house)


@pytest.mark.parametrize("role", list(MemberRole))
def test_a_role_may_exactly_what_the_table_says(people: dict[MemberRole, Person], role: MemberRole) -> None:
    forms, api = people[role].forms(), people[role].api()
    closed = {endpoint for endpoint in ACCESS if endpoint not in OPEN and endpoint != "POST /logout"}
    with api:
        refused = {
            endpoint
            for endpoint in closed
            if knock(api if API in endpoint else forms, endpoint, NOT_THERE).status_code == 403
        }
    assert refused == {endpoint for endpoint in closed if role not in (ACCESS[endpoint] or ())}


def test_nobody_passes_without_signing_in(site: str) -> None:
    stranger = httpx.Client(base_url=site, headers={"Origin": site})
    with stranger:
        for endpoint in set(ACCESS) - OPEN:
            method, _, path = endpoint.partition(" ")
            answer = stranger.request(method, path.replace("{action_id}", "1"), data={})
            if API in endpoint:
                assert answer.status_code == 401, endpoint
                assert answer.headers["www-authenticate"] == "Bearer"
            else:
                assert answer.status_code in {302, 303}, endpoint
                assert answer.headers["location"].startswith("/login"), endpoint


def test_every_change_has_its_script() -> None:
    assert {endpoint for endpoint in closed() if changes(endpoint)} == set(SAID)


@pytest.mark.parametrize("role", list(MemberRole))
def test_what_the_table_grants_is_done(
    house: Settings, providers: str, people: dict[MemberRole, Person], role: MemberRole
) -> None:
    """A good request, on a thing made for it: no endpoint is refused to those whom the table lets in."""
    workplace = Workplace(house, people, providers)
    visitor = people[role]
    forms, not_done = visitor.forms(), {}
    with visitor.api() as api:
        for endpoint in closed():
            if role in (ACCESS[endpoint] or ()):
                request = workplace.request(endpoint, by=visitor)
                answer = request.of(api if API in endpoint else forms)
                is_answered = answer.status_code < 400 or (
                    endpoint in WAREHOUSE and answer.status_code in {404, 503}
                )
                if not is_answered:
                    not_done[endpoint] = (answer.status_code, answer.text[-2000:])
    assert not_done == {}


@pytest.mark.parametrize("role", list(MemberRole))
def test_what_another_tenant_has_is_not_there(
    house: Settings,
    providers: str,
    people: dict[MemberRole, Person],
    strangers: dict[MemberRole, Person],
    role: MemberRole,
) -> None:
    """Every endpoint whose path names a thing, with a thing of another tenant; no test can leave one out."""
    theirs = Workplace(house, strangers, providers)
    naming = [endpoint for endpoint in closed() if set(_named(endpoint)) - set(CHOICES)]
    requests = [theirs.request(endpoint) for endpoint in naming]
    before = digest(house, theirs.tenant)
    forms, wrong = people[role].forms(), {}
    with people[role].api() as api:
        for request in requests:
            visitor = api if API in request.endpoint else forms
            number = re.sub(r"\d+", str(NOT_THERE), request.path)
            answers = [asked.of(visitor) for asked in (request, replace(request, path=number))]
            expected = 404 if role in (ACCESS[request.endpoint] or ()) else 403
            if [answer.status_code for answer in answers] != [expected, expected]:
                wrong[request.endpoint] = [answer.status_code for answer in answers]
            elif theirs.mark in answers[0].text:
                wrong[request.endpoint] = "tells of it"
    assert wrong == {}
    assert changed(before, digest(house, theirs.tenant)) == []


def test_what_another_tenant_has_cannot_be_named_in_a_request(
    house: Settings, providers: str, people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    mine, theirs = Workplace(house, people, providers), Workplace(house, strangers, providers)
    campaign, project, group, goal = theirs.campaign(), theirs.project(), theirs.group(), theirs.goal()
    recipient, standing, dead = theirs.recipient(), theirs.standing(), theirs.dead_action()
    named: list[tuple[str, dict[str, object]]] = [
        ("POST /api/actions", {"campaign_id": campaign}),
        ("POST /api/actions", {"standing_approval_id": standing}),
        ("PUT /api/actions/{action_id}", {"campaign_id": campaign}),
        ("PUT /api/actions/{action_id}", {"standing_approval_id": standing}),
        ("POST /actions/new/{type}", {"campaign_id": str(campaign)}),
        ("POST /actions/{action_id}/edit", {"campaign_id": str(campaign)}),
        ("POST /api/campaigns", {"project_id": project}),
        ("PUT /api/campaigns/{campaign_id}", {"project_id": project}),
        ("POST /campaigns/new", {"project_id": str(project)}),
        ("POST /campaigns/{campaign_id}/edit", {"project_id": str(project)}),
        ("POST /api/links", {"campaign_id": campaign}),
        ("PATCH /api/links/{link_id}", {"campaign_id": campaign}),
        ("POST /links", {"campaign_id": str(campaign)}),
        ("POST /links/{link_id}", {"campaign_id": str(campaign)}),
        ("POST /api/assets", {"campaign_id": campaign}),
        ("POST /api/hold-outs", {"goal_id": goal}),
        ("POST /api/hold-outs", {"campaign_id": campaign}),
        ("POST /hold-outs/new", {"goal_id": str(goal)}),
        ("POST /hold-outs/new", {"campaign_id": str(campaign)}),
        ("POST /api/recipients", {"groups": [group]}),
        ("POST /api/groups/{group_id}/recipients", {"recipients": [recipient]}),
        ("POST /dead-letters/{action_id}/requeue", {"everything": "", "deliveries": theirs.unknown_delivery(dead)}),
        ("POST /dead-letters/{action_id}/resolve", {"deliveries": theirs.unknown_delivery(dead)}),
        ("POST /api/dead-letters/{action_id}/requeue", {"deliveries": [theirs.unknown_delivery(dead)]}),
        ("POST /api/dead-letters/{action_id}/resolve", {"deliveries": [theirs.unknown_delivery(dead)]}),
        ("POST /tenants/switch", {"tenant": theirs.tenant}),
        ("POST /kill-switch/pull", {"reach": f"campaign:{campaign}"}),
        ("POST /pixel/keys/revoke", {"key": theirs.collector_key()}),
    ]  # fmt: skip
    waiting = theirs.action("/approve")
    vote = f"{waiting}:{theirs.hash_of(waiting)}"
    before = digest(house, theirs.tenant)
    forms, taken = people[MemberRole.ADMIN].forms(), {}
    with people[MemberRole.ADMIN].api() as api:
        for endpoint, said in named:
            good = mine.request(endpoint)
            request = replace(good, said={**good.said, **said})
            mine_before = digest(house, mine.tenant)
            answer = request.of(api if API in endpoint else forms)
            touched = changed(mine_before, digest(house, mine.tenant))
            if answer.status_code not in {404, 409, 422} or touched:
                taken[f"{endpoint} {said}"] = (answer.status_code, touched)
        several = forms.post_signed("/approvals/batch", decision="approved", vote=vote)
        # Whom a draft names is looked up when it is submitted.
        draft = api.post("/actions", json=mail(recipients=["a@example.com"], groups=[group], recipient=None))
        asked = api.post(f"/actions/{draft.json()['id']}/submit")
    assert taken == {}
    assert theirs.mark not in several.text
    assert (asked.status_code, asked.json()["errors"][0]["reason"]) == (422, f"there is no group {group}")
    assert changed(before, digest(house, theirs.tenant)) == []


def test_no_list_shows_what_another_tenant_has(
    house: Settings, providers: str, people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    theirs = Workplace(house, strangers, providers)
    made = {name: make() for name, make in theirs.makers.items()}
    action, campaign = theirs.action("/approve"), theirs.campaign()
    theirs.key(strangers[MemberRole.MARKETER])
    theirs.dead_action()
    queries: list[dict[str, int | str]] = [
        {},
        {"cursor": NOT_THERE},
        {"cursor": 1},
        {"cursor": action, "action": action},
        {"campaign": campaign, "campaign_id": campaign},
        {"project_id": made["project_id"], "group_id": made["group_id"]},
        {"actor": f"user:{strangers[MemberRole.MARKETER].id}"},
        {"entity": "action", "entity_id": action},
        {"everyones": "true", "archived": "true"},
    ]
    # What the stream tells is that there is something new, and of whose tenant: tests/console/frame/test_live.py.
    lists = [
        endpoint
        for endpoint in closed()
        if not changes(endpoint) and not _named(endpoint) and endpoint != f"GET {STREAM}"
    ]
    reader, owner = people[MemberRole.ADMIN], strangers[MemberRole.ADMIN]
    told, known = [], set()
    with reader.api() as api, owner.api() as their_api:
        forms, their_forms = reader.forms(), owner.forms()
        for endpoint in lists:
            path = endpoint.removeprefix("GET ").removeprefix("/api")
            visitor, owns = (api, their_api) if API in endpoint else (forms.client, their_forms.client)
            for query in queries:
                if theirs.mark in visitor.get(path, params=query).text:
                    told.append((endpoint, query))
                if theirs.mark in owns.get(path, params=query).text:
                    known.add(endpoint)
    assert told == []
    assert known >= {f"GET {prefix}/{it}" for prefix in ("", "/api") for it in SHOWN}


SHOWN = ("actions", "assets", "campaigns", "dead-letters", "keys", "links")


def test_a_cookie_opens_no_api_and_a_token_no_page(people: dict[MemberRole, Person]) -> None:
    admin = people[MemberRole.ADMIN]
    forms, opened = admin.forms(), []
    bearing = httpx.Client(
        base_url=admin.site, headers={"Authorization": f"Bearer {admin.token}", "Origin": admin.site}
    )
    with bearing:
        for endpoint in closed():
            method, _, path = endpoint.partition(" ")
            client = forms.client if API in endpoint else bearing
            answer = client.request(method, path, data={}, headers={"Origin": admin.site})
            turned_away = (
                answer.status_code == 401
                if API in endpoint
                else "/login" in answer.headers.get("location", "")
            )
            if not turned_away:
                opened.append((endpoint, answer.status_code))
    assert opened == []


def test_a_role_taken_away_is_gone_at_the_next_request(house: Settings, approver: Person) -> None:
    from sqlalchemy import text

    from store import records
    from store.settings import Role

    forms = approver.forms()
    with approver.api() as api:
        assert api.get("/me").json()["role"] == "approver"
        with records.session(house, Role.OWNER) as session:
            session.execute(
                text("update memberships set role = 'viewer' where user_id = :user"), {"user": approver.id}
            )
        assert api.get("/me").json()["role"] == "viewer"
        assert forms.post_signed("/kill-switch/pull").status_code == 403
        with records.session(house, Role.OWNER) as session:
            session.execute(text("delete from memberships where user_id = :user"), {"user": approver.id})
        assert api.get("/me").status_code == 401
        assert forms.get("/").headers["location"] == "/login"
