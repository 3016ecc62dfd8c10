"""Discovery: the feeds that a page names or an address implies, best first, whatever the page is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends.parsing import discovery
from marketing_pipelines.trends.parsing.discovery import NamedFeed

URL = "https://shop.example/blog/"


def addresses(page: str) -> list[str]:
    return [feed.url for feed in discovery.named(page.encode(), "text/html", URL)]


def test_the_head_names_feeds_with_their_titles():
    page = b"""<html><head>
        <link rel="alternate" type="application/rss+xml" title="News &amp; more" href="/rss">
        <link rel='feed' href='json'>
        <LINK TYPE=application/atom+xml REL="home ALTERNATE" HREF=//other.example/atom>
        <link rel="stylesheet" href="/feed.css"></head></html>"""
    assert discovery.named(page, "text/html", URL) == [
        NamedFeed("https://shop.example/rss", "News & more"),
        NamedFeed("https://shop.example/blog/json", ""),
        NamedFeed("https://other.example/atom", ""),
    ]


def test_addresses_are_relative_to_the_base_of_the_page():
    page = '<base href="/de/"><link rel=alternate type=application/rss+xml href=feed.xml>'
    assert addresses(page) == ["https://shop.example/de/feed.xml"]


def test_links_come_after_the_head_and_comments_last():
    page = (
        '<a href="/blog/rss.xml">Our <b>feed</b></a>'
        '<link rel=alternate type=application/rss+xml title="Comments on Boots" href="/boots/feed">'
        "<link rel=alternate type=application/atom+xml href=/atom>"
    )
    assert addresses(page) == [
        "https://shop.example/atom",
        "https://shop.example/blog/rss.xml",
        "https://shop.example/boots/feed",
    ]


def test_a_link_has_its_text_for_a_title():
    assert discovery.named(b"<a href=/feed/>All stories</a>", "", URL)[0].title == "All stories"


@pytest.mark.parametrize(
    "page",
    [
        "<!-- <link rel=alternate type=application/rss+xml href=/a> -->",
        "<script>'<link rel=alternate type=application/rss+xml href=/a>'</script>",
        "<link rel=alternate type=application/json href=/wp-json/posts/4>",
        "<link rel=alternate hreflang=de href=/de>",
        "<a href='javascript:feed()'>feed</a><a href='mailto:feed@shop.example'>feed</a>",
        "<a href='/feedback'>feedback</a><a href='/rssa'>x</a>",
        "<link rel=alternate type=application/rss+xml href='http://[broken'>",
        "<link rel=alternate type=application/rss+xml>",
    ],
)
def test_what_names_no_feed_is_passed_over(page: str):
    assert addresses(page) == []


def test_a_vague_type_counts_with_an_address_that_says_feed():
    assert addresses("<link rel=alternate type=application/json href=/feed.json>") == [
        "https://shop.example/feed.json"
    ]


def test_a_feed_is_named_once_and_few_are_given():
    page = "".join(
        f"<link rel=alternate type=application/rss+xml href=/{number % 50}>" for number in range(500)
    )
    found = addresses(page)
    assert len(found) == len(set(found)) == discovery.MOST_FEEDS


def test_other_charsets_and_odd_references_are_read():
    page = "<a title='&#; &#xFFFFFFF; Größe' href=/feed>".encode("utf-16")
    assert [feed.title for feed in discovery.named(page, "text/html", URL)] == [
        "&#; \N{REPLACEMENT CHARACTER} Größe"
    ]


def test_a_quote_that_hides_a_section_ends_nothing():
    assert addresses('<a "> <![CDx["><link rel=feed href=/f>') == ["https://shop.example/f"]


@pytest.mark.parametrize(
    "piece", ["<a ", "<a '", '<link href="', "<!--", "<script ", "<a href=/feed>", "&#", "</"]
)
def test_a_hostile_page_gives_few_links(piece: str):
    assert len(addresses(piece * 200_000)) <= 1


@pytest.mark.parametrize(
    ("address", "feeds"),
    [
        (
            "https://www.youtube.com/channel/UCaaaaaaaaaaaaaaaaaaaaaa/videos",
            ["https://www.youtube.com/feeds/videos.xml?channel_id=UCaaaaaaaaaaaaaaaaaaaaaa"],
        ),
        ("https://old.reddit.com/r/marketing/", ["https://www.reddit.com/r/marketing/.rss"]),
        ("https://github.com/acme/boots/releases", ["https://github.com/acme/boots/releases.atom"]),
        ("https://social.example/@ann", ["https://social.example/@ann.rss"]),
        ("https://medium.com/@ann", ["https://medium.com/feed/@ann"]),
        ("ann.substack.com", ["https://ann.substack.com/feed"]),
    ],
)
def test_some_sites_tell_the_feed_by_the_page(address: str, feeds: list[str]):
    assert discovery.usual(address) == feeds


def test_elsewhere_a_few_paths_are_tried():
    assert discovery.usual("http://shop.example:8080/") == [
        "http://shop.example:8080/feed",
        "http://shop.example:8080/rss.xml",
        "http://shop.example:8080/atom.xml",
        "http://shop.example:8080/index.xml",
        "http://shop.example:8080/feed.json",
    ]
    assert discovery.usual(URL)[0] == "https://shop.example/blog/feed"


@pytest.mark.parametrize(
    "address", ["", "ftp://shop.example", "http://", "http://[x", "https://shop.example:x/"]
)
def test_no_web_address_has_no_usual_feeds(address: str):
    assert discovery.usual(address) == []


@given(page=st.binary(max_size=400), content_type=st.text(max_size=20), url=st.text(max_size=30))
def test_any_page_gives_web_addresses_or_none(page: bytes, content_type: str, url: str):
    for feed in discovery.named(b"<link rel=feed href='" + page, content_type, url):
        assert feed.url.startswith(("http://", "https://"))
    for address in discovery.usual(url):
        assert address.startswith(("http://", "https://"))
