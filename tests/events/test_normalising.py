"""Whole events: what the modules know, put together in frames."""

import random
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import provisional as web
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from marketing_pipelines.events import campaigns, click_ids
from marketing_pipelines.events.bots import SCORES, Reason
from marketing_pipelines.events.normalising import COLUMNS, normalised
from marketing_pipelines.events.rules import RULES_VERSION
from tests.events.agents import PEOPLE, PROGRAMS
from tests.events.conftest import NOON, PAGE_VIEW, TYPES, Frame

Normalised = Callable[..., dict[str, Any]]
HOME = "https://www.shop.example"
TAGS = f"{HOME}/a?utm_source=FB&utm_medium=Paid%20Social&utm_campaign=Spring+Sale%21&utm_term=hat&utm_content=b%2B"

# url, referrer, source, medium, channel.
ARRIVALS = [
    (f"{HOME}/", "", "", "", "direct"),
    (f"{HOME}/", f"{HOME}/before?gclid=1", "", "", "internal"),
    (f"{HOME}/", "https://blog.shop.example/", "", "", "internal"),
    ("", "", "", "", "unknown"),
    (f"{HOME}/", "https://www.google.com/", "google", "search", "organic_search"),
    (f"{HOME}/", "https://l.facebook.com/", "facebook", "social", "organic_social"),
    (f"{HOME}/", "https://t.co/x", "twitter", "social", "organic_social"),
    (f"{HOME}/", "https://www.youtube.com/", "youtube", "social", "organic_video"),
    (f"{HOME}/", "https://chatgpt.com/", "chatgpt", "ai_assistant", "ai_assistant"),
    (f"{HOME}/", "android-app://com.google.android.gm/", "gmail", "email", "email"),
    (f"{HOME}/", "https://www.partner.example/x", "partner.example", "referral", "referral"),
    (f"{HOME}/?fbclid=1", "", "", "", "direct"),
    (f"{HOME}/?fbclid=1", "https://www.facebook.com/", "facebook", "social", "organic_social"),
    (f"{HOME}/?gclid=1", "", "", "", "paid_search"),
    (f"{HOME}/?gclid=1", "https://www.google.com/", "google", "search", "paid_search"),
    (f"{HOME}/?GBRAID=1", "", "", "", "paid_search"),
    (f"{HOME}/?wbraid=1", "", "", "", "paid_search"),
    (f"{HOME}/?msclkid=1", "https://www.bing.com/", "bing", "search", "paid_search"),
    (f"{HOME}/?yclid=1", "", "", "", "paid_search"),
    (f"{HOME}/?dclid=1", "", "", "", "display"),
    (f"{HOME}/?ttclid=1", "https://www.tiktok.com/", "tiktok", "social", "paid_social"),
    (f"{HOME}/?li_fat_id=1", "https://www.linkedin.com/", "linkedin", "social", "paid_social"),
    # Somebody copied an ad's link and posted it: the last id is the click's.
    (f"{HOME}/?gclid=1&fbclid=2", "https://l.facebook.com/", "facebook", "social", "organic_social"),
    (f"{HOME}/?fbclid=1&gclid=2", "https://www.google.com/", "google", "search", "paid_search"),
    (f"{HOME}/#?gclid=1", "", "", "", "direct"),
    (f"{HOME}/?m\u017fclkid=1&utm_\u017fource=x", "", "", "", "direct"),
    (f"{HOME}/?next=%3Fgclid=1", "", "", "", "direct"),
    (f"{HOME}/?utm_source=ig", "", "instagram", "", "organic_social"),
    (f"{HOME}/?utm_source=chatgpt.com", "https://chatgpt.com/", "chatgpt", "", "ai_assistant"),
    (f"{HOME}/?utm_source=news&utm_medium=newsletter", "https://www.google.com/", "news", "email", "email"),
    (f"{HOME}/?utm_source=fb&utm_medium=cpc&fbclid=1", "", "facebook", "cpc", "paid_social"),
    (f"{HOME}/?utm_source=google&utm_medium=ppc&gclid=1", "", "google", "cpc", "paid_search"),
    (f"{HOME}/?utm_campaign=spring", "https://www.google.com/", "google", "search", "organic_search"),
    (f"{HOME}/?utm_source=(direct)&utm_medium=(none)", "", "", "", "direct"),
    (f"{HOME}/?utm_medium=qr", "", "", "qr", "other"),
    (f"{HOME}/?utm_source=a&amp;utm_medium=email", "", "a", "email", "email"),
]


@pytest.mark.parametrize(("url", "referrer", "source", "medium", "channel"), ARRIVALS)
def test_how_somebody_came(
    normalised_event: Normalised, url: str, referrer: str, source: str, medium: str, channel: str
) -> None:
    found = normalised_event(url=url, referrer=referrer)
    assert (found["source"], found["medium"], found["channel"]) == (source, medium, channel)


