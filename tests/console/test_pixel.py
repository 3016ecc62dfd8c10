"""The pixel's page: keys for sites, the tag that a page pastes, and nothing that anybody could write into it."""

import html
import re

from playwright.sync_api import Browser, expect

from marketing_pipelines.events import pixel
from store import records
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.frame.test_browser import opened, sign_in_by_keyboard
from tests.console.visitors import Person


def test_an_admin_adds_a_site_and_everybody_finds_its_tag(
    house: Settings, people: dict[MemberRole, Person]
) -> None:
    admin, viewer = people[MemberRole.ADMIN].forms(), people[MemberRole.VIEWER].forms()
    empty = viewer.get("/pixel").text
    assert "No page counts yet" in empty
    assert "An Admin adds the address" in empty
    added = admin.post_signed("/pixel/keys", origins="https://shop.example  https://www.shop.example")
    assert added.headers["location"] == "/pixel?done=added"
    shown = html.unescape(viewer.get("/pixel").text)
    [key] = set(re.findall(r"pk_[0-9a-f]{24}", shown))
    assert f'integrity="{pixel.INTEGRITY}"' in shown
    assert f'data-key="{key}"' in shown
    assert "https://shop.example, https://www.shop.example" in shown
    assert "script-src 'self'" in shown
    assert "Revoke" not in shown
    assert viewer.post_signed("/pixel/keys/revoke", key=key).status_code == 403
    assert admin.post_signed("/pixel/keys/revoke", key=key).status_code == 303
    assert key not in viewer.get("/pixel").text
    assert admin.post_signed("/pixel/keys/revoke", key=key).status_code == 404
    with records.session(house, Role.OWNER) as session:
        assert records.audit_log.verify(session, people[MemberRole.ADMIN].tenant) is None


def test_what_is_no_origin_is_refused_with_an_example(admin: Person) -> None:
    for origins in ("", "shop.example", "javascript:alert(1)", 'https://x"><script>'):
        refused = admin.forms().post_signed("/pixel/keys", origins=origins)
        assert refused.status_code == 422
        assert "https://shop.example" in html.unescape(refused.text)
        assert "<script>" not in refused.text


def test_a_site_is_added_by_keyboard_alone(browser: Browser, admin: Person) -> None:
    with opened(browser, admin.site) as page:
        sign_in_by_keyboard(page, admin, "/pixel")
        page.get_by_label("Addresses of the site").focus()
        page.keyboard.type("https://coats.example")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Added")
        expect(page.get_by_label("The tag for https://coats.example")).to_contain_text("integrity=")
