"""The gate: what lapsed expires, and what is approved, due and not stopped is asked a run for.

A run takes ten seconds to come, so it is asked for when somebody opens what they may sign: while they read, it starts.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from marketing_pipelines.outbound.pulse import standstill
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import actions, gate
from store.records.action_states import MOVES, Move
from store.records.database import Session
from store.records.gate import WatcherKind
from store.records.schema import ActionId, TenantId
from store.settings import Role, Settings

# Two sensors look all day: more often costs a core more than it wins.
POLL_SECONDS = 0.5
# A run that was asked for is there within seconds, or within a minute on a machine that is busy; asking again
# earlier would only make it busier.
PATIENCE = timedelta(seconds=90)
# A run that waits says so several times a second.
WAITS_WITHIN = timedelta(seconds=3)
# Nobody who opened a request longer ago is likely to sign it the next moment.
READS_FOR = timedelta(minutes=2)
# What is due at nine leaves at nine.
COMES_WITHIN = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Ask:
    """A run that is wanted, under a key that is never used twice; of no action when it is asked for ahead."""

    run_key: str
    tenant: TenantId | None = None
    action: ActionId | None = None


def wait_for_work(settings: Settings, watcher: str, until: float) -> Ask | None:
    """Looks for due work again and again, until `time.monotonic()` reads `until`; one look at least."""
    while True:
        asked = look(settings, watcher)
        if asked is not None or time.monotonic() >= until:
            return asked
        time.sleep(min(POLL_SECONDS, max(0.0, until - time.monotonic())))


def look(settings: Settings, watcher: str) -> Ask | None:
    """One look, in one transaction: asks for a run if one is needed, and expires what has lapsed."""
    with records.session(settings, Role.PIPELINES) as session:
        gate.watch(session, watcher, WatcherKind.SENSOR)
        lapsed = actions.lapsed(session)
        asked = None if standstill(settings) else _ask(session)
    for tenant, action in lapsed:
        _expire(settings, tenant, action, watcher)
    return asked


def _ask(session: Session) -> Ask | None:
    if gate.run_waits(session, WAITS_WITHIN):
        return None
    if not gate.is_quiet(session):
        slice = gate.ask(session, PATIENCE)
        return slice and Ask(slice.run_key, slice.tenant_id, slice.action_id)
    key = gate.ask_ahead(session, PATIENCE) if gate.is_expecting(session, READS_FOR, COMES_WITHIN) else None
    return Ask(key) if key else None


def is_expecting(settings: Settings) -> bool:
    """Whether a run that waits had better stay."""
    if standstill(settings):
        return False
    with records.session(settings, Role.PIPELINES) as session:
        return gate.is_expecting(session, READS_FOR, COMES_WITHIN)


def _expire(settings: Settings, tenant: TenantId, action_id: ActionId, watcher: str) -> None:
    """Time has run out: nobody decided, or nothing was sent in time; neither ever means yes."""
    with records.session(settings, Role.PIPELINES) as session:
        action = actions.locked(session, tenant, action_id)
        if action is None or action.state not in MOVES[Move.EXPIRE][0]:
            return
        if action.expires_at is not None and action.expires_at < now():
            actions.move(session, action, Move.EXPIRE, Actor(ActorKind.SENSOR, watcher))
