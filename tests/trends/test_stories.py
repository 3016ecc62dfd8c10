"""Stories: which entries tell the same thing."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends import stories


@pytest.mark.parametrize(
    "link",
    [
        "https://www.acme.example/news/boots",
        "http://acme.example/news/boots/",
        "https://ACME.example:443/news//boots?utm_source=x&utm_medium=rss#top",
        "https://m.acme.example/news/boots?fbclid=1&gclid=2&mc_cid=3",
    ],
)
def test_one_page_has_one_address(link: str):
    assert stories.canonical_url(link) == "acme.example/news/boots"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/item?id=1", "https://a.example/item?id=2"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "https://a.example:8443/x"),
        ("https://a.example/X", "https://a.example/x"),
    ],
)
def test_two_pages_have_two(one: str, other: str):
    assert stories.canonical_url(one) != stories.canonical_url(other)


def test_the_order_of_parameters_does_not_matter():
    assert stories.canonical_url("https://a.example/?b=2&a=1") == stories.canonical_url(
        "https://a.example?a=1&b=2"
    )


@pytest.mark.parametrize(
    "link", ["", "https://a.example/", "https://a.example", "http://[x", "http://a:99999/x"]
)
def test_a_front_page_is_no_story_and_neither_is_nonsense(link: str):
    assert stories.canonical_url(link) == ""


def test_entries_without_an_address_are_told_by_their_title():
    entries = pl.DataFrame(
        {
            "link": ["https://a.example/", "", "https://b.example/x"],
            "title": ["“Boots” are back!", "boots ARE back", "boots are back"],
            "entry_id": ["1", "2", "3"],
        }
    )
    first, second, third = stories.assign(entries)["story_id"]
    assert first == second != third


def test_entries_with_neither_are_stories_of_their_own():
    assert stories.story_id("", "", "1") != stories.story_id("", "…", "2")


@given(st.text(), st.text(), st.text())
def test_every_entry_has_a_story(link: str, title: str, entry_id: str):
    told = stories.story_id(link, title, entry_id)
    assert told == stories.story_id(link, title, entry_id)
    assert len(told) == 32
