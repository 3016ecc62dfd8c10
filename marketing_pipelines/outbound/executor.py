"""The executor: takes what may go, sends it in chunks, and stays a while for what comes next."""

import logging
import time
from collections import Counter
from contextlib import ExitStack

from marketing_pipelines.outbound import checks, chunks, loading
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.chunks import Ending
from marketing_pipelines.outbound.gate import is_expecting
from marketing_pipelines.outbound.pulse import Pulse, standstill
from marketing_pipelines.outbound.sending import LEASE, Sending, actor_of
from store import records
from store.clock import now
from store.records import actions, deliveries, delivery_chunks, gate
from store.records.action_states import Move, State
from store.records.actions import Action
from store.records.database import Session
from store.records.deliveries import OPEN, DeliveryState
from store.records.gate import Taken, WatcherKind
from store.records.schema import ActionId
from store.settings import Role, Settings

POLL_SECONDS = 0.2
CHUNKS_A_SLICE = 50
MOST_ATTEMPTS = 5
# A process that lives for ever is one that nobody can look at when it is over.
LIVES_AT_MOST_SECONDS = 3600

log = logging.getLogger(__name__)


def execute(settings: Settings, run_id: str) -> Counter[State]:
    """Sends whatever is due until nothing has been for a while; tells in which states it left the actions."""
    left: Counter[State] = Counter()
    with records.session(settings, Role.PIPELINES) as session:
        gate.arrive(session)
    with ExitStack() as closing:
        carriers = Carriers(settings, closing)
        closing.callback(_leave, settings, run_id)
        began = idle_since = time.monotonic()
        while True:
            state = _work_on_next(settings, carriers, run_id)
            if state is not None:
                left[state] += 1
                idle_since = time.monotonic()
            elif _has_waited_enough(settings, began, idle_since):
                return left
            else:
                _wait(settings, run_id)


def _has_waited_enough(settings: Settings, began: float, idle_since: float) -> bool:
    """It stays a while for what comes, and longer while something is about to come; with no while, not at all."""
    idle, lived = time.monotonic() - idle_since, time.monotonic() - began
    if idle < settings.gate_drain_seconds:
        return False
    return not settings.gate_drain_seconds or lived > LIVES_AT_MOST_SECONDS or not is_expecting(settings)


def _work_on_next(settings: Settings, carriers: Carriers, run_id: str) -> State | None:
    """Takes and sends one slice; None when nothing is due."""
    if standstill(settings):
        return None
    with records.session(settings, Role.PIPELINES) as session:
        taken = gate.take(session, run_id, LEASE)
        if taken is None:
            return None
        gate.leave(session, run_id)
        sending = _begin(session, settings, taken, run_id)
        state = taken.action.state
    if sending is not None:
        state = _finish(sending, _send_slice(sending, carriers))
    loading.load_if_possible(settings, run_id)
    return state


def _begin(session: Session, settings: Settings, taken: Taken, run_id: str) -> Sending | None:
    """Starts or resumes the action under its row lock; what is not as it was approved ends right here."""
    action, actor = taken.action, actor_of(run_id)
    delivery_chunks.lapse(session, action, actor)
    is_new = action.state is State.APPROVED
    if action.state is not State.EXECUTING:
        step = Move.START if is_new else Move.RESUME
        actions.move(session, action, step, actor, run_key=taken.slice.run_key)
    try:
        if chunks.has_lapsed(action):
            raise checks.NotAsApproved("the approval lapsed before this was sent")
        if taken.slice.attempt > MOST_ATTEMPTS:
            raise checks.NotAsApproved(f"{MOST_ATTEMPTS} runs have tried and not come to an end")
        approved = checks.approved(session, settings, action)
    except checks.NotAsApproved as refused:
        log.warning("action %s is not sent: %s", action.id, refused)
        _give_up(session, taken.slice, action, run_id, str(refused))
        return None
    sending = Sending(
        settings,
        run_id,
        action.tenant_id,
        ActionId(action.id),
        action.version,
        taken.slice,
        approved,
    )
    if is_new or not deliveries.is_planned(session, action):
        deliveries.plan(session, action, sending.message_ids())
    return sending


def _send_slice(sending: Sending, carriers: Carriers) -> Ending:
    """Chunk after chunk until the slice is full, nothing is left to claim, or something says stop."""
    pulse, ending = Pulse(sending), Ending()
    chunks.look_up(sending, carriers)
    for _ in range(CHUNKS_A_SLICE):
        claims = chunks.claim(sending)
        if claims is None:
            break
        ending = chunks.send(sending, claims, pulse, carriers)
        if ending.outcomes:
            chunks.settle(sending, ending)
        if ending.interrupted:
            break
    return ending


def _finish(sending: Sending, ending: Ending) -> State:
    """Ends the slice, and the action with it when nothing is left; a troubled slice is tried again later."""
    with records.session(sending.settings, Role.PIPELINES) as session:
        action = actions.locked(session, sending.tenant, sending.action_id)
        assert action is not None, "an action with deliveries cannot be deleted"
        attempt = sending.slice.attempt
        if ending.trouble is None:
            gate.end(session, sending.slice)
        elif attempt >= MOST_ATTEMPTS:
            _give_up(
                session,
                sending.slice,
                action,
                sending.run_id,
                f"given up after {attempt} attempts: {ending.trouble}",
            )
            return action.state
        else:
            deliveries.postpone(session, action, now() + chunks.retry_at(attempt, ending.trouble))
            gate.give_back(session, sending.slice)
        _conclude(session, action, sending.run_id, mode=sending.approved.mode)
        return action.state


def _give_up(session: Session, slice: gate.Slice, action: Action, run_id: str, reason: str) -> None:
    deliveries.give_up(session, action, reason)
    gate.end(session, slice)
    _conclude(session, action, run_id, reason=reason)


def _conclude(session: Session, action: Action, run_id: str, **said: str) -> None:
    """Gives the action its outcome once every delivery has one."""
    counts = deliveries.counts(session, action)
    if action.state is not State.EXECUTING or any(counts[state] for state in OPEN):
        return
    outcome = {**said, **{state.value: count for state, count in counts.items()}}
    action.outcome = outcome
    actions.move(session, action, _ending_of(counts, given_up="reason" in said), actor_of(run_id), **outcome)


def _ending_of(counts: Counter[DeliveryState], *, given_up: bool) -> Move:
    """An unknown delivery may have arrived, so that an action with one has neither succeeded nor failed."""
    if not (given_up or counts[DeliveryState.FAILED] or counts[DeliveryState.UNKNOWN]):
        return Move.SUCCEED
    arrived = counts[DeliveryState.SENT] + counts[DeliveryState.UNKNOWN] + counts[DeliveryState.SIMULATED]
    return Move.FAIL_PARTLY if arrived else Move.FAIL


def _wait(settings: Settings, run_id: str) -> None:
    """Says that a warm run is there, so that the sensors start no other, and lets a moment pass."""
    with records.session(settings, Role.PIPELINES) as session:
        gate.watch(session, run_id, WatcherKind.RUN)
    time.sleep(POLL_SECONDS)


def _leave(settings: Settings, run_id: str) -> None:
    with records.session(settings, Role.PIPELINES) as session:
        gate.leave(session, run_id)