def test_the_columns_have_their_types_also_without_a_row(frame: Frame) -> None:
    empty = normalised(pl.DataFrame(schema=TYPES))
    assert dict(empty.schema) == COLUMNS
    assert empty.is_empty()
    assert dict(normalised(frame({})).schema) == COLUMNS
    assert normalised(frame({}))["rules_version"].to_list() == [RULES_VERSION]


def test_tags_are_read_out_of_the_url_as_they_were_meant(normalised_event: Normalised) -> None:
    found = normalised_event(url=TAGS)
    assert {name: found[name] for name in campaigns.PARAMETERS} == {
        "source": "facebook",
        "medium": "paid_social",
        "campaign": "Spring Sale!",
        "term": "hat",
        "content": "b+",
    }


def test_what_the_page_sent_goes_before_the_url_tag_by_tag(normalised_event: Normalised) -> None:
    found = normalised_event(url=TAGS, utm_source="Partner", utm_campaign="  100%25\tlinen ", utm_term=" ")
    assert (found["source"], found["medium"]) == ("partner", "paid_social")
    assert (found["campaign"], found["term"]) == ("100%25 linen", "hat")


def test_the_first_tag_of_a_name_that_says_something_counts(normalised_event: Normalised) -> None:
    found = normalised_event(url=f"{HOME}/?utm_source=&UTM_Source=%20&utm_source=first&utm_source=second")
    assert found["source"] == "first"


def test_a_tag_is_bounded(normalised_event: Normalised) -> None:
    found = normalised_event(url=f"{HOME}/?utm_campaign={'a' * 3000}", utm_term="b" * 3000)
    assert found["campaign"] == "a" * campaigns.LONGEST_TAG
    assert found["term"] == "b" * campaigns.LONGEST_TAG


def test_all_click_ids_are_kept_with_their_time(normalised_event: Normalised) -> None:
    moment = datetime(2026, 11, 19, 8, 30, tzinfo=UTC)
    url = f"{HOME}/?GCLID=AbC-_1%2F%2b+x&color=red&sccid=s&fbclid=Iw&gclsrc=aw.ds&mc_eid=ann#ttclid=no"
    found = normalised_event(url=url, occurred_at=moment)
    assert found["click_ids"] == [
        {"name": "gclid", "value": "AbC-_1/++x", "seen_at": moment},
        {"name": "ScCid", "value": "s", "seen_at": moment},
        {"name": "fbclid", "value": "Iw", "seen_at": moment},
    ]


def test_every_click_id_that_we_know_is_found(frame: Frame) -> None:
    urls = [{"url": f"{HOME}/?x=1&{known.name.upper()}=V"} for known in click_ids.CLICK_IDS]
    found = normalised(frame(*urls))["click_ids"].to_list()
    assert found == [[{"name": known.name, "value": "V", "seen_at": NOON}] for known in click_ids.CLICK_IDS]


def test_click_ids_are_bounded_and_none_is_kept_twice(normalised_event: Normalised) -> None:
    many = "&".join(f"gclid={number}&gclid={number}" for number in range(30))
    assert [each["value"] for each in normalised_event(url=f"{HOME}/?{many}")["click_ids"]] == [*"0123456789"]
    longest, too_long = "a" * click_ids.LONGEST_VALUE, "b" * (click_ids.LONGEST_VALUE + 1)
    found = normalised_event(url=f"{HOME}/?gclid={longest}&fbclid={too_long}&ttclid=")
    assert [each["value"] for each in found["click_ids"]] == [longest]


def test_a_referrer_of_the_same_site_sent_nobody(normalised_event: Normalised) -> None:
    found = normalised_event(url="https://shop.example.co.uk/", referrer="https://www.example.co.uk/a?q=hat")
    assert (found["site"], found["referrer_host"], found["referrer_medium"]) == ("example.co.uk", "", "")
    other = normalised_event(url="https://ann.github.io/", referrer="https://bob.github.io/")
    assert (other["site"], other["referrer_host"]) == ("ann.github.io", "bob.github.io")


def test_what_was_searched_for_is_kept(normalised_event: Normalised) -> None:
    found = normalised_event(referrer="https://www.google.de/search?q=red+shoes")
    assert (found["referrer_source"], found["referrer_medium"]) == ("Google", "search")
    assert (found["referrer_host"], found["search_term"]) == ("google.de", "red shoes")


def test_people_and_programs_are_told_apart_in_frames(frame: Frame) -> None:
    agents = [*((agent, False) for agent, *_ in PEOPLE), *((agent, True) for agent, _ in PROGRAMS)]
    found = normalised(frame(*({"user_agent": agent} for agent, _ in agents)))
    assert found["is_bot"].to_list() == [is_bot for _, is_bot in agents]
    assert found["device"].to_list()[: len(PEOPLE)] == [device for _, device, *_ in PEOPLE]


