"""The ordinary routes: the pixel's script, and what operators look at. Plain FastAPI; nothing here is hot."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from collector import pixel
from collector.condition import Condition
from collector.metrics import Metrics

STYLE = Path(__file__).with_name("edge.css").read_bytes()


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
    async def script(request: Request) -> Response:
        headers = {
            "ETag": pixel.ETAG,
            "Cache-Control": "public, max-age=3600",
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == pixel.ETAG:
            return Response(status_code=304, headers=headers)
        return Response(pixel.SCRIPT, media_type="text/javascript", headers=headers)

    return app
