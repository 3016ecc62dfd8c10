"""A bound on what a request may carry, whether it states its length or not."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1024 * 1024


class BodyLimit:
    """Answers 413 through the application's own handler, so that it looks like every other error."""

    def __init__(
        self, app: ASGIApp, largest: int = LARGEST_BODY, larger: Mapping[str, int] | None = None
    ) -> None:
        """`larger` names endpoints that take more."""
        self._app = app
        self._largest = largest
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        largest = self._larger.get(f"{scope['method']} {scope['path']}", self._largest)
        taken = 0

        async def receive_within_limit() -> Message:
            nonlocal taken
            if stated.isdigit() and int(stated) > largest:
                raise _too_large(largest)
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > largest:
                raise _too_large(largest)
            return message

        await self._app(scope, receive_within_limit, send)


def _too_large(largest: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {largest:,} bytes.")
