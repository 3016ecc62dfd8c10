"""Parsing: every entry that a reader would show, in plain text, and a reason where there is none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends import feeds
from marketing_pipelines.trends.feeds import NotAFeed

URL = "https://news.example/feed.xml"
HEAD = '<?xml version="1.0" encoding="utf-8"?>'


def rss(items: str) -> bytes:
    return f'{HEAD}<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def only(body: bytes, content_type: str = "application/rss+xml") -> feeds.Entry:
    entries = feeds.parse(body, content_type, URL)
    assert len(entries) == 1
    return entries[0]


def test_an_rss_item_becomes_an_entry():
    entry = only(
        rss(
            "<item><guid>urn:1</guid><title>Boots are back</title><link>https://news.example/boots</link>"
            "<description>They &lt;b&gt;really&lt;/b&gt; are.</description><author>Ann</author>"
            "<pubDate>Fri, 20 Nov 2026 10:00:00 +0200</pubDate></item>"
        )
    )
    assert (entry.entry_id, entry.title, entry.link) == (
        "urn:1",
        "Boots are back",
        "https://news.example/boots",
    )
    assert entry.summary == "They really are."
    assert entry.author == "Ann"
    assert entry.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_an_atom_entry_becomes_an_entry():
    entry = only(
        f'{HEAD}<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>tag:1</id>'
        '<title type="html">A &amp;amp; B</title><link href="/a"/><updated>2026-11-20T10:00:00Z</updated>'
        "<content>Long text</content></entry></feed>".encode(),
        "application/atom+xml",
    )
    assert (entry.title, entry.link, entry.summary) == ("A & B", "https://news.example/a", "Long text")
    assert entry.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_markup_and_scripts_leave_plain_text():
    entry = only(
        rss(
            "<item><title>&lt;script&gt;alert(1)&lt;/script&gt;Safe &lt;i&gt;and&lt;/i&gt; sound</title>"
            "<description><![CDATA[<p onclick='x()'>5 &lt; 6</p>\n<style>p{}</style>]]></description></item>"
        )
    )
    assert entry.title == "Safe and sound"
    assert entry.summary == "5 < 6"


@pytest.mark.parametrize(
    ("stated", "absolute"),
    [
        ("/a?b=1", "https://news.example/a?b=1"),
        ("story.html", "https://news.example/story.html"),
        ("//other.example/x", "https://other.example/x"),
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
        ("http://[broken", ""),
    ],
)
def test_links_are_absolute_web_addresses_or_nothing(stated: str, absolute: str):
    assert only(rss(f"<item><title>t</title><link>{stated}</link></item>")).link == absolute


def test_a_missing_id_comes_from_the_link_and_survives_an_edit():
    first = only(rss("<item><title>Old words</title><link>/a</link></item>"))
    edited = only(rss("<item><title>New words</title><link>/a</link></item>"))
    other = only(rss("<item><title>Old words</title><link>/b</link></item>"))
    assert first.entry_id == edited.entry_id != other.entry_id
    assert first.content_hash != edited.content_hash


def test_an_id_does_not_depend_on_where_the_feed_lies():
    body = rss("<item><guid>4711</guid><title>t</title></item>")
    here, there = (feeds.parse(body, "", url)[0] for url in (URL, "https://elsewhere.example/new/feed"))
    assert here.entry_id == there.entry_id == "4711"


def test_without_id_and_link_the_title_tells_entries_apart():
    entries = feeds.parse(rss("<item><title>a</title></item><item><title>b</title></item>"), "", URL)
    assert len({entry.entry_id for entry in entries}) == 2


def test_copies_of_an_entry_are_one_and_a_reused_id_is_two():
    copy = "<item><guid>1</guid><title>a</title><link>/a</link></item>"
    reused = "<item><guid>1</guid><title>b</title><link>/b</link></item>"
    entries = feeds.parse(rss(copy + copy + reused + reused), "", URL)
    assert [entry.title for entry in entries] == ["a", "b"]
    assert len({entry.entry_id for entry in entries}) == 2


@pytest.mark.parametrize(
    "stated", ["", "yesterday-ish", "Fri, 99 Nov 2026 10:00:00 GMT", "0001-01-01T00:00:00Z"]
)
def test_a_date_that_is_none_is_none(stated: str):
    assert only(rss(f"<item><title>t</title><pubDate>{stated}</pubDate></item>")).published_at is None


def test_a_date_ahead_is_given_as_stated():
    entry = only(rss("<item><title>t</title><pubDate>Fri, 20 Nov 2099 10:00:00 GMT</pubDate></item>"))
    assert entry.published_at == datetime(2099, 11, 20, 10, tzinfo=UTC)


def test_lengths_are_bounded():
    entry = only(
        rss(
            f"<item><guid>{'g' * 5000}</guid><title>{'t ' * 5000}</title><description>{'d' * 99999}</description></item>"
        )
    )
    assert len(entry.title) <= feeds.LONGEST_TITLE
    assert len(entry.summary) <= feeds.LONGEST_SUMMARY
    assert len(entry.entry_id) <= feeds.LONGEST_ID
    assert entry.title.endswith("…")


def test_a_document_that_ends_too_early_gives_what_came():
    whole = rss("".join(f"<item><title>story {n}</title><link>/{n}</link></item>" for n in range(20)))
    entries = feeds.parse(whole[: len(whole) // 2], "application/rss+xml", URL)
    assert [entry.title for entry in entries[:8]] == [f"story {n}" for n in range(8)]


def test_a_broken_byte_leaves_the_accents_alone():
    entry = only(rss("<item><title>Café Müller öffnet straße</title></item>").replace(b"stra", b"st\xffra"))
    assert entry.title == "Café Müller öffnet st\N{REPLACEMENT CHARACTER}raße"


def test_a_wrongly_declared_charset_is_guessed():
    body = rss("<item><title>Café Müller</title></item>").decode().encode("windows-1252")
    assert only(body).title == "Café Müller"


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/plain; charset=nonsense", "", "image/png", ";;;="]
)
def test_the_content_type_does_not_decide(content_type: str):
    assert only(rss("<item><title>Grüße</title></item>"), content_type).title == "Grüße"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">\n' for n in range(1, 10))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-7", "cp037"])
@pytest.mark.parametrize(
    ("entities", "body"),
    [
        (f'<!ENTITY l0 "lol">\n{LAUGHS}', "&l9;"),
        (f'<!ENTITY a "{"x" * 100_000}">\n', "&a;" * 3000),
    ],
    ids=["billion laughs", "quadratic"],
)
def test_entity_bombs_stay_small(encoding: str, entities: str, body: str):
    bomb = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE rss [\n{entities}]>\n'
        f'<rss version="2.0"><channel><item><title>t</title><description>{body}</description>'
        "<link>/a</link></item></channel></rss>"
    ).encode(encoding)
    import tracemalloc

    tracemalloc.start()
    entries = feeds.parse(bomb, "application/xml", URL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [entry.title for entry in entries] == ["t"]
    assert peak < 32 * 2**20


def test_the_entities_that_publishers_declare_still_work():
    body = b'<?xml version="1.0"?>\n<!DOCTYPE rss [\n<!ENTITY copy "&#169;">\n]>\n' + rss(
        "<item><title>&copy; Acme</title></item>"
    ).removeprefix(HEAD.encode())
    assert only(body).title == "© Acme"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"<!DOCTYPE html><html><body><p>Sorry</p></body></html>", "HTML"),
        (b"\xef\xbb\xbf<!-- x --><HTML><title>Blog</title></HTML>", "HTML"),
        (b'{"error": "no"}', "JSON"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "neither"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "neither"),
    ],
)
def test_what_is_no_feed_says_what_it_is(body: bytes, told: str):
    with pytest.raises(NotAFeed, match=told):
        feeds.parse(body, "application/rss+xml", URL)


def test_a_document_too_large_is_refused():
    with pytest.raises(NotAFeed, match="MiB"):
        feeds.parse(b" " * (feeds.LARGEST_DOCUMENT + 1), "", URL)


def test_an_empty_feed_is_a_feed():
    assert feeds.parse(rss(""), "", URL) == []


FRAGMENTS = st.sampled_from(
    [
        b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"<link href='//[x'/>", b"<guid>", b"<pubDate>",
        b"</pubDate>", b"99 Xxx 9999 99:99:99 +9999", b"&#xD800;", b"&#0;", b"&nope;", b"\x00", b"\xff\xfe", b"\x1b",
        b"<![CDATA[", b"]]>", b"<!--", b"<!ENTITY a 'b'>", b"<entry>", b"<content type='xhtml'>", b"<id>", b"</id>",
        b"<enclosure length='x'/>", b"<media:thumbnail/>", b"<georss:point>1 x</georss:point>", b"xml:base='http://[/'",
    ]
)  # fmt: skip
STARTS = st.sampled_from(
    [
        b"",
        b'<?xml version="1.0" encoding="utf-16"?>',
        b'<rss version="2.0"><channel>',
        b"<feed xmlns='http://www.w3.org/2005/Atom'>",
    ]
)


@given(
    start=STARTS,
    pieces=st.lists(st.one_of(FRAGMENTS, st.binary(max_size=20)), max_size=25),
    content_type=st.one_of(st.sampled_from(["", "text/xml; charset=utf-7"]), st.text(max_size=30)),
    url=st.one_of(st.just(URL), st.text(max_size=30)),
)
def test_nothing_but_entries_or_a_reason_comes_out(
    start: bytes, pieces: list[bytes], content_type: str, url: str
):
    try:
        entries = feeds.parse(start + b"".join(pieces), content_type, url)
    except NotAFeed:
        return
    for entry in entries:
        assert entry.entry_id
        assert entry.title or entry.link or entry.summary
        assert entry.link == "" or entry.link.startswith(("http://", "https://"))
        # what the stores take: valid UTF-8 without NUL
        for text in (entry.entry_id, entry.title, entry.link, entry.summary, entry.author):
            assert "\0" not in text.encode().decode()
    assert len({entry.entry_id for entry in entries}) == len(entries)
