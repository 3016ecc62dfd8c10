"""Hosts: one that wants to be left alone is, for all of its feeds and not only for the one it told.

A host with several ports is several servers: that one of them is down says nothing of the others.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from marketing_pipelines.trends.publishers.fetching import Failed, Fetched, NotModified, server_of
from marketing_pipelines.trends.publishers.troubles import Trouble

# Where a host does not say for how long.
A_WHILE = timedelta(minutes=5)

Answer = Fetched | NotModified | Failed


def left_alone_for(answer: Answer) -> timedelta | None:
    """How long no feed of a host is asked for after such an answer; None where it is about one feed only."""
    if not isinstance(answer, Failed):
        return None
    match answer.kind, answer.status:
        case Trouble.BUSY, 429:
            return answer.retry_after or A_WHILE
        case Trouble.BUSY, _:
            return answer.retry_after
        case (Trouble.BLOCKED, _) | (Trouble.UNREACHABLE, _):
            return A_WHILE
        case _:
            return None


@dataclass(frozen=True, slots=True)
class _Silence:
    until: float
    why: Failed


class Hosts:
    """What the hosts of a run have said so far; shared by all who ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent: dict[str, _Silence] = {}

    def ask(self, url: str, request: Callable[[], Answer]) -> Answer:
        """The answer to a request, which is not made while the host is left alone."""
        server = server_of(url)
        silence = self._silent.get(server)
        if silence and (left := silence.until - self._clock()) > 0:
            said = f"Not asked for, after another feed of {server}: {silence.why.reason}"
            return replace(silence.why, reason=said, retry_after=timedelta(seconds=left))
        answer = request()
        if (wait := left_alone_for(answer)) and isinstance(answer, Failed):
            self._silent[server] = _Silence(self._clock() + wait.total_seconds(), answer)
        return answer
