"""What people do on a page: links that lead away, downloads, and forms without what was typed."""

import pytest
from playwright.sync_api import Page

from tests.collector.pixel.conftest import Shop

pytestmark = pytest.mark.browser

ELSEWHERE = "https://other.example/coats?size=m"
STAYS = "<script>addEventListener('click', (event) => event.preventDefault())</script>"


@pytest.mark.parametrize("how", ["click", "middle", "keyboard", "inside", "component"])
def test_a_way_out_is_seen_however_it_is_taken(page: Page, shop: Shop, how: str) -> None:
    shop.body = f"""{STAYS}<a id="out" href="{ELSEWHERE}"><b>Out</b></a><p id="host"></p><script>
      host.attachShadow({{mode: "open"}}).innerHTML = '<a href="{ELSEWHERE}">Out of a component</a>';
    </script>"""
    page.goto(shop.page())
    if how == "keyboard":
        page.press("#out", "Enter")
    elif how == "middle":
        # A second tab would open; that nothing stands behind the address does not matter.
        page.click("#out", button="middle")
    else:
        page.click({"click": "#out", "inside": "#out b", "component": "#host a"}[how])
    assert shop.event("outbound_click")["props"] == {"href": ELSEWHERE}
    assert shop.after(page).count("outbound_click") == 1


def test_what_leads_nowhere_else_is_no_way_out(page: Page, shop: Shop) -> None:
    shop.body = f"""{STAYS}
      <a href="/cart">Cart</a> <a href="#top">Top</a> <a href="mailto:a@b.example">Write</a>
      <a href="javascript:void 0">Script</a> <a>None</a> <i>Nothing</i>
      <a href="{ELSEWHERE}" id="right">Right button</a>"""
    page.goto(shop.page())
    for text in ("Cart", "Top", "Write", "Script", "None", "Nothing"):
        page.get_by_text(text, exact=True).click()
    page.click("#right", button="right")
    assert shop.after(page) == ["page_view"]


def test_downloads_are_seen_when_the_snippet_names_them(page: Page, shop: Shop) -> None:
    shop.body = (
        f'{STAYS}<a href="/list.pdf?v=2">List</a> <a href="/data.csv">Data</a> <a href="/pdf">Page</a>'
    )
    page.goto(shop.page())
    page.click("text=List")
    assert shop.after(page) == ["page_view"]
    shop.arrivals.clear()
    shop.include('data-downloads="pdf,zip"')
    page.goto(shop.page())
    for text in ("List", "Data", "Page"):
        page.click(f"text={text}")
    assert shop.after(page) == ["page_view", "download"]
    assert shop.event("download")["props"] == {"href": shop.page("/list.pdf?v=2")}


def test_a_form_is_a_lead_and_what_was_typed_stays_with_it(page: Page, shop: Shop) -> None:
    shop.body = """<form id="letter" name="newsletter" action="/thanks?token=hidden" method="post">
      <input name="id" value="typed-id"><input name="action" value="typed-action">
      <input name="email" value="typed@person.example"><button>Subscribe</button></form>"""
    page.goto(shop.page())
    page.click("text=Subscribe")
    page.wait_for_url("**/thanks?token=hidden")
    lead = shop.event("lead")
    assert lead["props"] == {"id": "letter", "name": "newsletter", "action": shop.page("/thanks")}
    assert "typed" not in str([arrival.body for arrival in shop.arrivals])


def test_a_form_that_the_page_sends_itself_is_a_lead_too(page: Page, shop: Shop) -> None:
    shop.body = """<form onsubmit="return false"><button>Subscribe</button></form>"""
    page.goto(shop.page("/letter?x=1"))
    page.click("text=Subscribe")
    assert shop.event("lead")["props"] == {"action": shop.page("/letter")}


def test_what_is_marked_is_not_looked_at(page: Page, shop: Shop) -> None:
    shop.body = f"""{STAYS}<main data-mp-ignore><a href="{ELSEWHERE}">Out</a>
      <form onsubmit="return false"><input type="submit" value="Go"></form></main>
      <a href="{ELSEWHERE}" data-mp-ignore>Also</a>"""
    page.goto(shop.page())
    page.click("text=Out")
    page.click("text=Also")
    page.evaluate("document.forms[0].requestSubmit()")
    assert shop.after(page) == ["page_view"]
