"""Screenshots of the running demo: the few that README and docs show, and all screens for whoever looks after them."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from cli import signposts
from cli.house import ROOT
from cli.up import CannotStart
from console.frame.places import GROUPS
from store.settings import Settings

IMAGES = ROOT / "docs" / "images"
LAYS_OUT_WITHIN_MS = 8_000
DRAWS_WITHIN_MS = 10_000

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a screen is seen."""

    scheme: Scheme
    width: int
    height: int


DESK = Look("light", 1360, 860)
LOOKS = (DESK, Look("dark", 1360, 860), Look("light", 390, 844), Look("dark", 390, 844))


@dataclass(frozen=True, slots=True)
class Screen:
    """A page by its address; with `opens`, the first page that is linked there and whose address is like that."""

    name: str
    address: str
    opens: str = ""


PLACES = tuple(Screen(place.icon, place.address) for group in GROUPS for place in group.places)
DETAILS = (
    Screen("action-waiting", "/approvals?whose=all", r"/actions/\d+"),
    Screen("action-sent", "/actions?state=succeeded", r"/actions/\d+"),
    Screen("action-editor", "/actions/new/email"),
    Screen("campaign", "/campaigns", r"/campaigns/\d+"),
    Screen("asset", "/assets", r"/assets/\d+"),
    Screen("link", "/links", r"/links/\d+"),
    Screen("link-editor", "/links/new"),
    Screen("ad-campaign", "/ads", r"/ads/\d+"),
    Screen("roles", "/people/roles"),
    Screen("account", "/account"),
)
SHOWN = (
    Screen("console", "/"),
    Screen("approvals", "/approvals"),
    Screen("approval", "/approvals", r"/actions/\d+"),
)


def take(house: Settings, everything: Path | None = None) -> Iterator[Path]:
    """The pictures of the docs or, into a folder, all screens: light and dark, wide and on a phone."""
    status = signposts.status(house)
    if not status["ready"] or "demo" not in status:
        raise CannotStart(f"The demo is not up: waiting for {status['waiting_for'] or 'the demo tenant'}.")
    urls, people = status["urls"], status["demo"]["log_ins"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        try:
            if everything:
                for look in LOOKS:
                    yield from every_screen(browser, urls["console"], people["admin"], look, everything)
            else:
                yield from screens(browser, urls["console"], people["approver"], SHOWN, DESK, IMAGES)
                yield from _picture(browser, "demo-site", urls["demo_site"], _rest)
                yield from _picture(browser, "lineage", f"{urls['dagster']}/asset-groups", _lineage)
        finally:
            browser.close()


def installed_browser() -> str | None:
    """An installed Chromium or Chrome; None means Playwright's own download."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def every_screen(
    browser: Browser, console: str, log_in: Mapping[str, str], look: Look, folder: Path
) -> Iterator[Path]:
    """Each place of the navigation, a page of each kind behind it, and the way in."""
    into = folder / f"{look.scheme}-{look.width}"
    page = _page(browser, look)
    page.goto(f"{console}/login")
    yield _save(page, into / "log-in.png", whole=True)
    page.close()
    yield from screens(browser, console, log_in, PLACES + DETAILS, look, into, whole=True)


def screens(
    browser: Browser,
    console: str,
    log_in: Mapping[str, str],
    wanted: tuple[Screen, ...],
    look: Look,
    folder: Path,
    *,
    whole: bool = False,
) -> Iterator[Path]:
    """What somebody sees of these screens; one that has nothing to open is left out."""
    page = _page(browser, look)
    page.goto(f"{console}/login")
    page.get_by_label("Email").fill(log_in["email"])
    page.get_by_label("Password").fill(log_in["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    for screen in wanted:
        page.goto(f"{console}{screen.address}")
        if screen.opens:
            links = page.locator("main a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
            found = next((link for link in links if re.fullmatch(screen.opens, link)), None)
            if found is None:
                continue
            page.goto(f"{console}{found}")
        _draw_charts(page)
        yield _save(page, folder / f"{screen.name}.png", whole=whole)
    page.close()


def _draw_charts(page: Page) -> None:
    """They are drawn when they come into view."""
    for chart in page.locator("figure.chart").all():
        chart.scroll_into_view_if_needed()
        chart.locator(".plots canvas").first.wait_for(timeout=DRAWS_WITHIN_MS)
    page.evaluate("scrollTo(0, 0)")


def _picture(browser: Browser, name: str, address: str, settle: Callable[[Page], None]) -> Iterator[Path]:
    page = _page(browser, DESK)
    page.goto(address)
    settle(page)
    yield _save(page, IMAGES / f"{name}.png")
    page.close()


def _page(browser: Browser, look: Look) -> Page:
    return browser.new_page(viewport={"width": look.width, "height": look.height}, color_scheme=look.scheme)


def _save(page: Page, path: Path, *, whole: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=whole)
    return path


def _rest(page: Page) -> None:
    page.wait_for_load_state()


def _lineage(page: Page) -> None:
    """The graph is laid out in the page: there once its groups are, still once they have settled."""
    page.locator("foreignObject").first.wait_for(timeout=60_000)
    page.wait_for_timeout(LAYS_OUT_WITHIN_MS)
