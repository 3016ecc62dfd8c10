"""The limit of our own server: uvicorn with an application that reads the body and does nothing."""

from collections.abc import Callable
from typing import Any


async def application(scope: dict[str, Any], receive: Callable[[], Any], send: Callable[..., Any]) -> None:
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
