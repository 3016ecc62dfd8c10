"""The inbox: what waits for whom, filtered, in order and a page at a time."""

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from store import records
from store.clock import now
from store.records import actions, approvals
from store.records.actions import Action
from store.records.approvals import Decision, DecisionRefused
from store.records.people import MemberRole, Membership
from store.records.schema import ActionId, UserId
from store.settings import Role, Settings
from tests.conftest import TRUST
from tests.console.queries import counted
from tests.console.visitors import Forms, Person, mail, person, submitted, written

TITLE = re.compile(r'<a class="row-title" href="/actions/\d+">([^<]+)</a>')
NEXT = re.compile(r'rel="next" href="([^"]+)"')


def titles(forms: Forms, path: str = "/approvals?whose=all") -> list[str]:
    answer = forms.get(path)
    assert answer.status_code == 200, answer.text
    return TITLE.findall(answer.text)


def row(page: str, title: str) -> str:
    """What one line of the inbox says."""
    found = next(piece for piece in page.split('<li class="row request">') if f">{title}</a>" in piece)
    return " ".join(re.sub(r"<[^>]+>", " ", found.partition("</li>")[0]).split())


def lapses(house: Settings, action: int, at: datetime) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(update(Action).where(Action.id == action).values(expires_at=at))


def asked(author: Person, title: str, **body: Any) -> int:
    with author.api() as api:
        action = api.post("/actions", json=mail() | {"title": title} | body).raise_for_status().json()["id"]
        api.post(f"/actions/{action}/submit").raise_for_status()
        return action


def test_the_inbox_pages_on_by_the_moment_of_asking(marketer: Person, approver: Person) -> None:
    first = written(marketer, subject="Written first, asked for last")
    for number in range(27):
        submitted(marketer, subject=f"Mail {number}")
    with marketer.api() as api:
        api.post(f"/actions/{first}/submit").raise_for_status()
    forms = approver.forms()
    page = forms.get("/approvals").text
    assert TITLE.findall(page) == [f"Mail {number}" for number in range(25)]
    following = NEXT.search(page)
    assert following
    address = following[1].replace("&amp;", "&")
    assert titles(forms, address) == ["Mail 25", "Mail 26", "Written first, asked for last"]
    # What is decided meanwhile takes nobody's place.
    with approver.api() as api:
        waiting = api.get("/actions?limit=100&state=pending_approval").json()["items"]
        gone = min(item["id"] for item in waiting if item["id"] != first)
        api.post(f"/actions/{gone}/deny", json={"note": "no"}).raise_for_status()
    assert titles(forms, address) == ["Mail 25", "Mail 26", "Written first, asked for last"]


@pytest.mark.parametrize("cursor", ["1", "-", "a-b", "1-9999999999999999999", "1-1-1"])
def test_a_place_that_is_none_is_not_there(approver: Person, cursor: str) -> None:
    assert approver.forms().get(f"/approvals?cursor={cursor}").status_code == 404


def test_a_line_says_what_one_decides_by(house: Settings, marketer: Person, approver: Person) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Winter 2026"}).raise_for_status().json()["id"]
    flyers = {"what": "Print flyers", "cost": "120.00"}
    asked(marketer, "Flyers", type="generic", payload=flyers, campaign_id=campaign)
    risky = asked(
        marketer, "Sale", payload=mail(html='<a href="https://evil.example/">bank.example</a>')["payload"]
    )
    lapses(house, risky, now() + timedelta(hours=2, minutes=30))
    page = approver.forms().get("/approvals").text
    said = row(page, "Flyers")
    for part in (
        "Something else",
        "120",
        "EUR",
        f"Marketer of {marketer.tenant}",
        "Winter 2026",
        "Low risk",
        "0 of 1 signed",
    ):
        assert part in said, said
    assert "Urgent" not in said
    said = row(page, "Sale")
    for part in ("Email", "1 recipient", "High risk", "1 finding", "0 of 2 signed", "Urgent: expires in 2 h"):
        assert part in said, said


