"""How often the API may be asked: bounded by person or key, and by address for whoever does not prove who they are."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console import answers
from console.door import bearers
from console.door.problems import TooManyRequests
from console.door.versions import API

WINDOW_SECONDS = 60
_MOST_REMEMBERED = 50_000
# What an IPv6 customer is given whole, and could otherwise ask from anew each time.
_HOME_NETWORK = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left in this minute, and in how many seconds the next begins."""

    limit: int
    remaining: int
    reset: int
    is_over: bool = False

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Rates:
    """Requests of the present minute by key; the key least recently seen is forgotten first."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._minutes: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def are_bounded(self) -> bool:
        return self._limit > 0

    def count(self, key: str) -> Standing:
        """Counts a request before any work is done for it."""
        with self._lock:
            began, counted = self._minute(key)
            if counted >= self._limit:
                return Standing(self._limit, 0, self._left(began), is_over=True)
            self._minutes[key] = (began, counted + 1)
            self._minutes.move_to_end(key)
            if len(self._minutes) > _MOST_REMEMBERED:
                self._minutes.popitem(last=False)
            return Standing(self._limit, self._limit - counted - 1, self._left(began))

    def is_over(self, key: str) -> bool:
        with self._lock:
            return self._minute(key)[1] >= self._limit

    def _minute(self, key: str) -> tuple[float, int]:
        now = self._clock()
        began, counted = self._minutes.get(key, (now, 0))
        return (began, counted) if now < began + WINDOW_SECONDS else (now, 0)

    def _left(self, began: float) -> int:
        return max(1, ceil(began + WINDOW_SECONDS - self._clock()))


class RateLimit:
    """Turns away whoever asks too often, and tells everyone how they stand."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        rates: Rates = scope["app"].state.rates
        if not rates.are_bounded:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        address = address_of(request)
        asking = bearers.asking(scope["app"].state.settings, request)
        standing = rates.count(asking.name if asking else address)
        is_doubtful = asking is not None and not asking.is_proven and rates.is_over(address)

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                if asking and message["status"] == 401:
                    rates.count(address)
                MutableHeaders(scope=message).update(standing.headers())
            await send(message)

        if standing.is_over or is_doubtful:
            refused = await answers.answer(request, TooManyRequests(standing.reset))
            await refused(scope, receive, send_with_standing)
            return
        await self._app(scope, receive, send_with_standing)


def address_of(request: Request) -> str:
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return f"address:{host}"
    if isinstance(address, IPv6Address):
        return f"address:{ip_network((address, _HOME_NETWORK), strict=False)}"
    return f"address:{address}"
