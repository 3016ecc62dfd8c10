"""Recipients that come with a campaign: taken in by a run that can be killed at any line, each counted once."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from marketing_pipelines.campaigns import intake as taking
from marketing_pipelines.requests import working
from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, contacts, groups, intakes, requested_runs
from store.records.action_states import State
from store.records.actions import Action
from store.records.groups import Group
from store.records.intakes import Intake
from store.records.people import MemberRole
from store.records.requested_runs import MOST_ATTEMPTS, RequestedRun, RunKind, RunState
from store.records.schema import NotUsable, TenantId, UserId
from store.settings import Role, Settings
from tests.campaigns.bringing import brought, run
from tests.conftest import environment_of
from tests.outbound.office import member, wait_for

ONE_RUN = """
import sys
from marketing_pipelines.campaigns import intake
from marketing_pipelines.requests import working
from store.settings import current

working.work_on(current(), int(sys.argv[1]), "a run that is killed", intake.take_in)
"""


@pytest.fixture
def author(house: Settings, tenant: TenantId) -> UserId:
    return member(house, tenant, MemberRole.MARKETER)


def seen(house: Settings, tenant: TenantId, request: int) -> tuple[RequestedRun, Intake, list[str]]:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found = intakes.of_request(session, tenant, request)
        return session.get_one(RequestedRun, request), found, found.addresses


def taken(house: Settings, request: int) -> int:
    with records.session(house, Role.OWNER) as session:
        return session.scalar(text("select taken from intakes where request_id = :id"), {"id": request}) or 0


def let_it_come_free(house: Settings, request: int) -> None:
    """The lease of a run that was killed has lapsed, or the pause after trouble is over."""
    with records.session(house, Role.OWNER) as session:
        past = "update requested_runs set due_at = now() - interval '1 second' where id = :id"
        session.execute(text(past), {"id": request})


def test_each_line_is_counted_as_what_it_is(house: Settings, tenant: TenantId, author: UserId) -> None:
    actor = Actor(ActorKind.USER, str(author))
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        contacts.ensure(session, tenant, "known@example.com")
        gone = contacts.ensure(session, tenant, "gone@example.com")
        contacts.opt_out(session, gone, actor, "asked")
    request = brought(
        house,
        tenant,
        author,
        [
            " New@Example.com ",
            "known@example.com",
            "gone@example.com",
            "nobody",
            "NEW@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "",
        ],
    )
    outcome = run(house, request)
    asked, intake, addresses = seen(house, tenant, request)
    counts = {"new": 1, "known": 1, "unsubscribed": 1, "repeated": 1, "invalid": 3}
    assert {kind: outcome[kind] for kind in taking.KINDS} == counts
    assert (asked.state, asked.outcome) == (RunState.DONE, outcome)
    assert [problem["line"] for problem in intake.problems] == [4, 6, 7]
    assert "Bcc" not in str(intake.problems), "an address is not repeated where it is told"
    assert addresses == [], "what was taken in is not kept twice"
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        assert intake.action_id is not None
        draft = session.get_one(Action, intake.action_id)
        assert draft.payload == {"groups": [intake.group_id], "subject": "News", "body": "Hello."}
        assert (draft.state, draft.author_id, draft.campaign_id) == (State.DRAFT, author, intake.campaign_id)
        group = session.get_one(Group, intake.group_id)
        assert groups.sizes(session, tenant, [group]) == {group.id: 3}
        assert group.name == f"Campaign {intake.campaign_id}: Spring"
        chain = audit_log.of_entity(session, tenant, "requested_run", request)
        assert [entry.action for entry in chain] == ["ask", "take", "finish"]
        assert audit_log.verify(session, tenant) is None


def test_a_run_that_is_killed_is_gone_on_with_and_nobody_is_counted_twice(
    house: Settings, tenant: TenantId, author: UserId
) -> None:
    lines = [f"r{n}@many.example" for n in range(6_000)]
    lines[::1_000] = ["not an address"] * 6
    request = brought(house, tenant, author, lines)
    environment = environment_of(house)
    with records.session(house, Role.CONSOLE, tenant=tenant) as somebody:
        # Whoever adds the same contact has to wait until this is over, so that it is killed in the middle.
        contacts.ensure(somebody, tenant, "r4500@many.example")
        with subprocess.Popen([sys.executable, "-c", ONE_RUN, str(request)], env=environment) as child:
            wait_for(lambda: taken(house, request) == 4_000)
            child.kill()
        somebody.rollback()
    assert taken(house, request) == 4_000
    assert run(house, request) is None, "its lease still holds"
    let_it_come_free(house, request)
    outcome = run(house, request)
    assert {kind: outcome[kind] for kind in taking.KINDS} == {
        "new": 5_994,
        "known": 0,
        "unsubscribed": 0,
        "repeated": 0,
        "invalid": 6,
    }
    asked, intake, _ = seen(house, tenant, request)
    assert (asked.state, asked.attempts, intake.taken) == (RunState.DONE, 2, 6_000)
    assert run(house, request) is None, "it is done"
    with records.session(house, Role.OWNER) as session:
        drafts = session.scalar(
            text("select count(*) from actions where campaign_id = :id"), {"id": intake.campaign_id}
        )
    assert drafts == 1


def test_a_run_that_was_thought_dead_stops_when_another_has_taken_over(
    house: Settings, tenant: TenantId, author: UserId
) -> None:
    lines = [f"r{n}@slow.example" for n in range(2_500)]
    request = brought(house, tenant, author, lines)
    outcomes: list[Any] = []

    def slowly(turn: working.Turn) -> working.Outcome:
        let_it_come_free(house, request)
        outcomes.append(run(house, request))
        return taking.take_in(turn)

    assert working.work_on(house, request, "a slow run", slowly) is None
    assert outcomes[0]["new"] == 2_500
    asked, intake, _ = seen(house, tenant, request)
    assert (asked.state, asked.run_id != "a slow run", intake.taken) == (RunState.DONE, True, 2_500)


def test_a_list_without_any_address_has_failed_and_says_so(
    house: Settings, tenant: TenantId, author: UserId
) -> None:
    request = brought(house, tenant, author, ["x"] * 150)
    with pytest.raises(NotUsable, match="None of the 150 lines is a mail address"):
        run(house, request)
    asked, intake, addresses = seen(house, tenant, request)
    assert (asked.state, asked.reason) == (RunState.FAILED, "None of the 150 lines is a mail address.")
    assert (intake.counts["invalid"], len(intake.problems), intake.action_id) == (150, 100, None)
    assert addresses == []


def test_passing_trouble_is_tried_again_and_given_up_in_the_end(
    house: Settings, tenant: TenantId, author: UserId
) -> None:
    request = brought(house, tenant, author, ["a@example.com"])

    def broken(turn: working.Turn) -> working.Outcome:
        with turn.step() as session:
            session.execute(text("select 1 / 0"))
        return {}

    for attempt in range(1, MOST_ATTEMPTS + 1):
        with pytest.raises(Exception, match="division by zero"):
            working.work_on(house, request, f"run {attempt}", broken)
        asked = seen(house, tenant, request)[0]
        assert (asked.state, asked.attempts) == (RunState.RUNNING, attempt)
        assert asked.reason == "The run failed: DataError."
        assert run(house, request) is None, "it rests for a while"
        let_it_come_free(house, request)
    assert run(house, request) is None
    asked = seen(house, tenant, request)[0]
    assert (asked.state, asked.attempts) == (RunState.FAILED, MOST_ATTEMPTS)
    assert asked.reason == "Given up after 5 runs: The run failed: DataError."
    assert seen(house, tenant, request)[2] == [], "whatever became of it, the list is forgotten"


def test_what_waits_is_asked_for_under_a_key_that_no_run_has_had(
    house: Settings, tenant: TenantId, author: UserId
) -> None:
    request = brought(house, tenant, author, ["a@example.com"])

    def key() -> Iterator[str]:
        with records.session(house, Role.PIPELINES) as session:
            return iter([each.run_key for each in requested_runs.free(session) if each.id == request])

    first = next(key())
    with records.session(house, Role.OWNER) as session:
        ago = requested_runs.PATIENCE + timedelta(seconds=1)
        session.execute(
            text("update requested_runs set due_at = now() - :ago where id = :id"),
            {"ago": ago, "id": request},
        )
    second = next(key())
    assert second != first, "a run that never came"
    with records.session(house, Role.PIPELINES) as session:
        assert requested_runs.take(session, request, "one that dies")
    assert next(key(), None) is None
    let_it_come_free(house, request)
    assert next(key()) not in {first, second}


def test_who_asks_twice_while_it_waits_asks_once(house: Settings, tenant: TenantId, author: UserId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        first = requested_runs.ask(session, tenant, author, RunKind.FETCH_FEEDS)
        assert requested_runs.ask(session, tenant, author, RunKind.FETCH_FEEDS).id == first.id
    with records.session(house, Role.PIPELINES) as session:
        assert requested_runs.take(session, first.id, "a run")
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        later = requested_runs.ask(session, tenant, author, RunKind.FETCH_FEEDS)
        assert later.id != first.id, "a run that is under way may have passed what is new"
