"""Many actors at one action at once: whatever order the database gives them, the history is a legal one and whole."""

import threading
import uuid
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from store import records
from store.audit import Actor, ActorKind
from store.records import actions, audit_log
from store.records.action_states import MOVES, Move, State
from store.records.actions import ActionType, Channel, IllegalMove, Purpose
from store.records.schema import ActionId, TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

# Whole lives of an action that begin, so that the actors meet in states worth meeting in.
LIVES = st.lists(st.lists(st.sampled_from(Move), min_size=1, max_size=6), min_size=2, max_size=5)
BEGINNINGS = st.sampled_from(
    [
        (),
        (Move.SUBMIT,),
        (Move.SUBMIT, Move.APPROVE),
        (Move.SUBMIT, Move.APPROVE, Move.START),
        (Move.SUBMIT, Move.APPROVE, Move.START, Move.HOLD),
    ]
)


def test_random_histories_of_actors_at_once_are_legal_and_whole(house: Settings) -> None:
    tenant = a_tenant(house)

    @effort(max_examples=40)
    @given(beginning=BEGINNINGS, lives=LIVES)
    def the_history_is_legal(beginning: Sequence[Move], lives: list[list[Move]]) -> None:
        action_id = an_action(house, tenant)
        begun = take_all(house, tenant, action_id, "beginning", beginning)
        counts: list[int] = []
        start = threading.Barrier(len(lives))

        def live(number: int, steps: list[Move]) -> None:
            start.wait()
            counts.append(take_all(house, tenant, action_id, str(number), steps))

        threads = [threading.Thread(target=live, args=life) for life in enumerate(lives)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(counts) == len(lives), "nobody died over it"
        with records.session(house, Role.CONSOLE, tenant=tenant) as session:
            entries = audit_log.of_entity(session, tenant, "action", action_id)
            action = actions.locked(session, tenant, action_id)
            assert action is not None
            state = action.state
        assert len(entries) == 1 + begun + sum(counts), "an entry for each step, and none else"
        assert follow([entry.action for entry in entries[1:]]) is state

    the_history_is_legal()
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        assert audit_log.verify(session, tenant) is None


def follow(steps: Sequence[str]) -> State:
    """Where a history leads, by the table of moves alone."""
    state = State.DRAFT
    for step in steps:
        sources, target = MOVES[Move(step)]
        assert state in sources, f"{step} from {state}"
        state = target
    return state


def take_all(
    house: Settings, tenant: TenantId, action_id: ActionId, actor: str, steps: Sequence[Move]
) -> int:
    """Takes the steps that are legal when they are tried, and tells how many were."""
    taken = 0
    for step in steps:
        with records.session(house, Role.CONSOLE, tenant=tenant) as session:
            action = actions.locked(session, tenant, action_id)
            assert action is not None
            try:
                actions.move(session, action, step, Actor(ActorKind.USER, actor))
            except IllegalMove:
                continue
            taken += 1
    return taken


def an_action(house: Settings, tenant: TenantId) -> ActionId:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        what: dict[str, Any] = {"type": ActionType.EMAIL, "channel": Channel.SMTP, "payload": {}}
        someone = Actor(ActorKind.OPERATOR, "test")
        return ActionId(actions.create(session, tenant, someone, purpose=Purpose.CONTRACT, **what).id)


def a_tenant(house: Settings) -> TenantId:
    with records.session(house, Role.OWNER) as session:
        slug = f"t-{uuid.uuid4().hex[:12]}"
        row = Tenant(slug=slug, name=slug)
        session.add(row)
        session.flush()
        return row.id
