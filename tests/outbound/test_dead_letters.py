"""What failed for good or may have arrived lies in a list; a person puts it back, and nobody gets anything twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from console.app import create_app
from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, delivery_chunks
from store.records.action_states import State
from store.records.deliveries import DeliveryState
from store.records.delivery_chunks import Outcome
from store.records.people import MemberRole
from store.records.schema import ActionId, UserId
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.visitors import Person, everyone, person
from tests.outbound.office import MailServer, Office

LAPSE = "update actions set expires_at = now() - interval '1 second' where id = :id"
GONE = "550 <gone@example.com> no such mailbox"


@dataclass
class Desk:
    """An office whose people also come through the console's API."""

    office: Office
    people: dict[MemberRole, Person]
    server: MailServer

    def api(self, role: MemberRole = MemberRole.MARKETER) -> httpx.Client:
        return self.people[role].api()

    def partly_failed(self) -> ActionId:
        """One arrived, one was refused for good."""
        self.server.refusals["gone@example.com"] = [GONE]
        action_id = self.office.approved(to=["gone@example.com", "here@example.com"])
        self.office.send()
        assert self.office.now(action_id).state is State.PARTIALLY_FAILED
        return action_id

    def unknown(self, *to: str) -> ActionId:
        """The server took each mail and hung up before it had said so."""
        usual = self.server.handle_DATA

        async def accept_and_hang_up(server: Any, session: Any, envelope: Any) -> str:
            await usual(server, session, envelope)
            server.transport.abort()
            return "250 never heard"

        self.server.handle_DATA = accept_and_hang_up  # type: ignore[method-assign]
        action_id = self.office.approved(to=list(to))
        self.office.send()
        self.server.handle_DATA = usual  # type: ignore[method-assign]
        assert self.office.delivered(action_id) == {"unknown": len(to)}
        return action_id

    def letters(self, action_id: ActionId) -> list[dict[str, Any]]:
        with self.api() as api:
            return api.get(f"/dead-letters/{action_id}").raise_for_status().json()["items"]

    def requeue(self, action_id: ActionId, **body: Any) -> httpx.Response:
        with self.api() as api:
            return api.post(f"/dead-letters/{action_id}/requeue", json={"reason": "mailbox is back"} | body)


@pytest.fixture
def desk(office: Office, mail_server_log: MailServer) -> Iterator[Desk]:
    with served(create_app(office.settings)) as site:
        people = everyone(office.settings, site, office.tenant)
        office.author = UserId(people[MemberRole.MARKETER].id)
        office.approver = UserId(people[MemberRole.APPROVER].id)
        yield Desk(office, people, mail_server_log)


def test_the_list_says_what_failed_and_why_without_an_address(desk: Desk) -> None:
    desk.server.refusals |= {f"gone{n}@example.com": [GONE.replace("gone", f"gone{n}")] for n in range(3)}
    action_id = desk.office.approved(to=[*(f"gone{n}@example.com" for n in range(3)), "here@example.com"])
    desk.office.send()
    desk.office.approved(to=["fine@example.com"])
    desk.office.send()
    with desk.api() as api:
        answer = api.get("/dead-letters")
    [listed] = answer.json()["items"]
    assert (listed["action_id"], listed["state"], listed["failed"], listed["unknown"]) == (
        action_id, "partially_failed", 3, 0,
    )  # fmt: skip
    [reason] = listed["reasons"]
    assert (reason["state"], reason["count"]) == ("failed", 3)
    assert "no such mailbox" in reason["reason"]
    letters = desk.letters(action_id)
    assert [(it["state"], it["attempts"]) for it in letters] == [("failed", 1)] * 3
    assert all(it["recipient_id"] and it["settled_at"] for it in letters)
    assert "@example.com" not in answer.text + str(letters)


def test_what_failed_is_put_back_and_arrives_once_and_who_had_it_gets_nothing(desk: Desk) -> None:
    action_id = desk.partly_failed()
    message_ids = desk.office.column("select message_id from deliveries where action_id = :id", action_id)
    decided = desk.requeue(action_id)
    assert decided.status_code == 200, decided.text
    assert decided.json()["count"] == 1
    assert desk.office.now(action_id).state is State.EXECUTING
    assert desk.requeue(action_id).status_code == 409
    desk.office.send()
    desk.office.send()
    assert desk.server.recipients == {"here@example.com": 1, "gone@example.com": 1}
    assert desk.office.now(action_id).state is State.SUCCEEDED
    assert {it.mail["Message-ID"] for it in desk.server.received} == set(message_ids)
    assert desk.letters(action_id) == []
    with desk.api() as api:
        assert api.get("/dead-letters").json()["items"] == []


