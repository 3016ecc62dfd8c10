"""The ordinary routes: the pixel's script, and what operators look at. Plain FastAPI; nothing here is hot."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from collector.condition import Condition
from collector.metrics import Metrics
from marketing_pipelines.events import pixel

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


def ordinary_routes(condition: Condition, metrics: Metrics) -> FastAPI:
    app = FastAPI(title="Collector", openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, object]:
        response.status_code = 200 if condition.takes_events else 503
        return {"ready": condition.takes_events, "degraded": condition.degraded()}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def prometheus() -> str:
        return metrics.text()

    @app.get("/edge.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    @app.get("/t.js")
    async def newest_pixel(request: Request) -> Response:
        """For pages that want upgrades by themselves: looked for anew each hour."""
        if request.headers.get("if-none-match") == PIXEL_TAG:
            return Response(
                status_code=304, headers={**PIXEL_HEADERS, "Cache-Control": "public, max-age=3600"}
            )
        return _pixel(request, "public, max-age=3600")

    @app.get(pixel.PATH)
    async def pinned_pixel(request: Request) -> Response:
        """This version for ever, as snippets with an integrity hash name it."""
        return _pixel(request, "public, max-age=31536000, immutable")

    return app


def _pixel(request: Request, caching: str) -> Response:
    headers = {**PIXEL_HEADERS, "Cache-Control": caching}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(pixel.GZIPPED, media_type="text/javascript", headers=headers)
    return Response(pixel.SCRIPT, media_type="text/javascript", headers=headers)
