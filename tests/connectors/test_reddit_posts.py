"""Reddit's posts: what becomes title, words and link, what a yes that is none says, and how a post is found again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import reddit_markdown
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    RateLimited,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.publishing import FoundPlace, Network, Post
from connectors.reddit import Reddit
from connectors.sandbox.reddit_site import as_readers_see
from tests.connectors.test_reddit import Answering, opened

SITE = "https://oauth.reddit.com"
SUBMIT = f"POST {SITE}/api/submit"
TAKEN = {"json": {"errors": [], "data": {"id": "1abc", "name": "t3_1abc", "url": "https://www.reddit.com/x"}}}
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)


def published(post: Post, answer: Any = TAKEN) -> dict[str, str]:
    """What Reddit was told."""
    reddit, asked = opened({SUBMIT: answer})
    reddit.publish("Wollmantel", Network.REDDIT, post)
    return form(asked)


def form(asked: Answering) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.asked[-1].content.decode()).items()}


def test_a_line_alone_is_a_title_and_a_link_beside_it_is_what_it_leads_to() -> None:
    told = published(Post(text="New coats", link="https://shop.example/coats?a=1&b=2"))
    assert told == {
        "api_type": "json",
        "raw_json": "1",
        "sr": "Wollmantel",
        "resubmit": "true",
        "title": "New coats",
        "kind": "link",
        "url": "https://shop.example/coats?a=1&b=2",
    }


def test_what_follows_the_first_line_stands_below_with_the_link_at_its_end() -> None:
    told = published(Post(text="New coats\n\nThey are *warm*.\nAnd green.", link="https://shop.example/a_b"))
    assert (told["kind"], told["title"]) == ("self", "New coats")
    assert told["text"] == "They are \\*warm\\*.  \nAnd green.\n\nhttps://shop.example/a_b"


def test_a_link_that_stands_in_the_words_is_not_told_twice() -> None:
    told = published(Post(text="Coats\nSee https://shop.example/a_b now", link="https://shop.example/a_b"))
    assert told["text"] == "See https://shop.example/a_b now"


def test_a_first_line_that_is_too_long_for_a_title_stands_below_in_full() -> None:
    text = "wool " * 100
    told = published(Post(text=text))
    assert len(told["title"]) <= 300
    assert told["title"].endswith("…")
    assert told["text"] == text


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (Post(text=" \n "), "text"),
        (Post(text="a\n" + "b" * 40_000), "text"),
        (Post(text="a\n" + "*" * 30_000), "text"),
        (Post(text="a", link="javascript:alert(1)"), "link"),
        (Post(text="a", link=f"https://shop.example/{'a' * 2000}"), "link"),
        (Post(text="a", image="https://shop.example/a.jpg"), "image"),
    ],
)
def test_what_reddit_would_not_take_goes_nowhere(post: Post, field: str) -> None:
    reddit, asked = opened({})
    with pytest.raises(Invalid) as invalid:
        reddit.publish("Wollmantel", Network.REDDIT, post)
    assert invalid.value.field == field
    assert asked.asked == []


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("plain", "plain"),
        ("# no heading", "\\# no heading"),
        ("> no quotation", "\\> no quotation"),
        ("- no list", "\\- no list"),
        ("1. no list", "1\\. no list"),
        ("1.5 metres", "1.5 metres"),
        ("    no code", "   no code"),
        ("[no](link)", "\\[no\\](link)"),
        ("a_b *c* `d` ~~e~~ ^f |g|", "a\\_b \\*c\\* \\`d\\` \\~\\~e\\~\\~ \\^f \\|g\\|"),
        ("&amp; & <b> >!no spoiler!<", "\\&amp; & \\<b> >!no spoiler\\!\\<"),
        ("C:\\new", "C:\\\\new"),
        ("one\ntwo\n\nthree", "one  \ntwo\n\nthree"),
        ("https://a.example/_x_*y*", "https://a.example/_x_*y*"),
    ],
)
def test_readers_see_the_very_words(words: str, markdown: str) -> None:
    assert reddit_markdown.escaped(words) == markdown


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0\t"), max_size=60))
def test_whatever_is_written_is_read_as_it_was_signed(line: str) -> None:
    """White space at a line's beginning is not seen."""
    line = line.strip()
    if "http" in line:
        return
    markdown = reddit_markdown.escaped(line)
    assert reddit_markdown.plain(markdown) == line
    assert as_readers_see(markdown) == line


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (["SUBREDDIT_NOEXIST", "that community doesn't exist", "sr"], Invalid, {"field": "place"}),
        (["SUBREDDIT_NOTALLOWED", "you aren't allowed to post there.", "sr"], Forbidden, {}),
        (["NO_LINKS", "this community only allows text posts", "sr"], Invalid, {"field": "place"}),
        (["NO_SELFS", "this community doesn't allow text posts", "sr"], Invalid, {"field": "place"}),
        (["TOO_LONG", "this is too long (max: 300)", "title"], Invalid, {"field": "text"}),
        (["SUBMIT_VALIDATION_FLAIR_REQUIRED", "Your post must contain post flair.", "flair"], Invalid, {"field": "flair"}),
        (["DOMAIN_BANNED", "that domain is not allowed", "url"], Invalid, {"field": "link"}),
        (["ALREADY_SUB", "that link has already been submitted", "url"], Duplicate, {}),
        (["USER_REQUIRED", "Please log in to do that.", None], AuthRevoked, {}),
        (["RATELIMIT", "Take a break for 2 minutes before trying again.", "ratelimit"], RateLimited, {"retry_after": 120.0}),
        (["RATELIMIT", "you are doing that too much. try again in 9 seconds.", "ratelimit"], RateLimited, {"retry_after": 9.0}),
        (["RATELIMIT", "later", "ratelimit"], RateLimited, {"retry_after": None}),
        (["QUOTA_FILLED", "You've submitted too many links recently. Please try again in an hour.", None], RateLimited, {}),
        (["WHAT_NOBODY_KNOWS", "", None], Invalid, {"what": "what nobody knows"}),
        (["BARE"], Invalid, {"code": "BARE"}),
        ([], Invalid, {}),
    ],
)  # fmt: skip
def test_a_refusal_stands_in_an_answer_of_200(
    error: list[Any], kind: type[ChannelError], told: dict[str, Any]
) -> None:
    reddit, asked = opened({SUBMIT: {"json": {"errors": [error]}}})
    with pytest.raises(kind) as refused:
        reddit.publish("Wollmantel", Network.REDDIT, Post(text="New coats"))
    assert type(refused.value) is kind
    assert {name: getattr(refused.value, name) for name in told} == told
    assert len(asked.asked) == 1


