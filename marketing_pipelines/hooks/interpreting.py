"""The calls of a provider that wait, each read in a transaction of its own, a bounded batch a run."""

import logging
import time
from collections import Counter
from collections.abc import Callable

from store import records
from store.records import hooks
from store.records.database import Session
from store.records.hooks import HookCall, Waiting
from store.settings import Role, Settings

CALLS_A_RUN = 500
LONGEST_RUN_SECONDS = 120.0

Read = Callable[[Session, HookCall], Counter[str]]
"""Makes of a call what there is to be made of it, marks it as interpreted, and gives what it came to."""

log = logging.getLogger(__name__)


class NotInterpreted(Exception):
    """Some calls could not be worked on; they wait, and the next run tries again."""


def waiting(settings: Settings, provider: str, *, of_connections: bool = False) -> Waiting | None:
    """What there is to do, for whoever decides whether a run is needed."""
    with records.session(settings, Role.PIPELINES) as session:
        return hooks.waiting(session, provider, of_connections=of_connections)


def interpret(settings: Settings, provider: str, read: Read, *, of_connections: bool = False) -> Counter[str]:
    """Works on the calls that wait, and gives what they came to; one that breaks holds up no other.

    Where only calls of connections are read, the others wait until their secret belongs to one.
    """
    tally, broken = Counter[str](), list[int]()
    ends = time.monotonic() + LONGEST_RUN_SECONDS
    for _ in range(CALLS_A_RUN):
        with records.session(settings, Role.PIPELINES) as session:
            call = hooks.claim(session, provider, besides=broken, of_connections=of_connections)
            if call is None or time.monotonic() > ends:
                break
            number = call.id
            try:
                with session.begin_nested():
                    tally += read(session, call)
            except Exception:
                log.exception("call %d of %s could not be worked on; it waits", number, provider)
                broken.append(number)
    if broken:
        raise NotInterpreted(f"These calls of {provider} could not be worked on, and wait: {broken}. {tally}")
    return tally


def unreadable(session: Session, call: HookCall, why: str) -> Counter[str]:
    """Says of a call that nothing can be made of it; nobody takes it again."""
    hooks.mark_interpreted(session, call, trouble=why)
    log.warning("call %d of %s says nothing that can be read: %s", call.id, call.provider, why)
    return Counter(unreadable_calls=1)
