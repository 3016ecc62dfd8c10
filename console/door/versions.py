"""`/api/v1` is another name of `/api`: the path is put right once, before anything looks at it."""

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/api/"
V1 = "/api/v1/"
_ASKED = "asked_path"


class Versions:
    """Lets the rest of the console know one API; what it says of places is said in the words of the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(V1):
            await self._app(scope, receive, send)
            return

        async def send_in_v1(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith(API):
                    headers["location"] = V1 + headers["location"].removeprefix(API)
            await send(message)

        plain = API + scope["path"].removeprefix(V1)
        state = {**scope.get("state", {}), _ASKED: scope["path"]}
        rewritten = {**scope, "path": plain, "raw_path": plain.encode(), "state": state}
        await self._app(rewritten, receive, send_in_v1)


def asked_path(request: Request) -> str:
    """The path as it was asked for."""
    return getattr(request.state, _ASKED, request.url.path)
