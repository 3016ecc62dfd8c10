"""The real browser that tests drive."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

from cli.pictures import installed_browser

# A page is waited for, however busy the machine is.
expect.set_options(timeout=30_000)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """An installed Chromium or Chrome, else Playwright's own; without either the test ends in a visible line."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed_browser(), args=ARGUMENTS)
        except Error as error:
            missing = f"no browser: the browser tests did not run ({str(error).splitlines()[0]})"
            if os.environ.get("CI") == "true":
                pytest.fail(missing)
            pytest.skip(missing)
        yield browser
        browser.close()
