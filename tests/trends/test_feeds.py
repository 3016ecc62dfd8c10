"""Parsing: every entry that a reader would show, in plain text, and a reason where there is none."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends import feeds
from marketing_pipelines.trends.feeds import NotAFeed
from marketing_pipelines.trends.parsing import xml_feed

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


def test_ids_of_stories_that_share_one_do_not_depend_on_their_order():
    items = [f"<item><guid>1</guid><title>{n}</title><link>/{n}</link></item>" for n in range(3)]
    there, back = (feeds.parse(rss("".join(each)), "", URL) for each in (items, items[::-1]))
    assert {entry.title: entry.entry_id for entry in there} == {entry.title: entry.entry_id for entry in back}


def test_an_id_and_a_page_used_for_two_stories_are_told_apart_by_their_titles():
    items = "".join(
        f"<item><guid>1</guid><title>{title}</title><link>/</link></item>" for title in ("a", "b", "A!")
    )
    assert [entry.title for entry in feeds.parse(rss(items), "", URL)] == ["a", "b"]


@pytest.mark.parametrize(
    "link", ["https://news.example/a?utm_source=x", "http://www.news.example/a/", "/a?fbclid=1"]
)
def test_without_an_id_tracking_and_scheme_make_no_other_entry(link: str):
    assert only(rss(f"<item><title>t</title><link>{link}</link></item>")).entry_id in {
        only(rss(f"<item><title>t</title><link>{same}</link></item>")).entry_id
        for same in ("https://news.example/a", "/a")
    }


def test_a_derived_id_survives_the_move_of_the_feed():
    body = rss("<item><title>t</title><link>/a</link></item><item><title>u</title></item>")
    here, there = (feeds.parse(body, "", url) for url in (URL, "https://elsewhere.example/new/feed"))
    assert [entry.entry_id for entry in here] == [entry.entry_id for entry in there]
    assert here[0].link != there[0].link


def test_parts_of_a_page_are_stories_of_their_own():
    items = "".join(f"<item><title>t</title><link>/news#{part}</link></item>" for part in ("a", "b", "a"))
    assert [entry.link[-2:] for entry in feeds.parse(rss(items), "", URL)] == ["#a", "#b"]


def test_a_tracking_parameter_is_no_edit():
    first, second = (
        only(rss(f"<item><guid>1</guid><title>t</title><link>/a?utm_id={n}</link></item>")) for n in (1, 2)
    )
    assert (first.entry_id, first.content_hash) == (second.entry_id, second.content_hash)


def test_relative_links_follow_the_base_and_then_the_site():
    atom = '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/x/"><entry><link href="y"/></entry></feed>'
    assert only(atom.encode()).link == "https://a.example/x/y"
    moved = rss("<link>https://site.example/blog/</link><item><link>y</link></item>")
    assert only(moved).link == "https://site.example/blog/y"


@pytest.mark.parametrize(
    ("links", "meant"),
    [
        ("<link rel='self' href='/s'/><link rel='alternate' href='/a'/><link href='/b'/>", "/a"),
        ("<link rel='alternate' type='application/json' href='/j'/><link type='text/html' href='/h'/>", "/h"),
        ("<link rel='enclosure' href='/p.mp3'/>", "/p.mp3"),
        ("<link rel='enclosure' href='/p.mp3'/><link href='/a'/>", "/a"),
        ("<content src='/elsewhere'/>", "/elsewhere"),
    ],
)
def test_of_several_links_the_page_is_meant(links: str, meant: str):
    entry = only(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>t</title>{links}</entry></feed>'.encode()
    )
    assert entry.link == f"https://news.example{meant}"


@pytest.mark.parametrize(
    ("item", "link"),
    [
        (
            "<title>t</title><enclosure url='https://m.example/1.mp3' type='audio/mpeg'/>",
            "https://m.example/1.mp3",
        ),
        ("<guid>https://news.example/p</guid><title>t</title>", "https://news.example/p"),
        ("<guid>4711</guid><title>t</title>", ""),
        (
            "<m:content xmlns:m='http://search.yahoo.com/mrss/' url='https://m.example/v.mp4'/>",
            "https://m.example/v.mp4",
        ),
    ],
)
def test_media_and_ids_are_links_where_there_is_none(item: str, link: str):
    assert only(rss(f"<item>{item}</item>")).link == link


def test_an_entry_of_pictures_is_shown_and_an_empty_one_is_not():
    for element in ("title", "description"):
        pictures = f"<item><{element}>&lt;img src='/a.png'&gt;</{element}></item>"
        assert only(rss(f"{pictures}<item/><item><guid>1</guid></item>")).summary == "[media]"


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("List&lt;String&gt; explained", "List<String> explained"),
        ("<![CDATA[A <em>bold</em> move]]>", "A bold move"),
        ("A &amp;amp; B", "A & B"),
        ("It&amp;amp;#8217;s here", "It’s here"),
        ("&amp;lt;b&amp;gt;Bold&amp;lt;/b&amp;gt;", "Bold"),
        ("5 &lt; 6 &amp;&amp; 7 &gt; 6", "5 < 6 && 7 > 6"),
        ("a\x08b c\n\n d", "ab c d"),
    ],
)
def test_titles_are_text(stated: str, shown: str):
    assert only(rss(f"<item><title>{stated}</title></item>")).title == shown


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("Fri, 20 Nov 26 10:00 GMT", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Wed, 20 Nov 91 10:00:00 EST", datetime(1991, 11, 20, 15, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("20 Nov 2026", datetime(2026, 11, 20, tzinfo=UTC)),
        ("--11-20", None),
        ("-20", None),
        ("Fri, 20 Nov 1970 10:00:00 GMT", None),
        ("Sun, 31 Dec 9999 23:59:59 -1200", None),
        ("9" * 5000, None),
    ],
)
def test_dates_are_moments_or_none(stated: str, moment: datetime | None):
    assert only(rss(f"<item><title>t</title><pubDate>{stated}</pubDate></item>")).published_at == moment


def test_a_document_says_whose_it_is_and_how_long_to_wait():
    document = feeds.read(
        rss(
            "<link>https://news.example/</link><language>de_AT</language><ttl>90</ttl><sy:updatePeriod xmlns:sy="
            "'http://purl.org/rss/1.0/modules/syndication/'>daily</sy:updatePeriod><item><title>t</title></item>"
        ),
        "",
        URL,
    )
    assert (document.title, document.site, document.language) == ("News", "https://news.example/", "de-AT")
    assert document.wait == timedelta(days=1)
    assert [entry.language for entry in document.entries] == ["de-AT"]
    assert document.notes == ()


@pytest.mark.parametrize("ttl", ["0", "-5", "soon", "9" * 30])
def test_a_wait_that_is_none_is_none(ttl: str):
    assert feeds.read(rss(f"<ttl>{ttl}</ttl>"), "", URL).wait is None


def test_an_entry_may_have_a_language_of_its_own():
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><entry xml:lang="fr"><title>t</title></entry>'
        '<entry><title>u</title></entry><entry xml:lang="???"><title>v</title></entry></feed>'
    )
    assert [entry.language for entry in feeds.parse(body.encode(), "", URL)] == ["fr", "en", "en"]


def test_atom_entries_have_the_author_of_their_feed():
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><author><name>Ann</name></author><entry><title>t</title></entry><entry>'
        "<title>u</title><author><name>Ben</name></author><author><name>Cy</name></author></entry></feed>"
    )
    assert [entry.author for entry in feeds.parse(body.encode(), "", URL)] == ["Ann", "Ben, Cy"]


@pytest.mark.parametrize(
    "body",
    [
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
        "<channel/><item rdf:about='u'><title>t</title></item></rdf:RDF>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item><title>t</title></item></rdf:RDF>",
        "<rss version='0.91'><channel><item><title>t</title></item></channel></rss>",
        "<RSS><CHANNEL><ITEM><TITLE>t</TITLE></ITEM></CHANNEL></RSS>",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title>t</title></entry></feed>",
        "<channel href='http://c.example/'><item href='http://c.example/1'><title>t</title></item></channel>",
        "<!-- <!DOCTYPE x [ --><rss><channel><item><title>t</title></item></channel></rss>",
        "Warning: include() failed\n<?xml version='1.0'?><rss><channel><item><title>t</title></item></channel></rss>",
        "<rss><channel><item><title>t</title></item></channel></rss><!-- cached --><script>x</script>",
        "<!DOCTYPE html><rss><channel><item><title>t</title></item></channel></rss>",
        "<rss><channel><item><title>t</title><description>a & b &nbsp; < c</description></item></channel></rss>",
        "<rss><channel><item><title>t</title><description>&#xD800;&#99999999;</description></item></channel></rss>",
    ],
)
def test_every_kind_of_feed_is_read(body: str):
    assert only(body.encode()).title == "t"


def test_what_is_malformed_is_said():
    assert "malformed" in feeds.read(rss("<item><title>a & b</title></item>"), "", URL).notes[0]


def test_mended_ampersands_leave_cdata_as_it_is():
    entry = only(
        rss(
            "<item><title>a & b</title><guid><![CDATA[x&y]]></guid><link><![CDATA[/l?a=1&b=2]]></link></item>"
        )
    )
    assert (entry.entry_id, entry.title, entry.link) == ("x&y", "a & b", "https://news.example/l?a=1&b=2")


def test_half_an_entry_is_not_given_an_id_that_it_will_lose():
    whole = rss("<item><title>a</title><guid>1</guid></item><item><title>b</title><guid>2</guid></item>")
    assert [entry.title for entry in feeds.parse(whole[: whole.index(b"<guid>2") + 6], "", URL)] == ["a"]


def test_an_element_out_of_place_costs_no_entry():
    odd = "<content>x</content><feedburner:origLink xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0' a='b'/>"
    entries = feeds.parse(
        rss(f"<item><title>a</title>{odd}</item><item><title>b</title>{odd}</item>"), "", URL
    )
    assert [entry.title for entry in entries] == ["a", "b"]


def test_an_external_entity_is_not_asked_for(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("password")
    body = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode() + rss(
        "<item><title>t &x;</title></item>"
    )
    assert only(body.replace(HEAD.encode(), b"")).title == "t"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp037"]
)
@pytest.mark.parametrize(
    "content_type", ["", "text/xml; charset=iso-8859-1", "application/rss+xml; charset=punycode"]
)
def test_the_first_bytes_tell_the_charset(encoding: str, content_type: str):
    body = rss("<item><title>Größe</title></item>").decode().encode(encoding)
    assert only(body, content_type).title == "Größe"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("gb18030", "gb2312"), ("shift_jis", "Shift_JIS"), ("euc-kr", "euc-kr"), ("big5", "big5")],
)
def test_a_declared_charset_is_believed_where_it_fits(encoding: str, declared: str):
    title = {"gb18030": "汉字标题", "shift_jis": "日本語の題", "euc-kr": "한국어 제목", "big5": "漢字標題"}[
        encoding
    ]
    body = f"<?xml version='1.0' encoding='{declared}'?><rss><channel><item><title>{title}</title></item></channel></rss>"
    assert only(body.encode(encoding)).title == title


def test_utf8_is_utf8_whatever_is_declared():
    body = rss("<item><title>Größe 汉字</title></item>").replace(
        b'encoding="utf-8"', b'encoding="iso-8859-1"'
    )
    assert only(body, "text/xml; charset=windows-1252").title == "Größe 汉字"


def json_feed(*items: object, **more: object) -> bytes:
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": items, **more}
    ).encode()


def test_a_json_feed_is_a_feed_however_it_is_served():
    item = {
        "id": 7,
        "url": "/a",
        "external_url": "https://other.example/",
        "title": "A <b> & B",
        "content_html": "<p>Some <i>text</i></p>",
        "date_published": "2026-11-20T10:00:00+02:00",
        "authors": [{"name": "Ann"}, {"name": "Ben"}],
        "language": "fr",
    }
    document = feeds.read(json_feed(item, home_page_url="https://j.example/"), "text/html", URL)
    assert (document.title, document.site) == ("J", "https://j.example/")
    assert document.entries == (
        replace(
            document.entries[0],
            entry_id="7",
            title="A <b> & B",
            link="https://j.example/a",
            summary="Some text",
            author="Ann, Ben",
            published_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
            language="fr",
        ),
    )


def test_a_json_feed_of_version_1_has_one_author_and_maybe_media():
    item = {"id": "1", "content_text": "5 < 6", "attachments": [{"url": "https://m.example/1.mp3"}]}
    entry = only(json_feed(item, version="https://jsonfeed.org/version/1", author={"name": "Ann"}))
    assert (entry.link, entry.summary, entry.author) == ("https://m.example/1.mp3", "5 < 6", "Ann")


@pytest.mark.parametrize(
    "items",
    [
        None,
        5,
        "x",
        {},
        [None, 1, []],
        [{"title": [1], "url": {}, "authors": 5, "attachments": [1]}],
        [[[[]]]],
    ],
)
def test_odd_json_gives_no_entries(items: object):
    assert (
        feeds.parse(
            json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode(), "", URL
        )
        == []
    )


@pytest.mark.parametrize(
    "body", ['{"version": "https://jsonfeed.org/version/1", "items": ' + "[" * 100_000, '{"a": 1}']
)
def test_json_that_is_no_feed_or_too_deep_is_refused(body: str):
    with pytest.raises(NotAFeed, match="JSON"):
        feeds.parse(body.encode(), "application/feed+json", URL)


def test_of_many_entries_the_first_are_read_and_it_is_said():
    items = "".join(f"<item><title>{n}</title></item>" for n in range(xml_feed.MOST_ENTRIES + 50))
    document = feeds.read(rss(items), "", URL)
    assert [document.entries[0].title, document.entries[-1].title] == ["0", str(xml_feed.MOST_ENTRIES - 1)]
    assert "first 10,000" in document.notes[0]
    listed = feeds.read(json_feed(*({"id": n, "title": "t"} for n in range(10_050))), "", URL)
    assert len(listed.entries) == 10_000
    assert "first 10,000 of 10,050" in listed.notes[0]


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
        (
            b"<!doctype html><head><link rel=alternate type=application/rss+xml href=/rss></head>",
            "HTML.*Did you mean.*https://news.example/rss",
        ),
        (b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", "no robot"),
        (b"<html><script src='/cdn-cgi/challenge-platform/x'></script></html>", "no robot"),
        (b'{"error": "no"}', "JSON that is no JSON Feed"),
        (b'[{"version": "https://jsonfeed.org/version/1"}]', "JSON that is no JSON Feed"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "sitemap"),
        (b"<opml version='2.0'><body/></opml>", "OPML"),
        (
            b"<Error><Code>AccessDenied</Code><Message>No way</Message></Error>",
            "AccessDenied – No way",
        ),
        (b"<?xml version='1.0'?><note>x</note>", "neither"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "an image.*neither"),
        (b"\x1f\x8b\x08" + bytes(200), "compressed"),
        (bytes(range(32)) * 40, "binary"),
        (b"Service unavailable", "neither"),
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


def nested(times: int) -> str:
    return "<a xml:base='b/'>" * times + "</a>" * times


GROWING = {
    "categories": lambda times: "".join(f"<category>{n}</category>" for n in range(times)),
    "an author": lambda times: f"<author>{'a' * times * 60}</author>",
    "bases": nested,
    "pieces of markup": lambda times: "<content type='xhtml'>" + "\n" * times + "<div>a</div></content>",
    "namespaces": lambda times: "".join(f"<n:a xmlns:n='urn:{n}'/>" for n in range(times)),
}


@pytest.mark.parametrize("what", GROWING)
def test_what_feedparser_keeps_is_bounded_however_much_is_stated(what: str):
    """Of what would take time or memory by the square only so much is kept that a square of it is small."""
    item = f"<item><title>t</title>{GROWING[what](8_000)}</item>"
    for broken in ("", "<a & b>"):
        stated = xml_feed.read(rss(item + broken).decode())
        assert stated is not None
        kept = stated.entries[0]
        assert kept["title"] == "t"
        assert len(kept.get("tags", [])) <= xml_feed.MOST_TAGS
        assert len(str(kept.get("author", ""))) <= xml_feed.LONGEST_AUTHOR
        assert all(len(content["base"]) <= xml_feed.LONGEST_BASE for content in kept.get("content", []))


def test_a_long_base_or_language_is_not_repeated_for_each_entry():
    stated = xml_feed.read(
        f"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://a.example/{'x' * 9000}' xml:lang='{'x' * 9000}'>"
        "<entry><title>t</title><link href='y'/></entry></feed>"
    )
    assert stated is not None
    assert len(repr(stated.entries)) < 1_000


@pytest.mark.parametrize(
    "piece", ["<!--", "<![CDATA[", "<a '", "<a/", "<?", "<!a", "</a", "&#", "&a", "<!DOCTYPE a [<!--'"]
)
def test_pieces_without_an_end_leave_what_came_before(piece: str):
    document = rss("<item><title>t</title><link>/a</link></item>").decode() + "& < " + piece * 4_000
    assert feeds.parse(document.encode(), "", URL)[0].link == "https://news.example/a"
    with contextlib.suppress(NotAFeed):
        feeds.parse((piece * 4_000 + document).encode(), "", URL)


def test_of_a_long_tag_soup_the_beginning_is_read():
    many = xml_feed.LONGEST_SOUP // 20_000
    items = [
        f"<item><title>{n} <</title><description>{'x' * 20_000}</description></item>" for n in range(2 * many)
    ]
    titles = [entry.title for entry in feeds.parse(rss("".join(items)), "", URL)]
    assert 0 < len(titles) <= many + 1
    assert titles[0].startswith("0")
