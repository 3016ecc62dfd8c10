"""What people see on any screen: no page scrolls sideways, nothing is too small to hit, and the keyboard reaches all of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from store.settings import Settings
from tests.console.furnished import Furnished, furnished

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 640, 768, 1360, 1920, 3840)
OVERFLOWING = """() => {
  const wide = document.documentElement;
  if (wide.scrollWidth <= wide.clientWidth) return null;
  const out = [...document.querySelectorAll("body *")].filter(it => it.getBoundingClientRect().right > wide.clientWidth + 1
    && !it.closest(".scroll")).slice(-1)[0];
  return `${wide.scrollWidth} px of ${wide.clientWidth}: ` + (out ? out.outerHTML.slice(0, 160) : "?");
}"""
# A link within a sentence is as high as its line (WCAG 2.5.8 says so); a box that is ticked is as large as its label.
SMALL = """(least) => [...document.querySelectorAll("a[href], button, select, input:not([type=hidden]), summary")].filter(it => {
    const box = it.getBoundingClientRect();
    if (!box.width || !box.height || it.matches(".unseen, .skip, [tabindex='-1']")) return false;
    const target = it.matches("[type=checkbox], [type=radio]") && it.closest("label") || it;
    const seen = getComputedStyle(it), after = getComputedStyle(it, "::after");
    if (seen.display === "inline" && after.position !== "absolute") return false;
    if (after.position === "absolute" && after.content !== "none") return false;
    return target.getBoundingClientRect().height < least - 0.5;
  }).map(it => it.outerHTML.slice(0, 100) + " is " + Math.round(it.getBoundingClientRect().height) + " px high")"""


@pytest.fixture(scope="module")
def full(settings: Settings) -> Iterator[Furnished]:
    with furnished(settings) as found:
        yield found


@pytest.mark.parametrize("part", range(2))
def test_no_page_scrolls_sideways_and_everything_can_be_hit(
    full: Furnished, browser: Browser, part: int
) -> None:
    found = list[str]()
    with full.opened(browser) as window:
        page = window.new_page()
        for address in full.addresses()[part::2]:
            page.goto(address)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                if out := page.evaluate(OVERFLOWING):
                    found.append(f"{address} at {width}: {out}")
            for width, least in ((1360, 24), (360, 40)):
                page.set_viewport_size({"width": width, "height": 800})
                found += [f"{address} at {width}: {it}" for it in page.evaluate(SMALL, least)]
    assert found == [], "\n".join(found)
