"""Trying again: exponential back-off with full jitter, under the provider's own hints and a cap."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from connectors.errors import ChannelError, RateLimited, Transient

Answered = TypeVar("Answered")

PASSING: tuple[type[ChannelError], ...] = (Transient, RateLimited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long to try again; only for reading, never for a call that may have sent something."""

    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    total: float = 600.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random

    def through(
        self, attempt: Callable[[], Answered], passing: tuple[type[ChannelError], ...] = PASSING
    ) -> Answered:
        """Call `attempt` until it succeeds, or raise its last passing trouble once patience has run out."""
        deadline = self.clock() + self.total
        tried = 0
        while True:
            try:
                return attempt()
            except passing as trouble:
                tried += 1
                wait = self.wait_after(tried, trouble)
                if tried >= self.attempts or self.clock() + wait > deadline:
                    raise
            self.sleep(wait)

    def wait_after(self, tried: int, trouble: ChannelError) -> float:
        """A provider's hint is never shortened, only spread, so that many workers do not come back at once."""
        hint = trouble.retry_after if isinstance(trouble, RateLimited) else None
        if hint is not None:
            return hint + self.draw() * self.first_wait
        return self.draw() * min(self.longest_wait, self.first_wait * 2.0 ** min(tried - 1, 30))

    def bears(self, wait: float, waited: float) -> bool:
        """Whether to wait so long, after having waited so long before."""
        return self.attempts > 1 and wait <= self.longest_wait and waited + wait <= self.total
