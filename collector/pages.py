"""The ordinary routes: the pixel's script, what the edge says of itself, and what operators look at. Plain FastAPI;
nothing here is hot."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from collector import openapi
from collector.condition import Condition
from collector.metrics import Metrics
from marketing_pipelines.events import pixel
from store.settings import Settings

STYLE = Path(__file__).with_name("edge.css").read_bytes()
PIXEL_TAG = f'"{pixel.VERSION}"'
# Any page may load it, and one that pins it by a hash needs the first of these for that.
PIXEL_HEADERS = {
    "ETag": PIXEL_TAG,
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
FOR_AN_HOUR = "public, max-age=3600"

Answers = dict[int | str, dict[str, Any]]


class Alive(BaseModel):
    ok: bool = True


class Readiness(BaseModel):
    """What does not work as it should, by its part of the house."""

    ready: bool
    degraded: dict[str, str]


class Script(Response):
    media_type = "text/javascript"


class Style(Response):
    media_type = "text/css"


def ordinary_routes(settings: Settings, condition: Condition, metrics: Metrics) -> FastAPI:
    app = FastAPI(title="Collector", openapi_url=None)

    @app.get("/healthz", summary="Whether the process lives.")
    async def healthz() -> Alive:
        return Alive()

    @app.get(
        "/readyz",
        summary="Whether it takes events, and what is degraded.",
        responses={503: {"model": Readiness, "description": "It takes none at the moment."}},
    )
    async def readyz(response: Response) -> Readiness:
        response.status_code = 200 if condition.takes_events else 503
        return Readiness(ready=condition.takes_events, degraded=condition.degraded())

    @app.get("/metrics", summary="What it counts, for Prometheus.", response_class=PlainTextResponse)
    async def prometheus() -> str:
        return metrics.text()

    @app.get(
        "/edge.css",
        summary="The style of its pages.",
        response_class=Style,
        responses={200: {"headers": _always({"Cache-Control": FOR_AN_HOUR})}},
    )
    async def style() -> Response:
        return Style(STYLE, headers={"Cache-Control": FOR_AN_HOUR})

    @app.get(
        "/t.js",
        summary="The newest pixel, for pages that want upgrades by themselves: looked for anew each hour.",
        response_class=Script,
        responses=_scripts(FOR_AN_HOUR, {304: {"description": "It is what the page has already."}}),
    )
    async def newest_pixel(request: Request) -> Response:
        if request.headers.get("if-none-match") == PIXEL_TAG:
            return Response(status_code=304, headers={**PIXEL_HEADERS, "Cache-Control": FOR_AN_HOUR})
        return _pixel(request, FOR_AN_HOUR)

    for_ever = "public, max-age=31536000, immutable"

    @app.get(
        "/t.{version}.js",
        summary="One build of the pixel for ever, as snippets with an integrity hash name it.",
        response_class=Script,
        responses=_scripts(for_ever) | {404: {"description": "There is no such build."}},
    )
    async def pinned_pixel(request: Request, version: str) -> Response:
        script = pixel.KEPT.get(f"/t.{version}.js")
        if script is None:
            raise HTTPException(404, "There is no such build of the pixel.")
        return _pixel(request, for_ever, script)

    @cache
    def described() -> bytes:
        return msgspec.json.encode(openapi.document(settings, app.openapi()))

    @app.get("/openapi.json", summary="This document.")
    async def document() -> Response:
        return Response(described(), media_type="application/json")

    return app


def _pixel(request: Request, caching: str, script: bytes = pixel.SCRIPT) -> Response:
    headers = {**PIXEL_HEADERS, "Cache-Control": caching}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Script(_packed(script), headers=headers)
    return Script(script, headers=headers)


@cache
def _packed(script: bytes) -> bytes:
    return gzip.compress(script, 9, mtime=0)


def _scripts(caching: str, others: Answers | None = None) -> Answers:
    """What the document says of a script's answers."""
    always = _always({**PIXEL_HEADERS, "Cache-Control": caching})
    packed = {"Content-Encoding": {"schema": {"const": "gzip"}}}
    told: Answers = {200: {"description": "The script.", "headers": {**always, **packed}}}
    return told | {status: {**other, "headers": always} for status, other in (others or {}).items()}


def _always(headers: dict[str, str]) -> dict[str, Any]:
    return {name: {"required": True, "schema": {"const": value}} for name, value in headers.items()}
