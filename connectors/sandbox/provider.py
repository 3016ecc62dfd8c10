"""What every stand-in is made of: its routes, its way to refuse, and the dial in front of both."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.face import Channel
from connectors.sandbox.faults import OF_REPORTS, Dial, Fault, Trouble

FAULT = "sandbox.fault"
"""Where a scope holds the fault that a stand-in has to play by itself."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider's stand-in; `sign_in` answers behind the dial's back, so that a fault meets an API call."""

    channel: Channel
    api: Sequence[BaseRoute]
    sign_in: Sequence[BaseRoute]
    refusal: Callable[[Trouble], Response]
    """The provider's own words for RATE_LIMITED, SERVER_ERROR, TOO_MUCH_DATA and EXPIRED_TOKEN."""

    def behind(self, dial: Dial) -> ASGIApp:
        dialled = _Dialled(self, dial)
        return Router([*self.sign_in], default=dialled)


class _Dialled:
    """An API whose answers the dial can spoil; every request is counted, spoilt or not."""

    def __init__(self, provider: Provider, dial: Dial) -> None:
        self._provider = provider
        self._dial = dial
        self._api = Router([*provider.api])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = f"{scope['method']} {scope['path']}"
        self._dial.count(self._provider.channel, request)
        trouble = self._dial.take(self._provider.channel, request)
        match trouble.fault if trouble else None:
            case None:
                await self._api(scope, receive, send)
            case Fault.TRUNCATED:
                await _truncated(self._api, scope, receive, send)
            case Fault.ACCEPTED_THEN_SILENT:
                await _silent(self._api, scope, receive, send)
            case Fault.SLOW:
                assert trouble
                await asyncio.sleep(trouble.delay_seconds)
                await self._api(scope, receive, send)
            case fault if fault in OF_REPORTS:
                await self._api({**scope, FAULT: fault}, receive, send)
            case _:
                assert trouble
                await self._provider.refusal(trouble)(scope, receive, send)


async def _silent(api: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Everything is done as it was asked, and the connection goes away where the answer should be."""

    async def lose(message: Message) -> None:
        del message

    await api(scope, receive, lose)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body", "body": b"", "more_body": True})


async def _truncated(api: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """The answer with its second half missing, under a length that hides the loss."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await api(scope, receive, keep)
    body = b"".join(message.get("body", b"") for message in messages)
    headers = {
        name.decode(): value.decode() for name, value in messages[0]["headers"] if name != b"content-length"
    }
    cut = Response(body[: len(body) // 2], status_code=messages[0]["status"], headers=headers)
    await cut(scope, receive, send)
