"""The console's own files: kept by browsers for good, since their address changes with what is in them."""

from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

FOR_GOOD = "public, max-age=31536000, immutable"


class Versioned(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = FOR_GOOD
        return response


def compressed(directory: Path) -> ASGIApp:
    """Pages go out as they are: what is in them is secret, and its length under compression would tell of it."""
    return GZipMiddleware(Versioned(directory=directory), minimum_size=1024)