def test_putting_back_is_one_entry_of_the_audit_chain_and_the_words_are_kept_beside_it(desk: Desk) -> None:
    action_id = desk.partly_failed()
    desk.requeue(action_id, reason="Anna rang gone@example.com")
    with desk.office.console() as session:
        *_, entry = audit_log.of_entity(session, desk.office.tenant, "action", action_id)
        assert audit_log.verify(session, desk.office.tenant) is None
    assert (entry.action, entry.actor) == ("requeue", f"user:{desk.office.author}")
    assert entry.after["count"] == 1
    assert "Anna" not in str(entry.after)
    [kept] = desk.office.column(
        "select reason from dead_letter_decisions where action_id = :id and verdict = 'requeued'", action_id
    )
    assert kept == "Anna rang gone@example.com"


def test_what_may_have_arrived_goes_again_only_by_its_number_and_with_open_eyes(desk: Desk) -> None:
    action_id = desk.unknown("a@example.com", "b@example.com")
    first, second = desk.letters(action_id)
    assert desk.requeue(action_id).status_code == 409
    unsaid = desk.requeue(action_id, deliveries=[first["id"]])
    assert (unsaid.status_code, unsaid.json()["errors"][0]["field"]) == (422, "may_have_arrived")
    wrong = desk.requeue(action_id, deliveries=[second["id"] + 1], may_have_arrived=True)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "deliveries")
    assert desk.requeue(action_id, deliveries=[first["id"]], may_have_arrived=True).json()["count"] == 1
    desk.office.send()
    assert desk.server.recipients == {"a@example.com": 2, "b@example.com": 1}
    assert desk.office.delivered(action_id) == {"sent": 1, "unknown": 1}


def test_a_person_settles_what_was_unknown(desk: Desk) -> None:
    action_id = desk.unknown("a@example.com", "b@example.com")
    first, second = (letter["id"] for letter in desk.letters(action_id))
    path = f"/dead-letters/{action_id}/resolve"
    with desk.api() as api:
        found = {"deliveries": [first], "arrived": True, "note": "they answered it"}
        assert api.post(path, json=found).json()["action"]["unknown"] == 1
        again = api.post(path, json=found)
        assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "deliveries")
        api.post(path, json={"deliveries": [second], "arrived": False}).raise_for_status()
    assert desk.office.delivered(action_id) == {"sent": 1, "failed": 1}
    assert desk.office.now(action_id).outcome == {"mode": "smtp", "sent": 1, "failed": 1}
    with desk.office.console() as session:
        chain = audit_log.of_entity(session, desk.office.tenant, "action", action_id)
    assert [entry.after["arrived"] for entry in chain if entry.action == "resolve"] == [True, False]
    desk.requeue(action_id)
    desk.office.send()
    assert desk.server.recipients == {"a@example.com": 1, "b@example.com": 2}


def test_a_lapsed_approval_puts_nothing_back_and_an_edited_one_mails_who_had_nothing(desk: Desk) -> None:
    action_id = desk.partly_failed()
    desk.office.tamper(LAPSE, action_id)
    lapsed = desk.requeue(action_id)
    assert lapsed.status_code == 409
    assert "submit it again" in lapsed.json()["detail"]
    desk.office.edit(action_id, "Hello again.")
    desk.office.sign(action_id)
    desk.office.send()
    assert desk.server.recipients == {"here@example.com": 1, "gone@example.com": 1}
    assert desk.office.now(action_id).state is State.SUCCEEDED


def test_an_approval_that_lapses_after_it_was_put_back_ends_it_failed_with_the_reason(desk: Desk) -> None:
    action_id = desk.partly_failed()
    desk.requeue(action_id).raise_for_status()
    desk.office.tamper(LAPSE, action_id)
    desk.office.send()
    assert desk.server.recipients == {"here@example.com": 1}
    assert desk.office.now(action_id).state is State.PARTIALLY_FAILED
    assert "lapsed" in desk.letters(action_id)[0]["reason"]


def test_a_signature_that_no_longer_counts_puts_nothing_back(desk: Desk) -> None:
    action_id = desk.partly_failed()
    desk.office.tamper(
        f"delete from memberships where user_id = {desk.office.approver} and :id is not null", action_id
    )
    refused = desk.requeue(action_id)
    assert refused.status_code == 409
    assert "signatures" in refused.json()["detail"]


def test_what_failed_before_it_began_is_put_back_whole(desk: Desk, house: Settings) -> None:
    action_id = desk.office.approved(to=["a@example.com", "b@example.com"])
    desk.office.send(smtp_host="localhost")
    assert desk.office.now(action_id).state is State.FAILED
    with desk.api() as api:
        [listed] = api.get("/dead-letters").json()["items"]
    assert "no longer handed over" in listed["said"]
    assert desk.requeue(action_id).json()["count"] == 0
    desk.office.send()
    assert desk.server.recipients == {"a@example.com": 1, "b@example.com": 1}
    assert desk.office.now(action_id).state is State.SUCCEEDED