def test_seconds_beside_the_words_are_the_more_precise() -> None:
    said = {"json": {"ratelimit": 119.6, "errors": [["RATELIMIT", "try again in 2 minutes.", "ratelimit"]]}}
    with pytest.raises(RateLimited) as limited:
        published(Post(text="New coats"), said)
    assert limited.value.retry_after == 119.6


@pytest.mark.parametrize(
    "said",
    [
        httpx.Response(200, content=b'{"json": {"errors": [], "da'),
        httpx.Response(500, content=b"<html>"),
        {"json": {"errors": [], "data": {"name": "t1_comment"}}},
        {"json": {"errors": []}},
        {"jquery": []},
        [],
    ],
)
def test_an_answer_that_says_neither_leaves_it_open(said: Any) -> None:
    reddit, asked = opened({SUBMIT: said if not isinstance(said, list) else httpx.Response(200, json=said)})
    with pytest.raises(UnknownOutcome):
        reddit.publish("Wollmantel", Network.REDDIT, Post(text="New coats"))
    assert len(asked.asked) == 1


def submission(name: str = "t3_1", *, hours: float = 0, **changed: Any) -> dict[str, Any]:
    said = {
        "name": name,
        "title": "New coats",
        "selftext": "",
        "subreddit": "Wollmantel",
        "is_self": True,
        "url": "https://www.reddit.com/r/Wollmantel/comments/1/",
        "created_utc": (NOON - timedelta(hours=hours)).timestamp(),
        "score": 12,
        "num_comments": 3,
        "num_crossposts": 1,
    }
    return {"kind": "t3", "data": {**said, **changed}}


def listing(*children: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(children), "after": after}}


def listed(*pages: dict[str, Any]) -> tuple[Reddit, Answering]:
    return opened(
        {
            f"GET {SITE}/api/v1/me": {"name": "lindgruen"},
            f"GET {SITE}/user/lindgruen/submitted": list(pages),
            f"GET {SITE}/r/Wollmantel/about": {
                "kind": "t5",
                "data": {"display_name": "Wollmantel", "subscribers": 77},
            },
        }
    )


LINKED = Post(text="New coats", link="https://shop.example/coats")


