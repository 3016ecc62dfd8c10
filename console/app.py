"""The console's wiring: routers, middleware, errors and the check that the table of permissions is complete."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from console import answers, api, health, pages, static_files
from console.api import description
from console.changes import Changes
from console.door import etags, idempotency, permissions, roles, scopes, sign_in
from console.door.admission import admit
from console.door.body_limit import BodyLimit
from console.door.headers import SecurityHeaders
from console.door.request_log import RequestLog
from console.door.versions import Versions
from console.frame import rendering
from console.rates import RateLimit, Rates
from console.trends import feed_book
from console.trends.feed_finding import Finder
from console.watch import Watch
from store.settings import Settings

# What a form or JSON adds to a file.
AROUND_A_FILE = 64 * 1024
# A form may bring several files: as many as that if each is as large as one may be.
FILES_AT_ONCE = 4
ROUTERS: tuple[APIRouter, ...] = (*pages.ROUTERS, *api.ROUTERS, health.router)


def create_app(settings: Settings, *, watches: bool = False) -> FastAPI:
    """The console of an installation; one that `watches` raises and tells alerts while it is up."""
    _check_permissions()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.changes.heard():
            with Watch(settings) if watches else nullcontext():
                yield

    app = FastAPI(
        title="Marketing Pipelines",
        summary=description.SUMMARY,
        description=description.ABOUT,
        openapi_tags=[{"name": name, "description": about} for name, about in description.SUBJECTS.items()],
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(admit)],
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.changes = Changes(settings)
    app.state.rights = roles.subjects(route for router in ROUTERS for route in router.routes)
    app.state.rates = Rates(settings.api_rate_per_minute)
    app.state.finder = Finder(settings)
    app.add_middleware(idempotency.KeepAnswers)
    app.add_exception_handler(idempotency.AskedBefore, idempotency.repeat)
    app.add_exception_handler(etags.NotModified, etags.not_modified)
    answers.install(app)
    larger = {
        "POST /api/campaigns": settings.campaign_max_body_bytes,
        "POST /campaigns/new": settings.campaign_max_body_bytes,
        "POST /api/assets": settings.asset_max_bytes + AROUND_A_FILE,
        # In JSON each line break and each quote is two characters.
        "POST /api/uploads": 2 * settings.upload_max_bytes + AROUND_A_FILE,
        "POST /uploads": settings.upload_max_bytes + AROUND_A_FILE,
        "POST /api/feeds/import": 2 * feed_book.LARGEST_OPML + AROUND_A_FILE,
        # A file, or the text in its place.
        "POST /feeds/import": 2 * feed_book.LARGEST_OPML + AROUND_A_FILE,
        "POST /feeds/import/confirm": feed_book.LARGEST_OPML + AROUND_A_FILE,
        "POST /assets": FILES_AT_ONCE * settings.asset_max_bytes + AROUND_A_FILE,
    }
    app.add_middleware(BodyLimit, larger=larger)
    app.add_middleware(RateLimit)
    app.add_middleware(Versions)
    app.add_middleware(SecurityHeaders, over_tls=sign_in.is_over_tls(settings))
    app.add_middleware(RequestLog)
    for router in ROUTERS:
        app.include_router(router)
    description.describe(app)
    # The files of Swagger UI come in a package; of its own pages none is used.
    app.mount("/docs/files", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs")
    app.mount("/static", static_files.compressed(rendering.STATIC), name="static")
    return app


def endpoints() -> Iterator[str]:
    """Every endpoint there is, named as in the table of permissions."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route} is not an endpoint"
            for method in route.methods or ():
                yield f"{method} {route.path}"


def _check_permissions() -> None:
    served, listed = set(endpoints()), set(permissions.ACCESS)
    if served != listed:
        raise RuntimeError(
            f"console/door/permissions.py does not list {sorted(served - listed)} "
            f"and lists {sorted(listed - served)}, which nothing serves."
        )
    closed, scoped = scopes.closed(), set(scopes.SCOPES)
    if closed != scoped:
        raise RuntimeError(
            f"console/door/scopes.py does not list {sorted(closed - scoped)} and lists {sorted(scoped - closed)} in vain."
        )
