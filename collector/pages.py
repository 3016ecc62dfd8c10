"""The ordinary routes: the pixel's script, and what operators look at. Plain FastAPI; nothing here is hot."""

from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from collector import pixel
from collector.directory import Directory
from collector.edge_log import EdgeLog
from collector.metrics import Metrics
from collector.shipping import Shipper


@dataclass(frozen=True, slots=True)
class Condition:
    """What works and what does not; the edge goes on taking events while ClickHouse or Postgres is away."""

    directory: Directory
    log: EdgeLog
    shipper: Shipper

    @property
    def takes_events(self) -> bool:
        return self.directory.is_loaded and not self.log.is_full

    def degraded(self) -> dict[str, str]:
        problems = {
            "postgres": "" if self.directory.is_fresh else "away; links and keys stay as they were",
            "clickhouse": "" if self.shipper.clickhouse_answers else "away; the edge log keeps what comes in",
            "spool": "at its disk limit (SPOOL_MAX_BYTES)" if self.log.is_full else "",
        }
        return {part: problem for part, problem in problems.items() if problem}


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
