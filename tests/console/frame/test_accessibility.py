"""axe on every page that the table of permissions names: nothing that keeps anybody out, in both schemes and widths."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page

from console.door.permissions import ACCESS
from console.frame.places import GROUPS
from store.settings import Settings
from tests.console.furnished import Furnished, Scheme, empty_console, furnished

pytestmark = pytest.mark.browser

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Redirects, files, streams and parts of pages; the pages that show the parts are looked at.
NO_PAGES = {
    "/actions/{action_id}/html", "/actions/{action_id}/manifest", "/actions/{action_id}/standing", "/admin", "/admin/approvals", "/admin/campaigns", "/admin/links", "/admin/trends",
    "/assets/{asset_id}/content", "/audit/export", "/audit/verifications", "/auth/forward", "/exports/list",
    "/exports/{token}/file", "/feeds/export.opml", "/healthz",
    "/links/{link_id}/qr.png", "/links/{link_id}/qr.svg", "/live", "/readyz", "/side", "/trends.md", "/trends/reading", "/uploads/list", "/uploads/template.csv",
}  # fmt: skip
# Swagger UI is somebody else's; setting up asks for a house without anybody in it.
ELSEWHERE = {"/docs", "/setup"}
LOOK = """async (only) => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"]});
  return found.violations.filter(it => ["serious", "critical"].includes(it.impact)).map(
    it => `${it.id} (${it.impact}): ` + it.nodes.slice(0, 4).map(
      node => node.target.join(" ") + " " + (node.any[0]?.message ?? node.html.slice(0, 120))).join(" | "));
}"""


@pytest.fixture(scope="module")
def full(settings: Settings) -> Iterator[Furnished]:
    with furnished(settings) as found:
        yield found


def found_by_axe(page: Page, address: str) -> list[str]:
    """Everything light and wide, and on a phone in the dark; of the other two what colours and widths decide."""
    page.goto(address)
    page.add_script_tag(path=AXE_FILE_PATH)
    everything = {"type": "tag", "values": STANDARD}
    some = {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]}
    said = list[str]()
    looks: list[tuple[Scheme, int, object]] = [
        ("light", 1360, everything), ("dark", 1360, some), ("dark", 360, everything), ("light", 360, some),
    ]  # fmt: skip
    for scheme, width, rules in looks:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        said += [f"{address} {scheme} {width}: {it}" for it in page.evaluate(LOOK, rules)]
    return said


def test_every_page_of_the_table_is_looked_at(full: Furnished) -> None:
    table = {
        path for method, _, path in (name.partition(" ") for name in ACCESS)
        if method == "GET" and not path.startswith("/api/")
    }  # fmt: skip
    looked_at = {endpoint.removeprefix("GET ") for endpoint in full.pages if endpoint}
    assert table - NO_PAGES - ELSEWHERE == looked_at - NO_PAGES
    assert {place.address for group in GROUPS for place in group.places} <= looked_at


def test_what_is_no_page_is_none(full: Furnished) -> None:
    forms = full.admin.forms()
    for path in NO_PAGES - {"/live"}:
        answer = forms.get(
            path.replace("{link_id}", "1").replace("{asset_id}", "1").replace("{action_id}", "1")
        )
        is_page = answer.is_success and "<main" in answer.text
        assert not is_page, path


@pytest.mark.parametrize("part", range(3))
def test_axe_finds_nothing_serious(full: Furnished, browser: Browser, part: int) -> None:
    with full.opened(browser, bypass_csp=True) as window:
        page = window.new_page()
        addresses = [it for it in full.addresses() if not it.endswith("/html")]
        found = [said for address in addresses[part::3] for said in found_by_axe(page, address)]
    assert found == [], "\n".join(found)


def test_axe_finds_nothing_serious_before_one_has_signed_in(
    full: Furnished, house: Settings, browser: Browser
) -> None:
    with empty_console(house) as set_up:
        context = browser.new_context(base_url=full.site, bypass_csp=True)
        page = context.new_page()
        entrances = [
            set_up,
            "/login",
            "/forgot",
            "/forgot?done=asked",
            *full.pages["GET /join"],
            "/reset?token=x",
        ]
        found = [said for address in entrances for said in found_by_axe(page, address)]
        context.close()
    assert found == [], "\n".join(found)