def test_mine_to_sign_is_what_decide_would_take(house: Settings, people: dict[MemberRole, Person]) -> None:
    marketer, admin, approver = (
        people[role] for role in (MemberRole.MARKETER, MemberRole.ADMIN, MemberRole.APPROVER)
    )
    with admin.api() as api:
        rules = [
            {"type": "generic", "roles": ["admin"]},
            {"type": "chat_message", "self_approval": True},
            {"quorum": 2},
        ]
        api.put("/policy", json={"rules": rules}).raise_for_status()
    asked(marketer, "A stranger's")
    asked(admin, "The admin's own")
    asked(admin, "The admin's own, which authors may sign", type="chat_message", payload={"text": "x"})
    asked(marketer, "For admins alone", type="generic", payload={"what": "x"})
    shared = asked(marketer, "Edited by the admin")
    with admin.api() as api:
        api.put(
            f"/actions/{shared}",
            json={"payload": mail(subject="x")["payload"], "title": "Edited by the admin"},
        )
        api.post(f"/actions/{shared}/submit").raise_for_status()
    signed = asked(marketer, "Signed by the approver")
    vote = {"manifest_hash": hash_of(approver, signed)}
    with approver.api() as api:
        api.post(f"/actions/{signed}/approve", json=vote).raise_for_status()

    for signer in (admin, approver):
        mine = set(titles(signer.forms(), "/approvals?whose=mine"))
        everything = {
            "A stranger's",
            "The admin's own",
            "The admin's own, which authors may sign",
            "For admins alone",
            "Edited by the admin",
            "Signed by the approver",
        }
        assert set(titles(signer.forms(), "/approvals?whose=all")) == everything_as_shown(everything)
        assert mine == everything_as_shown(takes(house, signer, everything))


def everything_as_shown(names: set[str]) -> set[str]:
    return {name.replace("'", "&#39;") for name in names}


def hash_of(reader: Person, action: int) -> str:
    with reader.api() as api:
        return api.get(f"/actions/{action}").json()["manifest_hash"]


def takes(house: Settings, signer: Person, named: set[str]) -> set[str]:
    """What `decide` itself would take of this person, tried and taken back."""
    taken: set[str] = set()
    for name in named:
        with records.session(house, Role.OWNER) as session:
            found = session.execute(
                text("select id from actions where tenant_id = :tenant and title = :title"),
                {"tenant": signer.tenant, "title": name},
            ).scalar_one()
            action = actions.of_number(session, signer.tenant, ActionId(found))
            assert action
            version = actions.current_version(session, action)
            assert version
            try:
                approvals.decide(
                    session,
                    signer.tenant,
                    ActionId(found),
                    Decision.APPROVED,
                    user=UserId(signer.id),
                    role=signer.role,
                    manifest_hash=version.manifest_hash,
                )
            except DecisionRefused:
                pass
            else:
                taken.add(name)
            session.rollback()
    return taken


