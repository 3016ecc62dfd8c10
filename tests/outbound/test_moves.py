"""The table of moves in code and the trigger in the database refuse the very same things."""

import uuid

from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store import records
from store.audit import Actor, ActorKind
from store.records import actions, audit_log, dead_letters
from store.records.action_states import MOVES, Move, State
from store.records.actions import ActionType, Channel, IllegalMove, Purpose
from store.records.schema import ActionId
from store.records.tenants import Tenant
from store.settings import Role, Settings

LEGAL = {(source, target) for sources, target in MOVES.values() for source in sources}
SOMEONE = Actor(ActorKind.OPERATOR, "test")


def histories_of_an_action(house: Settings) -> type[RuleBasedStateMachine]:
    class History(RuleBasedStateMachine):
        """One action of its own tenant, moved by the function and pushed behind its back."""

        def __init__(self) -> None:
            super().__init__()
            slug = f"t-{uuid.uuid4().hex[:12]}"
            with records.session(house, Role.OWNER) as session:
                row = Tenant(slug=slug, name=slug)
                session.add(row)
                session.flush()
                self.tenant = row.id
            with records.session(house, Role.CONSOLE, tenant=self.tenant) as session:
                action = actions.create(
                    session,
                    self.tenant,
                    SOMEONE,
                    type=ActionType.EMAIL,
                    channel=Channel.SMTP,
                    payload={},
                    purpose=Purpose.CONTRACT,
                )
                self.action_id = ActionId(action.id)
            self.state = State.DRAFT
            self.entries = 1

        @rule(step=st.sampled_from(Move))
        def move(self, step: Move) -> None:
            sources, target = MOVES[step]
            with records.session(house, Role.CONSOLE, tenant=self.tenant) as session:
                action = actions.locked(session, self.tenant, self.action_id)
                assert action is not None
                try:
                    actions.move(session, action, step, SOMEONE)
                except IllegalMove:
                    assert self.state not in sources
                else:
                    assert self.state in sources
                    self.state = target
                    self.entries += 1

        @rule()
        def put_back(self) -> None:
            """What failed before it had any message is put back whole; all else has nothing to put back."""
            sources, target = MOVES[Move.REQUEUE]
            with records.session(house, Role.CONSOLE, tenant=self.tenant) as session:
                action = actions.locked(session, self.tenant, self.action_id)
                assert action is not None
                try:
                    dead_letters.requeue(session, action, SOMEONE, "the server is back")
                except IllegalMove:
                    assert self.state not in sources
                else:
                    assert self.state in sources
                    self.state = target
                    self.entries += 1

        @rule(to=st.sampled_from(State))
        def push(self, to: State) -> None:
            accepted = to is self.state or (self.state, to) in LEGAL
            try:
                with records.session(house, Role.OWNER) as session:
                    session.execute(
                        text("update actions set state = :state where id = :id"),
                        {"state": to.value, "id": self.action_id},
                    )
            except IntegrityError:
                assert not accepted
            else:
                assert accepted
                self.state = to

        @invariant()
        def the_record_says_what_happened(self) -> None:
            with records.session(house, Role.CONSOLE, tenant=self.tenant) as session:
                action = actions.locked(session, self.tenant, self.action_id)
                assert action is not None
                assert action.state is self.state
                assert (
                    len(audit_log.of_entity(session, self.tenant, "action", self.action_id)) == self.entries
                )
                assert audit_log.verify(session, self.tenant) is None

    return History


def test_random_histories_meet_no_illegal_state_and_lose_no_audit_entry(house: Settings) -> None:
    run_state_machine_as_test(
        histories_of_an_action(house),
        settings=effort(
            max_examples=25,
            stateful_step_count=15,
        ),
    )
