"""Addresses: one page has one, two pages have two, and no link does any harm."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marketing_pipelines.trends import addresses

BOOTS = "acme.example/news/boots"


@pytest.mark.parametrize(
    "link",
    [
        "https://www.acme.example/news/boots",
        "http://acme.example/news/boots/",
        "https://ACME.example:443/news//boots?utm_source=x&utm_medium=rss#top",
        "http://acme.example:80/news/boots",
        "https://m.acme.example/news/boots?fbclid=1&gclid=2&mc_cid=3",
        "https://mobile.acme.example/news/boots",
        "https://www2.acme.example./news/boots",
        "https://amp.acme.example/news/boots",
        "https://acme.example/news/boots/amp/",
        "https://acme.example/amp/news/boots",
        "https://acme.example/news/boots?amp=1",
        "https://acme.example/news/boots?amp",
        "https://acme.example/news/boots?outputType=amp",
        "https://acme.example/news/boots/index.html",
        "https://acme.example/news/coats/../boots",
        "https://acme.example/news/%62oots",
        "https://reader:secret@acme.example/news/boots",
        "  https://acme.example/news/boots\n",
        "https:\\\\acme.example\\news\\boots",
        "https://acme.example/news/boots?ref=twitter&source=rss_feed&CMP=share_btn_tw",
        "https://www.google.com/url?sa=t&q=https%3A%2F%2Facme.example%2Fnews%2Fboots&usg=x",
        "https://www.google.com/amp/s/www.acme.example/news/boots",
        "https://acme-example.cdn.ampproject.org/c/s/acme.example/news/boots",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Facme.example%2Fnews%2Fboots%3Futm_source%3Dx&h=1",
        "https://google.com/url?q=https%3A%2F%2Fout.reddit.com%2F%3Furl%3Dhttps%253A%252F%252Facme.example%252Fnews%252Fboots",
    ],
)
def test_one_page_has_one_address(link: str):
    assert addresses.canonical(link) == BOOTS


@pytest.mark.parametrize(
    "name", ["id", "p", "v", "page", "q", "article", "story", "cid", "ref", "source", "t", "date"]
)
def test_what_chooses_the_page_stays(name: str):
    assert addresses.canonical(f"https://a.example/x?{name}=1") == f"a.example/x?{name}=1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/item?id=1", "https://a.example/item?id=2"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "https://a.example:8443/x"),
        ("https://a.example/X", "https://a.example/x"),
        ("https://a.example/x", "https://blog.a.example/x"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/x?city=M%FCnchen", "https://a.example/x?city=M%F6nchen"),
        ("https://a.example/guitar/amplifiers", "https://a.example/guitar"),
        ("https://m.example/x", "https://example/x"),
        ("https://github.example/f?ref=main", "https://github.example/f?ref=next"),
        ("https://google.com/url?q=boots", "https://google.com/url?q=coats"),
        ("https://a.example/url?q=https://b.example/x", "https://b.example/x"),
    ],
)
def test_two_pages_have_two(one: str, other: str):
    assert addresses.canonical(one) != addresses.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/?b=2&a=1", "https://a.example?a=1&b=2"),
        ("https://münchen.example/x", "https://xn--mnchen-3ya.example/x"),
        ("https://a.example/straße", "https://a.example/stra%c3%9fe"),
        ("https://a.example/x?q=a%20b", "https://a.example/x?q=a+b"),
        ("http://[2001:db8:0:0::1]/x", "https://[2001:db8::1]/x"),
        ("https://de.m.wikipedia.org/wiki/X", "https://de.wikipedia.org/wiki/X"),
        ("http://0x7f.1/x", "http://127.0.0.1/x"),
    ],
)
def test_two_spellings_are_one_page(one: str, other: str):
    assert addresses.canonical(one) == addresses.canonical(other) != ""


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://a.example/",
        "https://a.example",
        "https://www.a.example/index.html?utm_source=rss#latest",
        "https://a.example/amp/",
        "http://[x",
        "http://[::1",
        "http://a:99999/x",
        "javascript:alert(1)//a.example/x",
        "data:text/html,x",
        "mailto:a@b.example",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "//a.example/x",
        "/news/boots",
        "https://a b.example/x",
        "https://a.example\0/x",
        "https://\udcff.example/x",
        f"https://a.example/{'x' * addresses.LONGEST_LINK}",
    ],
)
def test_a_front_page_is_no_address_and_neither_is_nonsense(link: str):
    assert addresses.canonical(link) == ""


LINK_PIECES = (
    "https:// http:// www. m. amp. a.example google.com /url ?q= ?u= & = / // /amp .amp .html /index.html %2F %41 %zz %ff "
    "utm_source=x amp=1 # : 8443 @ [::1] .. ; + ü 文 \\ cdn.ampproject.org /c/s/ out.reddit.com ?url="
)
PIECES = st.sampled_from(LINK_PIECES.split())


@given(
    st.text()
    | st.lists(PIECES).map("".join)
    | st.lists(PIECES).map(lambda pieces: "https://" + "".join(pieces))
)
@example("https://a.example/amp/index.html/amp")
def test_a_canonical_address_is_its_own(link: str):
    address = addresses.canonical(link)
    assert address == "" or addresses.canonical(f"https://{address}") == address