def test_what_a_key_wrote_is_its_makers_work_in_the_list_too(
    marketer: Person, admin: Person, approver: Person
) -> None:
    with admin.api() as api:
        key = api.post("/keys", json={"name": "robot", "scopes": ["actions:write", "actions:read"]})
        token = key.raise_for_status().json()["key"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{admin.site}/api", headers=headers, verify=TRUST, timeout=30) as robot:
        action = robot.post("/actions", json=mail(subject="By a key")).raise_for_status().json()["id"]
        robot.post(f"/actions/{action}/submit").raise_for_status()
    assert titles(admin.forms(), "/approvals?whose=mine") == []
    assert titles(approver.forms(), "/approvals?whose=mine") == ["By a key"]


def test_everything_can_be_filtered_and_stays_in_the_address(
    house: Settings, marketer: Person, approver: Person, admin: Person
) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Winter 2026"}).raise_for_status().json()["id"]
    soon = asked(marketer, "Soon", campaign_id=campaign)
    lapses(house, soon, now() + timedelta(hours=3))
    asked(marketer, "Chat", type="chat_message", payload={"text": "x"})
    asked(admin, "Risky", payload=mail(body="Dear {{ name }}")["payload"])
    forms = approver.forms()
    for query, expected in {
        "type=chat_message": ["Chat"],
        "risk=medium": ["Risky"],
        f"campaign={campaign}": ["Soon"],
        f"author={admin.id}": ["Risky"],
        "author=programs": [],
        "expires=4": ["Soon"],
        "type=email&risk=low": ["Soon"],
        "type=&risk=&campaign=&author=&expires=&order=": ["Soon", "Chat", "Risky"],
    }.items():
        assert titles(forms, f"/approvals?{query}") == expected, query
    page = forms.get(f"/approvals?type=email&campaign={campaign}&order=expiring").text
    assert "/approvals?whose=mine&amp;campaign=" in page, "one filter can be taken away alone"
    assert '<option value="email" selected>' in page
    assert f'<option value="{admin.id}">Admin of' in page, "authors are those whose work waits"
    for wrong in ("type=nothing", "risk=x", "author=x", "expires=0", "whose=x", "order=x"):
        assert forms.get(f"/approvals?{wrong}").status_code == 404, wrong


def test_what_expires_first_can_come_first(house: Settings, marketer: Person, approver: Person) -> None:
    for hours in (30, 10, 20):
        lapses(house, asked(marketer, f"In {hours}"), now() + timedelta(hours=hours))
    forms = approver.forms()
    assert titles(forms) == ["In 30", "In 10", "In 20"]
    assert titles(forms, "/approvals?order=expiring") == ["In 10", "In 20", "In 30"]


def test_the_tabs_count_under_the_filter(marketer: Person, approver: Person, admin: Person) -> None:
    asked(marketer, "One")
    asked(admin, "Two")
    page = admin.forms().get("/approvals").text
    assert re.search(r'Mine to sign <span class="tally">1</span>', page)
    assert re.search(r'All that waits <span class="tally">2</span>', page)
    narrowed = admin.forms().get("/approvals?type=chat_message").text
    assert re.search(r'All that waits <span class="tally">0</span>', narrowed)


def test_each_empty_inbox_says_why_and_what_now(people: dict[MemberRole, Person]) -> None:
    admin, viewer = people[MemberRole.ADMIN].forms(), people[MemberRole.VIEWER].forms()
    assert "Nothing waits for you" in admin.get("/approvals").text
    asked(people[MemberRole.ADMIN], "My own")
    mine = admin.get("/approvals").text
    assert "Nothing is left for you" in mine
    assert "See what others have to sign" in mine
    assert "Nothing fits" in admin.get("/approvals?type=chat_message").text
    others = viewer.get("/approvals?whose=mine").text
    assert "My own" in others, "who signs nothing sees all of it"
    assert "Mine to sign" not in others
    assert "checkbox" not in others


def test_another_tenants_requests_are_in_nobodys_inbox(
    approver: Person, strangers: dict[MemberRole, Person]
) -> None:
    asked(strangers[MemberRole.MARKETER], "Theirs")
    forms = approver.forms()
    assert titles(forms) == []
    assert titles(forms, f"/approvals?author={strangers[MemberRole.MARKETER].id}") == []


def test_somebody_who_is_no_member_any_more_has_not_signed(
    house: Settings, site: str, marketer: Person, approver: Person, admin: Person
) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
    leaving = person(house, site, marketer.tenant, MemberRole.APPROVER)
    action = asked(marketer, "Signed")
    with leaving.api() as api:
        api.post(
            f"/actions/{action}/approve", json={"manifest_hash": hash_of(approver, action)}
        ).raise_for_status()
    forms = approver.forms()
    assert "1 of 2 signed" in row(forms.get("/approvals").text, "Signed")
    with records.session(house, Role.OWNER) as session:
        session.query(Membership).filter_by(user_id=leaving.id).delete()
    assert "0 of 2 signed" in row(forms.get("/approvals").text, "Signed")


def test_the_number_of_queries_does_not_grow_with_what_waits(
    house: Settings, marketer: Person, approver: Person, admin: Person
) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
    forms = approver.forms()
    seen: list[int] = []
    for more in (2, 10):
        for number in range(more):
            action = asked(marketer, f"Mail {number}")
            with admin.api() as api:
                vote = {"manifest_hash": hash_of(admin, action)}
                api.post(f"/actions/{action}/approve", json=vote).raise_for_status()
        with counted(house) as statements:
            assert forms.get("/approvals?whose=all&order=expiring").status_code == 200
        seen.append(len(statements))
    assert seen[0] == seen[1], seen