def test_the_database_itself_keeps_what_was_sent_from_being_put_back(desk: Desk) -> None:
    action_id = desk.partly_failed()
    with pytest.raises(IntegrityError, match="was sent"):
        desk.office.tamper("update deliveries set state = 'queued' where action_id = :id", action_id)


def test_an_action_that_did_not_end_badly_is_not_put_back(desk: Desk) -> None:
    sent = desk.office.approved(to=["fine@example.com"])
    desk.office.send()
    for action_id in (sent, desk.office.draft()):
        refused = desk.requeue(action_id)
        assert refused.status_code == 409, refused.text


@pytest.mark.parametrize(
    "body",
    [
        {"reason": ""},
        {"reason": "  "},
        {"reason": "x" * 501},
        {"deliveries": []},
        {"deliveries": [0]},
        {"deliveries": list(range(1, 502))},
        {"deliveries": "all"},
        {"unknown": True},
    ],
)
def test_bad_bodies_are_refused_by_field(desk: Desk, body: dict[str, Any]) -> None:
    refused = desk.requeue(ActionId(1), **body)
    assert refused.status_code == 422
    assert refused.json()["errors"]


def test_another_tenant_finds_nothing(desk: Desk, house: Settings) -> None:
    action_id = desk.partly_failed()
    [letter] = desk.letters(action_id)
    with records.session(house, Role.OWNER) as session:
        other = Tenant(slug=f"d-{action_id}-{letter['id']}", name="Strangers")
        session.add(other)
        session.flush()
    stranger = person(house, desk.people[MemberRole.MARKETER].site, other.id, MemberRole.MARKETER)
    with stranger.api() as api:
        path = f"/dead-letters/{action_id}"
        assert api.get("/dead-letters").json()["items"] == []
        assert api.get(path).status_code == 404
        assert api.post(f"{path}/requeue", json={"reason": "mine"}).status_code == 404
        resolved = {"deliveries": [letter["id"]], "arrived": True}
        assert api.post(f"{path}/resolve", json=resolved).status_code == 404


def test_many_come_a_page_at_a_time(desk: Desk) -> None:
    addresses = [f"gone{n}@example.com" for n in range(5)]
    desk.server.refusals |= {address: ["550 no"] for address in addresses}
    action_id = desk.office.approved(to=addresses)
    desk.office.send()
    with desk.api() as api:
        path = f"/dead-letters/{action_id}"
        first = api.get(path, params={"limit": 3}).json()
        rest = api.get(path, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert len({it["id"] for it in first["items"] + rest["items"]}) == 5
    assert rest["next_cursor"] is None


def test_readers_may_look_and_writers_put_back(desk: Desk) -> None:
    action_id = desk.partly_failed()
    with desk.api(MemberRole.VIEWER) as viewer, desk.api(MemberRole.ANALYST) as analyst:
        assert viewer.get("/dead-letters").status_code == 200
        assert viewer.get(f"/dead-letters/{action_id}").status_code == 403
        assert analyst.get(f"/dead-letters/{action_id}").status_code == 200
        assert analyst.post(f"/dead-letters/{action_id}/requeue", json={"reason": "x"}).status_code == 403


def test_two_people_at_once_put_it_back_once(desk: Desk) -> None:
    action_id = desk.partly_failed()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: desk.requeue(action_id).status_code, range(4)))
    assert sorted(answers) == [200, 409, 409, 409]
    desk.office.send()
    assert desk.server.recipients == {"here@example.com": 1, "gone@example.com": 1}


def test_a_run_that_comes_back_late_does_not_change_what_a_person_settled(desk: Desk) -> None:
    action_id = desk.unknown("a@example.com")
    [letter] = desk.letters(action_id)
    [run_id] = desk.office.column("select leased_by from deliveries where action_id = :id", action_id)
    with desk.api() as api:
        found = {"deliveries": [letter["id"]], "arrived": True}
        api.post(f"/dead-letters/{action_id}/resolve", json=found).raise_for_status()
    late = [Outcome(letter["id"], DeliveryState.FAILED)]
    with records.session(desk.office.settings, Role.PIPELINES) as session:
        action = desk.office.locked(session, action_id)
        assert not delivery_chunks.settle(
            session, action, run_id, late, Actor(ActorKind.RUN, run_id), mode="smtp"
        )
    assert desk.office.delivered(action_id) == {"sent": 1}
