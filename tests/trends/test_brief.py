"""The brief: what publishers wrote is text in every form it takes."""

import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends import brief
from marketing_pipelines.trends.brief import Brief, Item, Source

DAY = date(2026, 11, 22)
LINK = "https://a.example/boots?a=1&b=2"
SAID = "Rapidly trending, sure"
BECAUSE = "7 feeds have told it in the last 24 hours, and none did in the two days before."
ONE = Item(
    "Boots & coats", LINK, SAID, BECAUSE, [Source(f"Paper {n}", f"https://{n}.example/") for n in range(6)]
)


class Read(HTMLParser):
    """The elements, addresses and words of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements, self.addresses, self.words = list[str](), list[str](), list[str]()
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [value or "" for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {"href"}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def of(item: Item, topic: str = "") -> Brief:
    return Brief(DAY, topic, [item])


def test_a_story_is_told_with_its_sources_and_why() -> None:
    document = Read(brief.html(of(ONE, "trade")))
    assert document.elements[:3] == ["h1", "h2", "a"]
    assert document.addresses == [LINK, *(f"https://{n}.example/" for n in range(brief.MOST_SOURCES))]
    text = "".join(document.words)
    assert "What spreads in trade, 22 November 2026" in text
    assert f"{SAID}. {BECAUSE}" in text
    assert "Paper 3 and 2 more." in text
    told = brief.markdown(of(ONE))
    assert told.startswith(
        "# What spreads, 22 November 2026\n\n## [Boots \\& coats](<https://a.example/boots?a=1&b=2>)"
    )
    assert "• <https://a.example/boots?a=1&amp;b=2|Boots &amp; coats>" in brief.chat(of(ONE))


def test_an_earlier_story_is_named_where_there_is_one() -> None:
    item = Item("Boots", LINK, SAID, BECAUSE, [], like="Coats, 1 October 2026")
    assert "Like an earlier story: Coats, 1 October 2026" in brief.html(of(item))
    assert "Like an earlier story: Coats, 1 October 2026" in brief.markdown(of(item))
    assert "earlier story" not in brief.html(of(ONE))


@pytest.mark.parametrize("form", [brief.html, brief.markdown, brief.chat])
def test_a_day_without_stories_says_so(form: Callable[[Brief], str]) -> None:
    assert "nothing was told by more feeds" in form(Brief(DAY, "", []))


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "data:text/html,x", "ftp://a.example"])
def test_what_leads_to_no_page_is_no_link(link: str) -> None:
    item = Item("Boots", link, SAID, BECAUSE, [])
    assert "javascript" not in brief.html(of(item))
    assert "(<javascript" not in brief.markdown(of(item))
    assert "<javascript" not in brief.chat(of(item))


HOSTILE = st.text(st.sampled_from("ab <>&\"'`*_[]()#!|@\\\n~-."), min_size=1) | st.text(min_size=1)


@given(HOSTILE, HOSTILE)
def test_whatever_a_title_says_it_stays_text(title: str, source: str) -> None:
    told = of(Item(title, LINK, SAID, BECAUSE, [Source(source, LINK)], like=title))
    document = Read(brief.html(told))
    assert document.elements == ["h1", "h2", "a", "p", "strong", "p", "a", "p"]
    assert set(document.addresses) == {LINK}
    said = brief.markdown(told)
    unescaped = re.sub(r"\\[\\`*_{}\[\]()<>#+\-.!|~&]", "", said)
    assert unescaped.count("](<") == 2, "the headline's and the source's"
    assert not re.search(r"[`!]", unescaped)
    in_chat = brief.chat(told)
    assert in_chat.count("<") == in_chat.count(">") == 1
    assert not re.search(r"[@!][a-z]", in_chat)
