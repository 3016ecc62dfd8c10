"""The script as it is served, and the tags and the policy that a page's author pastes."""

import base64
import gzip
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events import pixel

ADDRESS = "https://events.example.com"


class Tags(HTMLParser):
    """The tags of a piece of HTML, as a browser reads them."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(written)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_script_is_under_three_kilobytes_on_the_wire() -> None:
    assert len(gzip.compress(pixel.SCRIPT, 9, mtime=0)) < 3 * 1024


def test_the_texts_and_patterns_of_the_readable_script_are_served_as_they_are() -> None:
    readable = (Path(pixel.__file__).with_name("t.js")).read_text()
    code = "\n".join(line for line in readable.splitlines() if not line.lstrip().startswith("//"))
    texts = re.findall(r'"[^"\n]*"', code)
    patterns = re.findall(r"(?<=[(!, ])/[^/\s]+(?:\\/[^/\s]*)*/(?=[),.gi])", code)
    assert len(texts) > 50
    assert len(patterns) > 8
    assert [it for it in texts + patterns if it not in pixel.SCRIPT.decode()] == []


def test_version_and_integrity_name_the_very_bytes() -> None:
    assert hashlib.sha256(pixel.SCRIPT).hexdigest().startswith(pixel.VERSION)
    assert f"/t.{pixel.VERSION}.js" == pixel.PATH
    assert len(pixel.VERSION) == 12
    algorithm, _, digest = pixel.INTEGRITY.partition("-")
    assert hashlib.new(algorithm, pixel.SCRIPT).digest() == base64.b64decode(digest)


def test_every_build_that_pages_may_have_pinned_is_kept_as_it_was() -> None:
    assert pixel.KEPT[pixel.PATH] == pixel.SCRIPT, f"keep the new build: write it to kept{pixel.PATH}"
    for path, script in pixel.KEPT.items():
        assert path == f"/t.{hashlib.sha256(script).hexdigest()[:12]}.js"


@given(st.text())
def test_whatever_the_key_holds_the_snippet_is_one_script_with_that_key(key: str) -> None:
    [(tag, attributes)] = Tags(pixel.snippet(ADDRESS, key)).found
    assert tag == "script"
    assert attributes == {
        "async": None,
        "src": ADDRESS + pixel.PATH,
        "integrity": pixel.INTEGRITY,
        "crossorigin": "anonymous",
        "data-key": key,
    }


@given(st.text(st.characters(codec="utf-8")))
def test_whatever_the_key_holds_the_image_is_one_image(key: str) -> None:
    found = Tags(pixel.image(ADDRESS, key)).found
    assert [tag for tag, _ in found] == ["noscript", "img"]
    assert str(found[1][1]["src"]).startswith(f"{ADDRESS}/pixel.gif?key=")


def test_a_path_behind_the_address_is_left_out() -> None:
    assert pixel.content_security_policy(f"{ADDRESS}/") == (
        f"script-src 'self' {ADDRESS}; connect-src 'self' {ADDRESS}; img-src 'self' {ADDRESS}"
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "events.example.com",
        "javascript:alert(1)",
        "https://",
        "https://a.example; script-src *",
        "https://a.example'unsafe-inline'",
        'https://a.example"onload="x',
        "https://user:password@a.example",
    ],
)
def test_what_is_no_address_of_a_collector_is_refused(address: str) -> None:
    for written in (pixel.content_security_policy, lambda it: pixel.snippet(it, "k")):
        with pytest.raises(ValueError, match="no address of a collector"):
            written(address)
