"""A bound on what a request may carry, whether it states its length or not."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1024 * 1024


class BodyLimit:
    """Answers 413 through the application's own handler, so that it looks like every other error."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        taken = 0

        async def receive_within_limit() -> Message:
            nonlocal taken
            if stated.isdigit() and int(stated) > self._largest:
                raise self._too_large()
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:
                raise self._too_large()
            return message

        await self._app(scope, receive_within_limit, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"The body is larger than {self._largest:,} bytes.")