@pytest.mark.parametrize(
    ("changed", "post", "is_found"),
    [
        ({}, Post(text="New coats"), True),
        ({"title": "New  coats "}, Post(text="New coats"), True),
        ({"title": "New boots"}, Post(text="New coats"), False),
        ({"subreddit": "wollmantel"}, Post(text="New coats"), True),
        ({"subreddit": "Filz"}, Post(text="New coats"), False),
        ({"selftext": "They are \\*warm\\*.  \nYes."}, Post(text="New coats\nThey are *warm*.\nYes."), True),
        ({"selftext": "They are cold."}, Post(text="New coats\nThey are *warm*."), False),
        ({"is_self": False, "url": "https://shop.example/coats/"}, LINKED, True),
        ({"is_self": False, "url": "https://shop.example/boots"}, LINKED, False),
        ({}, LINKED, False),
        ({"created_utc": NOON.timestamp() - 7200}, Post(text="New coats"), False),
    ],
)
def test_a_post_is_found_again_by_its_words_in_its_place(
    changed: dict[str, Any], post: Post, is_found: bool
) -> None:
    reddit, _ = listed(listing(submission(**changed)))
    since = NOON - timedelta(hours=1, microseconds=-400_000)
    found = reddit.published_since("Wollmantel", Network.REDDIT, post, since)
    assert (found is not None) == is_found
    if found:
        assert (found.id, found.url) == ("t3_1", "https://www.reddit.com/comments/1")


def test_something_older_that_is_pinned_does_not_end_the_list() -> None:
    reddit, asked = listed(
        listing(
            submission("t3_old", hours=900, title="Welcome"), submission("t3_2", title="Boots"), after="t3_2"
        ),
        listing(submission("t3_1", hours=0.5), after="t3_1"),
        listing(submission("t3_0", hours=5, title="Hats"), after="t3_0"),
    )
    found = reddit.published_since(
        "Wollmantel", Network.REDDIT, Post(text="New coats"), NOON - timedelta(hours=1)
    )
    assert found is not None
    rows = list(listed(
        listing(submission("t3_old", hours=900), submission("t3_2"), after="t3_2"),
        listing(submission("t3_2"), submission("t3_1", hours=0.5), after="t3_1"),
        listing(submission("t3_0", hours=5), after="t3_0"),
    )[0].post_results("Wollmantel", Network.REDDIT, NOON - timedelta(hours=1)))  # fmt: skip
    assert [row.post_id for row in rows] == ["t3_2", "t3_1"], "each once, and nothing that is too old"
    assert asked.asked[-1].url.params["after"] == "t3_2"


@pytest.mark.parametrize("after", ["../../../api/v1/me", "x", "t3_"])
def test_a_list_that_goes_on_nowhere_is_no_list(after: str) -> None:
    reddit, _ = listed(listing(submission(), after=after))
    with pytest.raises(UnexpectedAnswer):
        reddit.published_since("Wollmantel", Network.REDDIT, Post(text="x"), NOON - timedelta(hours=1))


def test_a_post_says_how_it_does_and_nothing_of_who_looks() -> None:
    words = {"selftext": "They are \\*warm\\*.", "likes": True, "author_fullname": "t2_secret", "score": -4}
    reddit, _ = listed(listing(submission(**words)))
    [row] = reddit.post_results("Wollmantel", Network.REDDIT, NOON - timedelta(hours=1))
    assert (row.reactions, row.comments, row.shares, row.views) == (None, 3, 1, None)
    assert row.beginning == "New coats\n\nThey are *warm*."
    assert row.published_at == NOON
    assert not {"likes", "author_fullname"} & set(json.loads(row.raw))
    assert reddit.followers("Wollmantel", Network.REDDIT) == 77


def test_places_are_the_profile_and_what_lets_this_person_post() -> None:
    joined = [
        {"display_name": "Wollmantel", "subreddit_type": "public"},
        {"display_name": "Geschlossen", "subreddit_type": "restricted"},
        {"display_name": "Eingeladen", "subreddit_type": "private", "user_is_contributor": True},
        {"display_name": "Unseres", "subreddit_type": "restricted", "user_is_moderator": True},
        {"display_name": "Verbannt", "subreddit_type": "public", "user_is_banned": True},
        {"display_name": "../me", "subreddit_type": "public"},
        {"display_name": "u_lindgruen", "subreddit_type": "user", "user_is_banned": None},
    ]
    reddit, _ = opened(
        {
            f"GET {SITE}/api/v1/me": {"name": "lindgruen"},
            f"GET {SITE}/subreddits/mine/subscriber": listing(*({"kind": "t5", "data": it} for it in joined)),
        }
    )
    assert reddit.places() == [
        FoundPlace(id=number, name=name, network=Network.REDDIT)
        for number, name in (
            ("u_lindgruen", "u/lindgruen"),
            ("Wollmantel", "r/Wollmantel"),
            ("Eingeladen", "r/Eingeladen"),
            ("Unseres", "r/Unseres"),
        )
    ]
