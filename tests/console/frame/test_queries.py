"""No page asks the database more often because there is more to show: counted with two of everything and with thirty."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from console.door.permissions import ACCESS
from store import records
from store.records.goals import MOST_LIVE
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.queries import counted
from tests.console.scripted import API, CHOICES, Workplace
from tests.console.visitors import Forms, Person, begun, mail

# Answered by the warehouse alone, which is not up here.
WAREHOUSE = frozenset({"GET /trends.md", "GET /trends/stories/{story_id}"})
PAGES = [
    endpoint
    for endpoint, roles in ACCESS.items()
    if endpoint.startswith("GET ") and API not in endpoint and roles is not None and endpoint not in WAREHOUSE
]
FEW, MANY = 2, 30
# Signing in, the frame and a page's own, all together.
MOST_STATEMENTS = 35


@dataclass(frozen=True)
class Filled:
    """A tenant with so many of everything, and of each kind one that has as many of what belongs to it."""

    forms: Forms
    named: Mapping[str, int | str]

    def path(self, page: str) -> str:
        path = page.removeprefix("GET ")
        for name, number in self.named.items():
            path = path.replace(f"{{{name}}}", str(number))
        return path.replace(
            "/dead-letters/" + str(self.named["action_id"]), f"/dead-letters/{self.named['dead']}"
        )


def filled(house: Settings, providers: str, people: Mapping[MemberRole, Person], count: int) -> Filled:
    """Made as people make it, so that what pages show hangs together as it does in life."""
    place = Workplace(house, people, providers)
    number, campaign, asset, dead = place.action(), place.campaign(), place.asset(), place.dead_action()
    goal, hold_out = place.goal(), place.hold_out()
    targets = [{"url": f"https://shop.example/{n}"} for n in range(count)]
    link = place.writer.post("/links", json={"long_url": "https://shop.example/", "targets": targets})
    for n in range(count):
        place.action("/approve")
        place.campaign()
        place.link()
        place.standing()
        place.key(people[MemberRole.ADMIN])
        place.export()
        place.upload()
        for make in (
            place.asset, place.project, place.group, place.user, place.invitation, place.alert, place.hold_out, place.feed,
            place.connection, place.ad_campaign,
        ):  # fmt: skip
            make()
        if n:
            place.dead_action()
        if n < MOST_LIVE - 2:
            place.goal()
        said = {"text": f"Remark {n}"}
        place.writer.post(f"/actions/{number}/comments", json=said).raise_for_status()
        within = {**mail(subject=f"Sale {n}"), "campaign_id": campaign}
        within["provenance"] = [{"kind": "asset", "id": str(asset)}]
        place.writer.post("/actions", json=within).raise_for_status()
        place.writer.post(
            "/links", json={"long_url": f"https://shop.example/{n}", "campaign_id": campaign}
        ).raise_for_status()
        place.pages.post_signed("/kill-switch/pull", reach="channel:smtp", reason=f"{n}")
    place.writer.post(f"/actions/{number}/submit").raise_for_status()
    with records.session(house, Role.OWNER) as session:
        given = {"tenant": place.tenant, "dead": dead, "count": count, "admin": people[MemberRole.ADMIN].id}
        for statement in (
            "insert into deliveries (tenant_id, action_id, version, recipient_key, message_id, state, outcome) "
            "select :tenant, :dead, 1, md5(n::text), md5(n::text), 'failed', 'reason ' || n "
            "from generate_series(1, :count) n",
            "insert into requested_runs (tenant_id, kind, asked_by, due_at, state, ended_at) "
            "select :tenant, (array['fetch_feeds', 'verify_audit'])[1 + n % 2], :admin, now(), 'done', now() "
            "from generate_series(1, :count * 2) n",
            "insert into log_ins (id_hash, user_id, active_tenant) "
            "select sha256(cast(cast(:admin as text) || ' ' || n as bytea)), :admin, :tenant from generate_series(1, :count) n",
        ):
            session.execute(text(statement), given)
    named = {
        "action_id": number,
        "campaign_id": campaign,
        "asset_id": asset,
        "ad_campaign_id": place.ad_campaign(),
        "connection_id": place.connection(),
        "dead": dead,
        "feed_id": place.feed(),
        "goal_id": goal,
        "upload_id": place.upload(),
        "hold_out_id": hold_out,
        **CHOICES,
    }
    return Filled(place.pages, {**named, "link_id": link.raise_for_status().json()["id"]})


def statements(house: Settings, place: Filled, page: str) -> int:
    """Of a second visit: the first one may find caches empty."""
    path = place.path(page)
    asked = {"action": place.named["action_id"]} if page == "GET /approvals/batch" else {}
    begun(place.forms.client, path, params=asked)
    with counted(house) as seen:
        answer = begun(place.forms.client, path, params=asked)
        assert answer.status_code < 400, (page, answer.status_code)
    return len(seen)


def test_a_page_takes_as_many_statements_for_two_of_everything_as_for_thirty(
    house: Settings, providers: str, people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    few, many = filled(house, providers, people, FEW), filled(house, providers, strangers, MANY)
    taken = {page: (statements(house, few, page), statements(house, many, page)) for page in PAGES}
    assert {page: counts for page, counts in taken.items() if counts[0] != counts[1]} == {}
    assert {page: counts for page, counts in taken.items() if counts[1] > MOST_STATEMENTS} == {}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_made_for_it(page: str) -> None:
    """A page about a new kind of thing is counted with one, or this fails."""
    named = {
        "action_id", "ad_campaign_id", "campaign_id", "asset_id", "connection_id", "feed_id", "goal_id", "hold_out_id", "link_id", "upload_id", *CHOICES,
    }  # fmt: skip
    assert all(part.strip("{}") in named for part in page.split("/") if part.startswith("{"))
