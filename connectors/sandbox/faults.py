"""The fault dial: what goes wrong with a provider's next answers, and a count of what it was asked."""

from collections import Counter, defaultdict, deque
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec

from connectors.face import Channel


class Fault(StrEnum):
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TRUNCATED = "truncated"
    TOO_MUCH_DATA = "too_much_data"
    ACCEPTED_THEN_SILENT = "accepted_then_silent"
    SLOW = "slow"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a fault, not a token
    REPORT_FAILED = "report_failed"
    REPORT_SKIPPED = "report_skipped"
    REPORT_STUCK = "report_stuck"
    REPORT_FORGOTTEN = "report_forgotten"


OF_REPORTS = frozenset(
    {Fault.REPORT_FAILED, Fault.REPORT_SKIPPED, Fault.REPORT_STUCK, Fault.REPORT_FORGOTTEN}
)
"""They do not spoil the answer that they meet: they show in what becomes of a report that it was about."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order to the dial: this fault for the next so many answers of one channel, or of some of its requests.

    `at` names those by method and path, with stars: "GET */act_*/insights".
    """

    channel: Channel
    fault: Fault
    at: Annotated[str, msgspec.Meta(max_length=200)] = "*"
    times: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    hint_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] | None = None
    delay_seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 1.0


class Dial:
    """The troubles still to come and the requests that came, by channel."""

    def __init__(self) -> None:
        self._to_come: dict[Channel, deque[Trouble]] = defaultdict(deque)
        self._requests: dict[Channel, Counter[str]] = defaultdict(Counter)

    def order(self, trouble: Trouble) -> None:
        self._to_come[trouble.channel].extend([trouble] * trouble.times)

    def take(self, channel: Channel, request: str) -> Trouble | None:
        """The trouble that meets the next answer, which uses it up."""
        waiting = self._to_come[channel]
        met = next((trouble for trouble in waiting if fnmatchcase(request, trouble.at)), None)
        if met is not None:
            waiting.remove(met)
        return met

    def left(self) -> dict[str, int]:
        """How many troubles are still to come."""
        return {channel: len(waiting) for channel, waiting in self._to_come.items()}

    def count(self, channel: Channel, request: str) -> None:
        self._requests[channel][request] += 1

    def requests(self) -> dict[str, dict[str, int]]:
        return {channel: dict(counted) for channel, counted in self._requests.items()}

    def reset(self) -> None:
        self._to_come.clear()
        self._requests.clear()
