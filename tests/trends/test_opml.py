"""OPML: the lists that readers exchange come in without harm and go out without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends import opml
from marketing_pipelines.trends.opml import NotOpml
from marketing_pipelines.trends.seeds import FeedSeed


def listed(body: str, head: str = "") -> opml.Listed:
    return opml.read(
        f'{head}<opml version="2.0"><head><title>x</title></head><body>\n{body}</body></opml>'.encode()
    )


def feed(url: str, name: str = "News", **more: object) -> FeedSeed:
    return FeedSeed.model_validate({"name": name, "url": url, **more})


def test_folders_become_topics():
    found = listed(
        '<outline text="A" xmlUrl="http://a.example/feed"/>'
        '<outline text="Shops"><outline text="Shoes"><outline title="B" type="rss" xmlUrl="http://b.example/"/></outline>'
        '<outline text="C" xmlUrl="http://c.example/" language="de-AT"/></outline>'
    )
    assert found.feeds == [
        feed("http://a.example/feed", "A"),
        feed("http://b.example/", "B", topic="Shops / Shoes"),
        feed("http://c.example/", "C", topic="Shops", language="de-AT"),
    ]
    assert found.remarks == []


def test_opml_1_names_addresses_otherwise():
    found = opml.read(
        b'<opml version="1.0"><body><outline title="A" type="rss" url="feed://a.example/f"/></body></opml>'
    )
    assert found.feeds == [feed("http://a.example/f", "A")]


def test_a_category_is_a_topic_where_there_is_no_folder():
    found = listed('<outline text="A" xmlUrl="http://a.example/" category="/tech/news,/other"/>')
    assert found.feeds[0].topic == "tech/news"


def test_a_feed_without_a_name_has_its_host_for_one():
    assert listed('<outline xmlUrl="http://a.example/f"/>').feeds[0].name == "a.example"


def test_what_is_passed_over_is_said_line_by_line():
    found = listed(
        '<outline text="Site" htmlUrl="http://s.example/"/>\n'
        '<outline text="Link" type="link" url="http://l.example/"/>\n'
        '<outline text="Odd" xmlUrl="javascript:alert(1)"/>\n'
        '<outline text="A" xmlUrl="http://a.example/" language="what?"/>\n'
        '<outline text="Again" xmlUrl="http://a.example/"/>\n'
    )
    assert found.feeds == [feed("http://a.example/", "A")]
    assert [remark.partition(":")[0] for remark in found.remarks] == [f"line {line}" for line in range(2, 7)]
    assert "“Odd”: javascript:alert(1) is no web address" in found.remarks[2]
    assert "language “what?” is not understood" in found.remarks[3]
    assert "listed above already" in found.remarks[4]


def test_what_comes_before_an_error_is_kept():
    found = listed('<outline text="A" xmlUrl="http://a.example/"/>\n<outline text="B" xmlUrl=>')
    assert [each.name for each in found.feeds] == ["A"]
    assert "malformed" in found.remarks[-1]


def test_bare_ampersands_are_mended():
    found = listed('<outline text="A & B" xmlUrl="http://a.example/?x=1&y=2"/>')
    assert found.feeds == [feed("http://a.example/?x=1&y=2", "A & B")]


def test_markup_in_names_is_text():
    found = listed('<outline text="&lt;b&gt;A&lt;/b&gt; &amp;amp; B" xmlUrl="http://a.example/"/>')
    assert found.feeds[0].name == "A & B"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE opml [<!ENTITY l0 "lol">{LAUGHS}]>',
        '<!DOCTYPE opml [<!ENTITY l9 SYSTEM "file:///etc/hosts">]>',
        '<!DOCTYPE opml SYSTEM "http://192.0.2.1/x.dtd" [<!ENTITY % p SYSTEM "http://192.0.2.1/y"> %p;]>',
        f'<!-- <!DOCTYPE opml> --><!DOCTYPE opml [<!ENTITY l0 "lol">{LAUGHS}]>',
    ],
)
def test_declarations_are_not_followed(doctype: str):
    found = listed('<outline text="A &l9;" xmlUrl="http://a.example/"/>', head=doctype)
    assert [each.name for each in found.feeds] in (["A"], ["A &l9;"])


def test_a_long_list_is_bounded_and_says_so():
    found = listed(
        "".join(f'<outline text="{n}" xmlUrl="http://a.example/{n}"/>' for n in range(opml.MOST_FEEDS + 500))
    )
    assert len(found.feeds) == opml.MOST_FEEDS
    assert "left out" in found.remarks[0]
    assert found.remarks[-1] == "… and 300 more."


def test_deep_folders_are_read():
    depth = 20_000
    found = listed(
        '<outline text="f">' * depth + '<outline text="A" xmlUrl="http://a.example/"/>' + "</outline>" * depth
    )
    assert found.feeds[0].topic == "f / f / f / f / f"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"<html></html>", b"<rss><channel/></rss>", b"\xff\xfe\x00", b"x" * (opml.LARGEST_LIST + 1)],
)
def test_what_is_no_list_is_said(body: bytes):
    with pytest.raises(NotOpml):
        opml.read(body)


def test_the_list_that_goes_out_has_a_folder_for_each_topic():
    text = opml.write(
        [feed("http://a.example/", "A & <B>", topic="Shoes", weight=2.5)], title="Ours"
    ).decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"')
    assert '<outline text="Shoes" title="Shoes">' in text
    assert 'text="A &amp; &lt;B&gt;"' in text
    assert 'xmlUrl="http://a.example/"' in text


def test_the_site_goes_out_where_it_is_known():
    feeds = [feed("http://a.example/feed", "A"), feed("http://b.example/feed", "B")]
    text = opml.write(feeds, sites={"http://a.example/feed": 'http://a.example/?"<x>'}).decode()
    assert text.count("htmlUrl=") == 1
    assert "htmlUrl='http://a.example/?\"&lt;x&gt;'" in text
    assert [str(it.url) for it in opml.read(text.encode()).feeds] == [str(it.url) for it in feeds]


SEEDS = st.builds(
    lambda path, name, topic, language, weight, interval: feed(
        f"https://a.example/{path}", name, topic=topic, language=language, weight=weight, interval=interval
    ),
    path=st.integers(0, 10**6),
    name=st.text("abc &é漢😀.", min_size=1, max_size=20)
    .map(lambda text: " ".join(text.split()))
    .filter(bool),
    topic=st.text("abc &é漢😀", max_size=20).map(lambda text: " ".join(text.split())),
    language=st.sampled_from(["", "en", "de-AT"]),
    weight=st.floats(0.001, 100),
    interval=st.integers(5, 10_080),
)


@given(st.lists(SEEDS, max_size=8, unique_by=lambda seed: str(seed.url)))
def test_what_goes_out_comes_in_again(feeds: list[FeedSeed]):
    returned = opml.read(opml.write(feeds))
    assert returned.remarks == []
    assert sorted(returned.feeds, key=lambda seed: str(seed.url)) == sorted(
        feeds, key=lambda seed: str(seed.url)
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_none(body: bytes):
    try:
        opml.read(b"<opml><outline " + body)
        opml.read(body)
    except NotOpml:
        pass
