"""The console's own files: whole as their makers published them, kept for good, small on the wire."""

import hashlib
import re
import tomllib

import httpx
import pytest

from console.frame.rendering import STATIC
from console.static_files import FOR_GOOD
from tests.console.visitors import Person

VENDORED = tomllib.loads((STATIC / "vendor" / "packages.toml").read_text())


def test_each_script_of_others_is_the_one_that_is_written_down() -> None:
    written = {name: digest for package in VENDORED.values() for name, digest in package["files"].items()}
    files = {path.name: path for path in (STATIC / "vendor").iterdir() if path.suffix in {".js", ".css"}}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == written
    for package in VENDORED.values():
        assert package["version"]
        assert package["licence"]


def test_the_version_is_the_one_in_the_file() -> None:
    assert f'"{VENDORED["htmx"]["version"]}"' in (STATIC / "vendor" / "htmx.min.js").read_text()
    assert f"(v{VENDORED['uplot']['version']})" in (STATIC / "vendor" / "uPlot.iife.min.js").read_text()[:80]


def test_what_a_page_names_is_kept_for_good_and_compressed(site: str, viewer: Person) -> None:
    page = viewer.forms().get("/").text
    named = re.findall(r'(?:src|href|data-\w+)="(/static/[^"#]+)', page)
    assert {address.partition("?")[0].rpartition("/")[2] for address in named} >= {
        "console.css",
        "console.js",
        "htmx.min.js",
        "icons.svg",
    }
    with httpx.Client(base_url=site) as reader:
        for address in named:
            answer = reader.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["cache-control"] == FOR_GOOD
            if len(answer.content) > 2048:
                assert answer.headers["content-encoding"] == "gzip", address


@pytest.mark.parametrize("path", ["/static/console.css", "/static/vendor/htmx.min.js"])
def test_an_address_without_its_version_is_kept_by_nobody(site: str, path: str) -> None:
    assert httpx.get(f"{site}{path}").headers["cache-control"] == "no-store"


def test_pages_with_secrets_are_not_compressed(viewer: Person) -> None:
    """Their length would tell, letter by letter, of the token in their forms."""
    assert "content-encoding" not in viewer.forms().get("/").headers
