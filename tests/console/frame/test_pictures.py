"""`make screenshots`: a picture of every place and of a page of each kind behind them."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from cli import pictures
from cli.pictures import DETAILS, PLACES, Look, Screen
from console.frame.places import GROUPS
from store.settings import Settings
from tests.console.furnished import PASSWORD, furnished

pytestmark = pytest.mark.browser

PHONE = Look("dark", 390, 844)


def test_every_screen_has_a_name_and_a_picture(settings: Settings, browser: Browser, tmp_path: Path) -> None:
    with furnished(settings) as full:
        log_in = {"email": full.admin.email, "password": PASSWORD}
        taken = list(pictures.every_screen(browser, full.site, log_in, PHONE, tmp_path))
    places = {place.icon for group in GROUPS for place in group.places}
    names = {path.stem for path in taken}
    assert names == places | {screen.name for screen in DETAILS} | {"log-in"}
    assert len(names) == len(PLACES) + len(DETAILS) + 1
    for path in taken:
        assert path.parent.name == "dark-390"
        with Image.open(path) as picture:
            assert picture.width == PHONE.width, path.name
            assert picture.height >= PHONE.height
            assert len(picture.convert("RGB").resize((64, 64)).getcolors(4096) or []) > 8, (
                f"{path.name} is blank"
            )


def test_what_has_nothing_to_open_is_left_out(settings: Settings, browser: Browser, tmp_path: Path) -> None:
    with furnished(settings) as full:
        log_in = {"email": full.admin.email, "password": PASSWORD}
        wanted = (Screen("none", "/pixel", r"/actions/\d+"), Screen("one", "/pixel"))
        taken = list(pictures.screens(browser, full.site, log_in, wanted, PHONE, tmp_path))
    assert [path.stem for path in taken] == ["one"]
