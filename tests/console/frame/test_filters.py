"""Filters of lists: sent as they stand, nothing chosen, each answers with its list."""

import re
from urllib.parse import urlencode

import pytest

from console.frame.places import GROUPS
from tests.console.visitors import Person, submitted

_FORM = re.compile(r'<form[^>]*method="get"[^>]*>.*?</form>', re.DOTALL)
_ADDRESS = re.compile(r'action="([^"]+)"')
_NAME = re.compile(r'<(?:input|select)(?![^>]*type="(?:checkbox|hidden)")[^>]*\bname="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
FILTERED = (
    "/actions",
    "/approvals",
    "/campaigns",
    "/calendar",
    "/assets",
    "/links",
    "/ads",
    "/audit",
    "/alerts",
    "/visitors",
    "/feeds",
)


@pytest.mark.parametrize("address", FILTERED)
def test_a_filter_in_which_nothing_is_chosen_shows_everything(
    admin: Person, marketer: Person, address: str
) -> None:
    submitted(marketer)
    with marketer.api() as api:
        api.post("/feeds", json={"name": "News", "url": "https://news.example/feed"}).raise_for_status()
    forms = admin.forms()
    found = [form for form in _FORM.findall(forms.get(address).text) if _NAME.search(form)]
    assert found, address
    for form in found:
        target = _ADDRESS.search(form)
        assert target
        asked = urlencode([*_HIDDEN.findall(form), *((name, "") for name in _NAME.findall(form))])
        answer = forms.get(f"{target[1]}?{asked}")
        assert answer.status_code == 200, (target[1], asked)


def test_every_screen_with_a_filter_is_among_them(admin: Person) -> None:
    forms = admin.forms()
    places = [place.address for group in GROUPS for place in group.places]
    with_filters = [
        place for place in places if any(_NAME.search(form) for form in _FORM.findall(forms.get(place).text))
    ]
    assert set(with_filters) <= set(FILTERED)
