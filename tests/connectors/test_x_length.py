"""How X weighs words: its documented cases, those of twitter-text's own tests, and what people write."""

import pytest

from connectors.x_length import links_in, weighted

CASES = [
    ("", 0),
    ("This is a test.", 15),
    ("Hello, world! 👋", 16),
    ("http://test.com", 23),
    ("https://test.com", 23),
    ("test.com", 23),
    ("Test https://test.com test https://test.com test.com test", 86),
    ("https://example.com/very/long/path?of=a&very=long-query#and-a-fragment", 23),
    ("(http://example.com/a).", 26),
    ("http://en.wikipedia.org/wiki/Rust_(x)).", 25),
    ("https://lindgrün.de/x", 23),
    ("저찀쯿쿿", 8),
    ("の" * 140, 280),
    ("H\U0001f431☺", 5),
    ("\U00010000\U0010ffff", 4),
    ("👾", 2),
    ("🙋🏽", 2),
    ("👨‍🎤", 2),
    ("👨‍👩‍👧‍👦", 2),
    ("🇩🇪🇦🇹", 4),
    ("1️⃣", 2),
    ("☺️", 2),
    ("©", 1),
    ("©️", 2),
    ("café", 4),
    ("cafe\u0301", 4),
    ("Grüße – „so“ … €", 18),
    ("twitter.comこれは日本語です。example.com中国語t.co/abcde한국", 23 * 3 + 9 * 2 + 3 * 2 + 2 * 2),
]


@pytest.mark.parametrize(("text", "weight"), CASES)
def test_words_weigh_what_they_weigh_at_x(text: str, weight: int) -> None:
    assert weighted(text) == weight


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("foo.jp", []),
        ("foo.jp/", ["foo.jp/"]),
        ("foo.co.jp www.foo.co.uk", ["foo.co.jp", "www.foo.co.uk"]),
        ("t.co", ["t.co"]),
        ("bit.ly/abcde", ["bit.ly/abcde"]),
        ("http://foo.jp", ["http://foo.jp"]),
        ("foo.baz www.xxxxxxx.baz foo.comm", []),
        ("write to a@b.com", []),
        ("#example.com $example.com", []),
        ("wants it.Next please.de", ["it.Next"]),
        ("https://shop.example/a", []),
        ("http://localhost:8080/ and 10.0.0.1", []),
    ],
)
def test_what_x_makes_a_link(text: str, links: list[str]) -> None:
    assert links_in(text) == links


def test_hostile_words_are_weighed_in_no_time() -> None:
    for hostile in ("a." * 20_000, "http://" + "(" * 20_000, "x.com/" + "(a" * 20_000, "👨‍" * 20_000):
        assert weighted(hostile) > 280
