"""Screenshots of the running demo, for the README and the docs."""

import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from cli import signposts
from cli.house import ROOT
from cli.up import CannotStart
from store.settings import Settings

IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1360, 860
LAYS_OUT_WITHIN_MS = 8_000


def take(house: Settings) -> list[Path]:
    """Every picture, from the demo that is up."""
    status = signposts.status(house)
    if not status["ready"] or "demo" not in status:
        raise CannotStart(f"The demo is not up: waiting for {status['waiting_for'] or 'the demo tenant'}.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        try:
            return [
                *_console(browser, status),
                *_picture(browser, "demo-site", status["urls"]["demo_site"], _rest),
                *_picture(browser, "lineage", f"{status['urls']['dagster']}/asset-groups", _lineage),
            ]
        finally:
            browser.close()


def installed_browser() -> str | None:
    """An installed Chromium or Chrome; None means Playwright's own download."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def _console(browser: Browser, status: dict) -> list[Path]:
    address, log_in = status["urls"]["console"], status["demo"]["log_ins"]["approver"]
    page = _page(browser)
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill(log_in["email"])
    page.get_by_label("Password").fill(log_in["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    taken = [_save(page, "console")]
    page.goto(f"{address}/approvals")
    taken.append(_save(page, "approvals"))
    first = page.locator("a[href^='/actions/']").first
    if first.count():
        first.click()
        page.wait_for_load_state()
        taken.append(_save(page, "approval"))
    page.close()
    return taken


def _picture(browser: Browser, name: str, address: str, settle: Callable[[Page], None]) -> list[Path]:
    page = _page(browser)
    page.goto(address)
    settle(page)
    taken = _save(page, name)
    page.close()
    return [taken]


def _page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")


def _save(page: Page, name: str) -> Path:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    return path


def _rest(page: Page) -> None:
    page.wait_for_load_state()


def _lineage(page: Page) -> None:
    """The graph is laid out in the page: there once its groups are, still once they have settled."""
    page.locator("foreignObject").first.wait_for(timeout=60_000)
    page.wait_for_timeout(LAYS_OUT_WITHIN_MS)
