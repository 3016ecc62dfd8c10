"""How many statements run at once, and how many may wait for that."""

import asyncio
from dataclasses import dataclass

from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode


@dataclass(frozen=True, slots=True)
class Bounds:
    running: int
    waiting: int
    patience: float
    """Seconds that a statement waits for its turn."""


class Admission:
    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._turns = asyncio.Semaphore(bounds.running)
        self._waiting = 0

    async def enter(self) -> None:
        """Takes a place among the running, to be left again; raises a server's error 202 when there is none."""
        if self._turns.locked() and self._waiting >= self._bounds.waiting:
            raise self._too_many()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._bounds.patience):
                await self._turns.acquire()
        except TimeoutError:
            raise self._too_many() from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        self._turns.release()

    def _too_many(self) -> ClickHouseError:
        return ClickHouseError(
            ErrorCode.TOO_MANY_SIMULTANEOUS_QUERIES,
            f"Too many simultaneous queries. Maximum: {self._bounds.running}",
        )
