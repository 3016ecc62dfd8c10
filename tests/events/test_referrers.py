"""Referrers: the lists are read as they are meant, and nobody is taken for a search engine who is none."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import provisional as web
from hypothesis import strategies as st

from marketing_pipelines.events import referrers
from marketing_pipelines.events.referrers import LONGEST_SEARCH_TERM, NOBODY, Referrer, referrer

FOLDER = Path(referrers.__file__).parent
LINES = [
    line
    for name in referrers.LISTS
    for line in csv.DictReader((FOLDER / name).read_text(encoding="utf-8").splitlines())
]
COUNTRIES = ("de", "co.uk", "com.br")

READ = {
    "https://www.google.com/": ("google.com", "Google", "search", ""),
    "https://www.google.co.uk/search?q=red+shoes&hl=en": ("google.co.uk", "Google", "search", "red shoes"),
    "https://www.google.com.tr/url?q=": ("google.com.tr", "Google", "search", ""),
    "https://google.com/imgres?q=hat": ("google.com", "Google Images", "search", "hat"),
    "https://cn.bing.com/search?q=a%20b": ("cn.bing.com", "Bing", "search", "a b"),
    "https://www.bing.com/images/search?q=hat": ("bing.com", "Bing Images", "search", "hat"),
    "https://yandex.com.tr/search/?text=%D0%BA%D0%BE%D1%82": ("yandex.com.tr", "Yandex", "search", "кот"),
    "https://yandex.ru/": ("yandex.ru", "Yandex", "search", ""),
    "https://duckduckgo.com/": ("duckduckgo.com", "DuckDuckGo", "search", ""),
    "https://r.search.yahoo.com/_ylt=A": ("r.search.yahoo.com", "Yahoo!", "search", ""),
    "https://uk.search.yahoo.com/?p=hat": ("uk.search.yahoo.com", "Yahoo!", "search", "hat"),
    "https://www.baidu.com/s?wd=%D6%D0": ("baidu.com", "Baidu", "search", ""),
    "https://www.facebook.com/": ("facebook.com", "Facebook", "social", ""),
    "https://lm.facebook.com/l.php?u=x": ("lm.facebook.com", "Facebook", "social", ""),
    "https://l.instagram.com/": ("l.instagram.com", "Instagram", "social", ""),
    "https://t.co/abc": ("t.co", "Twitter", "social", ""),
    "https://old.reddit.com/r/x": ("old.reddit.com", "reddit", "social", ""),
    "https://x.com/somebody": ("x.com", "Twitter", "social", ""),
    "https://x.com/i/grok": ("x.com", "Grok", "ai_assistant", ""),
    "https://chatgpt.com/": ("chatgpt.com", "ChatGPT", "ai_assistant", ""),
    "https://www.perplexity.ai/search?q=hat": ("perplexity.ai", "Perplexity", "ai_assistant", "hat"),
    "https://plus.google.com/": ("plus.google.com", "Google+", "social", ""),
    "https://mail.google.com/mail/u/0": ("mail.google.com", "Gmail", "email", ""),
    "https://docs.google.com/document": ("docs.google.com", "", "referral", ""),
    "android-app://com.google.android.gm/": ("com.google.android.gm", "Gmail", "email", ""),
    "android-app://com.linkedin.android/": ("com.linkedin.android", "LinkedIn", "social", ""),
    "android-app://com.google.android.googlequicksearchbox/": (
        *("com.google.android.googlequicksearchbox", "Google", "search", ""),
    ),
    "https://blog.partner.example/post?q=hat": ("blog.partner.example", "", "referral", ""),
    "https://www.partner.example/": ("partner.example", "", "referral", ""),
    "https://evilgoogle.com/": ("evilgoogle.com", "", "referral", ""),
    "https://google.evil.com/?q=hat": ("google.evil.com", "", "referral", ""),
    "https://google.com.evil.com/": ("google.com.evil.com", "", "referral", ""),
    "https://google.github.io/": ("google.github.io", "", "referral", ""),
    "https://partner.example\\@google.com/": ("partner.example", "", "referral", ""),
}


@pytest.mark.parametrize(("address", "said"), READ.items())
def test_a_referrer_says_who_sent_somebody(address: str, said: tuple[str, str, str, str]) -> None:
    assert referrer(address) == Referrer(*said)


@pytest.mark.parametrize("address", ["", "about:blank", "google.com", "javascript:alert(1)", "https:///x"])
def test_what_has_no_host_sent_nobody(address: str) -> None:
    assert referrer(address) == NOBODY


def addresses(line: dict[str, str]) -> list[str]:
    """Addresses that a line of the lists speaks of."""
    host = line["host"].removeprefix("android-app//")
    suffixes = COUNTRIES if host.endswith("{}") or "{}/" in host else ("de", "uk")
    return [f"https://{host.replace('{}', suffix)}" for suffix in (suffixes if "{}" in host else ("",))]


def test_every_host_of_the_lists_is_found_under_its_name() -> None:
    assert len(LINES) > 907
    for line in LINES:
        for address in addresses(line):
            found = referrer(address)
            # What is listed under two names or mediums is found under one of them.
            named = {
                (each["source"].replace("%2B", "+"), each["medium"]) for each in LINES if overlap(each, line)
            }
            assert (found.source, found.medium) in named, address


def overlap(one: dict[str, str], other: dict[str, str]) -> bool:
    return one["host"].removeprefix("www.") == other["host"].removeprefix("www.")


def test_what_was_searched_for_is_found_in_each_parameter_of_the_lists() -> None:
    for line in LINES:
        for name in filter(None, line["search_parameters"].strip().split("|")):
            for address in addresses(line):
                found = referrer(f"{address}?{name}=red%20shoes")
                same_host = [each for each in LINES if overlap(each, line)]
                assert found.search_term == "red shoes" or len(same_host) > 1, (address, name)


def test_a_source_by_its_name_has_the_medium_of_the_lists() -> None:
    assert referrers.medium_of_source("Facebook") == "social"
    assert referrers.medium_of_source("chatgpt") == "ai_assistant"
    assert referrers.medium_of_source("bing") == "search"
    assert referrers.medium_of_source("partner") == ""


def test_a_search_term_is_bounded_and_in_one_line() -> None:
    found = referrer("https://www.google.com/?q=%20a%0Ab%00c" + "+d" * 1000)
    assert found.search_term.startswith("a b c d")
    assert len(found.search_term) <= LONGEST_SEARCH_TERM


@given(
    st.one_of(
        web.urls(), st.text(max_size=500), st.text(max_size=500).map("https://www.google.de/?q={}".format)
    )
)
def test_any_address_is_read_to_something_bounded(address: str) -> None:
    found = referrer(address)
    assert bool(found.host) == bool(found.medium)
    assert len(found.search_term) <= LONGEST_SEARCH_TERM
    assert len(found.host) <= 253