# user agent, referrer, trust, signals; the reasons.
SEEN = [
    ("", "", "browser", [], [Reason.NO_USER_AGENT_NO_REFERRER]),
    ("", "", "untrusted", [], [Reason.NO_USER_AGENT_NO_REFERRER]),
    ("", "", "server", [], []),
    ("", "https://www.google.com/", "browser", [], []),
    ("", f"{HOME}/before", "browser", [], []),
    (PEOPLE[0][0], "", "browser", ["prefetch"], [Reason.PREFETCH]),
    (PEOPLE[0][0], "", "browser", ["preview"], [Reason.PREVIEW]),
    (PEOPLE[0][0], "", "browser", ["head"], [Reason.HEAD]),
    (PEOPLE[0][0], "", "browser", ["burst"], [Reason.BURST]),
    (PEOPLE[0][0], "", "browser", ["burst", "unheard of"], [Reason.BURST]),
    (PEOPLE[0][0], "", "server", ["verified_bot:Googlebot"], ["verified_bot:Googlebot"]),
    ("curl/8.5.0", "", "browser", ["head"], [Reason.CRAWLER_LIST, Reason.HTTP_LIBRARY, Reason.HEAD]),
    (
        "WhatsApp/2.23.20.0 A",
        "",
        "browser",
        ["preview"],
        [Reason.SPIDER_CLASS, Reason.CRAWLER_LIST, Reason.PREVIEW],
    ),
]


@pytest.mark.parametrize(("user_agent", "referrer", "trust", "signals", "reasons"), SEEN)
def test_it_is_said_why_something_is_a_bot(
    normalised_event: Normalised,
    user_agent: str,
    referrer: str,
    trust: str,
    signals: list[str],
    reasons: list[str],
) -> None:
    found = normalised_event(user_agent=user_agent, referrer=referrer, trust=trust, signals=signals)
    score = min(100, sum(SCORES[Reason(reason.split(":")[0])] for reason in reasons))
    assert (found["bot_reasons"], found["bot_score"]) == (reasons, score)
    assert found["is_bot"] == (score >= 50)


def test_an_event_without_a_word_is_read_too(normalised_event: Normalised) -> None:
    found = normalised_event(**dict.fromkeys(name for name in TYPES if name != "occurred_at"))
    assert (found["site"], found["source"], found["channel"]) == ("", "", "unknown")


def events(dice: random.Random, count: int) -> pl.DataFrame:
    """Events of which each row could take something from its neighbours if rows were mixed up."""
    pages = [url for url, *_ in ARRIVALS]
    came_from = [referrer for _, referrer, *_ in ARRIVALS]
    agents = [agent for agent, *_ in [*PEOPLE, *PROGRAMS]]

    def event(number: int) -> dict[str, Any]:
        url = dice.choice(pages)
        own = f"{'&' if '?' in url else '?'}utm_content=c{number}&twclid=t{number}"
        return {
            **PAGE_VIEW,
            "url": f"{url}{own}" if dice.random() < 0.5 else url,
            "referrer": dice.choice(came_from),
            "utm_term": f"term {number}" if dice.random() < 0.5 else "",
            "user_agent": dice.choice(agents),
            "signals": dice.choice(([], ["burst"], ["head", "burst"], [f"verified_bot:{number}"])),
            "trust": dice.choice(("browser", "server", "untrusted")),
        }

    return pl.DataFrame([event(number) for number in range(count)], schema=TYPES)


def test_an_event_means_the_same_in_any_company() -> None:
    dice = random.Random(11)
    together = events(dice, 600)
    answer = normalised(together)
    order = list(range(together.height))
    dice.shuffle(order)
    assert_frame_equal(normalised(together[order]), answer[order])
    for row in order[:20]:
        assert_frame_equal(normalised(together[[row]]), answer[[row]])


hostile = st.one_of(
    st.text(max_size=300),
    web.urls(),
    st.text(alphabet=string.printable, max_size=200).map(
        lambda query: f"{HOME}/?utm_source={query}&gclid={query}"
    ),
    st.sampled_from(
        [f"{HOME}/?utm_source=%", f"{HOME}/?gclid=%ff%fe&utm_term=%00", "https://\x00/", "?&=&utm_term", "//"]
    ),
)


@settings(max_examples=60)
@given(
    st.lists(st.fixed_dictionaries({"url": hostile, "referrer": hostile, "utm_medium": hostile}), max_size=8)
)
def test_any_text_is_read_to_something_bounded(said: list[dict[str, str]]) -> None:
    found = normalised(pl.DataFrame([{**PAGE_VIEW, **each} for each in said], schema=TYPES))
    assert found.height == len(said)
    assert found.null_count().sum_horizontal().sum() == 0
    for row in found.iter_rows(named=True):
        assert all(len(row[name]) <= campaigns.LONGEST_TAG for name in ("campaign", "term", "content"))
        assert all(len(each["value"]) <= click_ids.LONGEST_VALUE for each in row["click_ids"])
