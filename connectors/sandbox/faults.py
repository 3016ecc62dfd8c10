"""The fault dial: what goes wrong with a provider's next answers, and a count of what it was asked."""

from collections import Counter, defaultdict, deque
from enum import StrEnum
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


class Trouble(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order to the dial: this fault for the next so many answers of one channel."""

    channel: Channel
    fault: Fault
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

    def take(self, channel: Channel) -> Trouble | None:
        """The trouble that meets the next answer, which uses it up."""
        waiting = self._to_come[channel]
        return waiting.popleft() if waiting else None

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
