"""Working on what providers have told by their web hooks: each proven call once, and one that breaks holds up no other."""

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

log = logging.getLogger(__name__)


class NotInterpreted(Exception):
    """Some calls could not be worked on; they wait, and the next run tries again."""


def waiting(settings: Settings, provider: str) -> Waiting | None:
    """What there is to do, for whoever decides whether a run is needed."""
    with records.session(settings, Role.PIPELINES) as session:
        return hooks.waiting(session, provider)


def interpret(
    settings: Settings, provider: str, work: Callable[[Session, HookCall], Counter[str]]
) -> Counter[str]:
    """Works on the calls that wait, each in a transaction of its own, and gives what they came to.

    One that breaks holds up no other: suppressions must not wait for it.
    """
    tally, broken = Counter[str](), list[int]()
    ends = time.monotonic() + LONGEST_RUN_SECONDS
    for _ in range(CALLS_A_RUN):
        with records.session(settings, Role.PIPELINES) as session:
            call = hooks.claim(session, provider, besides=broken)
            if call is None or time.monotonic() > ends:
                break
            number = call.id
            try:
                with session.begin_nested():
                    tally += work(session, call)
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
