"""What an authority publishes at its address: fetched when needed, kept for a while, and never much of it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from collector.hooks.calls import CannotVerifyNow

T = TypeVar("T")

LARGEST = 64 * 1024
PATIENCE_SECONDS = 5.0
# Whoever knows where we listen can make us look for what is not there; this is how often.
FETCHES_A_MINUTE = 30


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    content: T
    fetched_ms: int


class Published(Generic[T]):
    """Documents at addresses that the owner of this has allowed; calls that need the same one wait for one fetch."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        read: Callable[[bytes], T],
        *,
        at_most: int,
        kept_ms: int,
        patience: float,
    ) -> None:
        self._http = http
        self._read = read
        self._at_most = at_most
        self._kept_ms = kept_ms
        self._patience = patience
        self._kept: dict[str, Kept[T]] = {}
        self._fetches: dict[str, asyncio.Task[T]] = {}
        self._fetched_at: deque[int] = deque(maxlen=FETCHES_A_MINUTE)

    async def get(self, address: str, now_ms: int, *, younger_than_ms: int | None = None) -> T:
        """What stands at the address, or stood there not longer ago than it is kept or may be old."""
        oldest = now_ms - (self._kept_ms if younger_than_ms is None else younger_than_ms)
        if (kept := self._kept.get(address)) and kept.fetched_ms > oldest:
            return kept.content
        if not (fetch := self._fetches.get(address)):
            fetch = self._start(address, now_ms)
        # Who hangs up while waiting does not take the answer from the others.
        return await asyncio.shield(fetch)

    def _start(self, address: str, now_ms: int) -> asyncio.Task[T]:
        if len(self._fetched_at) == FETCHES_A_MINUTE and now_ms - self._fetched_at[0] < 60_000:
            raise CannotVerifyNow("Too many certificates were asked for within a minute.", retry_after=60)
        self._fetched_at.append(now_ms)
        fetch = self._fetches[address] = asyncio.create_task(self._fetch(address, now_ms))
        fetch.add_done_callback(lambda done: self._ended(address, done))
        return fetch

    def _ended(self, address: str, fetch: asyncio.Task[T]) -> None:
        del self._fetches[address]
        # Nobody may be waiting any more; an error is then nobody's.
        if not fetch.cancelled():
            fetch.exception()

    async def _fetch(self, address: str, now_ms: int) -> T:
        try:
            async with asyncio.timeout(self._patience):
                content = self._read(await self._body_of(address))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            raise CannotVerifyNow(
                f"What proves this call could not be fetched from {httpx.URL(address).host} "
                f"({type(error).__name__}).",
                retry_after=30,
            ) from error
        self._kept.pop(address, None)
        self._kept[address] = Kept(content, now_ms)
        while len(self._kept) > self._at_most:
            del self._kept[next(iter(self._kept))]
        return content

    async def _body_of(self, address: str) -> bytes:
        plain = {"accept-encoding": "identity"}
        async with self._http.stream("GET", address, headers=plain, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise ValueError(f"answered {answer.status_code}")
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    raise ValueError(f"over {LARGEST} bytes")
            return body
