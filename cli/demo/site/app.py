"""The shop's pages and feeds."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from cli.demo import people, shop
from cli.demo.news import entries, formats, outlets
from cli.demo.site import rotation
from store import clock
from store.settings import Service, Settings

HERE = Path(__file__).parent
LATEST = 4
_FOUND = {product.slug: product for product in shop.PRODUCTS}


def create_app(settings: Settings, now: Callable[[], datetime] = clock.now) -> Starlette:
    """The site of an installation; it refuses to exist in production."""
    site = _Site(settings, now)
    return Starlette(
        routes=[
            Route("/", site.front_page),
            Route("/products/{slug}", site.product_page),
            Route("/guide", site.guide),
            Route("/news", site.news),
            Route("/feeds/{name}", site.feed),
            Route("/healthz", lambda _: PlainTextResponse("ok")),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]
    )


class _Site:
    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._address = settings.address(Service.DEMO_SITE)
        self._pages = Jinja2Templates(HERE / "templates")
        self._pages.env.globals |= {
            "shop_name": shop.NAME,
            "products": shop.PRODUCTS,
            "outlets": outlets.OUTLETS,
            "currency": shop.CURRENCY,
            "collector": settings.address(Service.COLLECTOR),
            "browser_key": people.keys(settings)["browser_key"],
        }

    def front_page(self, request: Request) -> Response:
        return self._page(request, "front_page.html", arm=rotation.shown(self._settings, shop.HERO))

    def product_page(self, request: Request) -> Response:
        product = _FOUND.get(request.path_params["slug"])
        if product is None:
            raise HTTPException(404, "This shop has no such product.")
        arm = rotation.shown(self._settings, shop.CALL_TO_ACTION)
        return self._page(request, "product.html", product=product, arm=arm)

    def guide(self, request: Request) -> Response:
        return self._page(request, "guide.html")

    def news(self, request: Request) -> Response:
        """What the trade writes; a reader that is given this address finds the feeds by it."""
        now = self._now()
        latest = [(outlet, entries.published(outlet, now)[:LATEST]) for outlet in outlets.OUTLETS]
        return self._page(request, "news.html", latest=latest)

    def feed(self, request: Request) -> Response:
        """A feed with both validators, so that a polite reader gets 304."""
        outlet = outlets.BY_PATH.get(request.url.path)
        if outlet is None:
            raise HTTPException(404, "There is no such feed; /news names those that there are.")
        now = self._now()
        if outlet.is_down(now):
            # A 503 with Retry-After would speak for the host, and all outlets of the demo share one.
            return PlainTextResponse("The press has stopped.", 500)
        body = formats.document(outlet, now, f"{self._address}{outlet.path}")
        changed = max((entry.published_at for entry in entries.published(outlet, now)), default=None)
        headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "max-age=60"}
        if changed is not None:
            headers["Last-Modified"] = format_datetime(changed, usegmt=True)
        if _is_known(request, headers["ETag"], changed):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=f"{outlet.format.media_type}; charset=utf-8", headers=headers)

    def _page(self, request: Request, template: str, **values: object) -> Response:
        answer = self._pages.TemplateResponse(request, template, values)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _is_known(request: Request, etag: str, changed: datetime | None) -> bool:
    """Whether the reader has this very version; where it names a tag, its date does not count."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    since = request.headers.get("if-modified-since")
    if since is None or changed is None:
        return False
    try:
        known_until = parsedate_to_datetime(since)
    except ValueError:
        return False
    return changed <= (known_until if known_until.tzinfo else known_until.replace(tzinfo=UTC))
