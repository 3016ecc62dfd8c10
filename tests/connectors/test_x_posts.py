"""What is X's own in posts: a consent that holds two hours, refresh tokens that hold once, duplicates, links and prices."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import POST_LIMITS
from connectors.answers import Answer
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.face import Channel, Wire
from connectors.publishing import Network, Post
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS
from connectors.x import X
from connectors.x_refusals import meaning_of_posts
from tests.connectors.running_sandbox import NOON, Sandbox

ME = "2244994945"
WHO = {
    "data": {"id": ME, "name": "Lindgrün", "username": "lindgruen", "public_metrics": {"followers_count": 7}}
}


def opened(sandbox: Sandbox, **changed: Any) -> X:
    x = sandbox.connector(Channel.X, **changed)
    assert isinstance(x, X)
    return x


def saying(answers: dict[str, Any]) -> X:
    """An X that gives these answers by path; everything else is a 404 of its own."""

    def answered(request: httpx.Request) -> httpx.Response:
        said = answers.get(request.url.path)
        if isinstance(said, httpx.Response):
            return said
        return httpx.Response(200, json=said) if said is not None else httpx.Response(404)

    http = httpx.Client(transport=httpx.MockTransport(answered))
    return X.connect(
        CREDENTIALS[Channel.X], Wire(http=http, patience=Patience(attempts=1), clock=lambda: NOON)
    )


def problem(status: int, title: str, detail: str, kind: str = "about:blank") -> bytes:
    return json.dumps({"title": title, "detail": detail, "type": kind, "status": status}).encode()


PROBLEMS = "https://api.twitter.com/2/problems/"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, problem(401, "Unauthorized", "Unauthorized"), AuthExpired),
        (
            403,
            problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."),
            Duplicate,
        ),
        (403, problem(403, "Forbidden", "You are not permitted to perform this action."), Forbidden),
        (403, problem(403, "Client Forbidden", "…", f"{PROBLEMS}client-forbidden"), Forbidden),
        (
            429,
            problem(429, "UsageCapExceeded", "Usage cap exceeded", f"{PROBLEMS}usage-capped"),
            QuotaExhausted,
        ),
        (402, problem(402, "CreditsDepleted", "Your enrolled account does not have any credits"), Forbidden),
        (429, problem(429, "Too Many Requests", "Too Many Requests"), RateLimited),
        (400, problem(400, "Invalid Request", "…", f"{PROBLEMS}invalid-request"), Invalid),
        (404, problem(404, "Not Found Error", "…", f"{PROBLEMS}resource-not-found"), Invalid),
        (503, problem(503, "Service Unavailable", "Service Unavailable"), Transient),
        (500, b"<html>", Transient),
        (403, b"", Forbidden),
    ],
)
def test_refusals_mean_what_they_say(status: int, body: bytes, kind: type[ChannelError]) -> None:
    assert type(meaning_of_posts(Answer(status, httpx.Headers(), body), where="X", now=NOON)) is kind


def test_a_wrong_parameter_is_named() -> None:
    errors = [{"parameters": {"start_time": ["soon"]}, "message": "Invalid 'start_time':'soon'."}]
    body = json.dumps({"errors": errors, "title": "Invalid Request", "type": f"{PROBLEMS}invalid-request"})
    meaning = meaning_of_posts(Answer(400, httpx.Headers(), body.encode()), where="X", now=NOON)
    assert isinstance(meaning, Invalid)
    assert (meaning.field, meaning.what) == ("start_time", "Invalid 'start_time':'soon'.")


def test_a_refresh_token_holds_once_and_the_next_one_is_kept_before_it_is_used(sandbox: Sandbox) -> None:
    x = opened(sandbox, access_token="")
    assert [place.id for place in x.places()] == [ME]
    [renewed] = sandbox.renewals
    assert renewed["refresh_token"] not in ("", CREDENTIALS[Channel.X]["refresh_token"])
    assert renewed["ads_token"] == CREDENTIALS[Channel.X]["ads_token"], "the other kind stays beside it"
    assert renewed["expires_at"] == int(sandbox.now.timestamp()) + 7200
    with pytest.raises(AuthRevoked):
        opened(sandbox, access_token="").places()
    assert opened(sandbox, access_token="", refresh_token=str(renewed["refresh_token"])).places()


def test_the_app_shows_itself_in_a_header_and_not_in_the_form(sandbox: Sandbox) -> None:
    seen: list[httpx.Request] = []
    with httpx.Client(event_hooks={"request": [seen.append]}) as http:
        opened(sandbox, access_token="", http=http).places()
    [renewal] = [each for each in seen if each.url.path.endswith("/token")]
    assert renewal.headers["authorization"].startswith("Basic ")
    assert b"client_secret" not in renewal.content
    assert b"client_id" not in renewal.content


def test_without_a_consent_there_are_no_places_and_nothing_is_published() -> None:
    keys = {
        name: value for name, value in CREDENTIALS[Channel.X].items() if name.startswith(("ads", "consumer"))
    }
    with httpx.Client() as http:
        x = X.connect(keys, Wire(http=http))
        assert x.places() == []
        with pytest.raises(Forbidden, match="nobody has consented"):
            x.publish(ME, Network.X, Post(text="Hello"))


def test_a_duplicate_is_told_with_the_post_that_stands_there(sandbox: Sandbox) -> None:
    x = opened(sandbox)
    post = Post(text="Coats & boots < 100 €", link="https://example.com/coats?a=1&b=2")
    first = x.publish(ME, Network.X, post)
    with pytest.raises(Duplicate) as refused:
        x.publish(ME, Network.X, post)
    assert refused.value.existing_id == first.id
    assert first.url == f"https://x.com/lindgruen/status/{first.id}"
    assert len(sandbox.accepted(Channel.X)) == 1


def test_a_duplicate_that_cannot_be_seen_is_told_all_the_same() -> None:
    refused = httpx.Response(403, content=problem(403, "Forbidden", "… with duplicate content."))
    x = saying({"/2/users/me": WHO, "/2/tweets": refused})
    with pytest.raises(Duplicate) as duplicate:
        x.publish(ME, Network.X, Post(text="Hello"))
    assert duplicate.value.existing_id == ""


def test_a_post_is_found_by_the_words_that_readers_follow_and_not_by_xs_own_links(sandbox: Sandbox) -> None:
    post = Post(text="Look: example.com/a & https://example.com/b.", link="https://example.com/c")
    began = sandbox.now - timedelta(seconds=5)
    told = opened(sandbox).publish(ME, Network.X, post)
    found = opened(sandbox).published_since(ME, Network.X, post, began)
    assert found is not None
    assert found.id == told.id
    another = Post(text=post.text, link="https://example.com/d")
    assert opened(sandbox).published_since(ME, Network.X, another, began) is None


def posted(**more: Any) -> dict[str, Any]:
    return {"id": "1460323737035677698", "created_at": "2026-10-14T18:45:03.000Z", "text": "Hi", **more}


def results(said: dict[str, Any]) -> list[Any]:
    page = {"data": [said], "meta": {"result_count": 1}}
    x = saying({"/2/users/me": WHO, f"/2/users/{ME}/tweets": page})
    return list(x.post_results(ME, Network.X, NOON - timedelta(days=30)))


def test_documented_counters_are_read_and_what_is_not_told_is_not_known() -> None:
    metrics = {
        "retweet_count": 8,
        "reply_count": 2,
        "like_count": 39,
        "quote_count": 1,
        "bookmark_count": 4,
        "impression_count": 2731,
    }
    [row] = results(posted(public_metrics=metrics))
    assert (row.impressions, row.reactions, row.comments, row.shares, row.saves) == (2731, 39, 2, 9, 4)
    assert (row.views, row.reach, row.clicks) == (None, None, None)
    assert row.post_url == "https://x.com/lindgruen/status/1460323737035677698"
    [bare] = results(posted())
    assert (bare.impressions, bare.reactions, bare.shares) == (None, None, None)


def test_words_are_those_that_were_written() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://example.com/x?a=1&b=2"},
        {"url": "https://t.co/p", "expanded_url": "https://x.com/l/status/1/photo/1", "media_key": "3_1"},
    ]
    [row] = results(posted(text="2 &lt; 3 &amp; more https://t.co/a https://t.co/p", entities={"urls": urls}))
    assert row.beginning == "2 < 3 & more https://example.com/x?a=1&b=2"
    long = {"text": "A long &amp; winding post", "entities": {}}
    assert results(posted(text="A long…", note_tweet=long))[0].beginning == "A long & winding post"


def test_a_post_of_the_very_second_is_found() -> None:
    """X tells moments to the second, and somebody may have asked for the post within it."""
    said = posted(text="Hello", created_at="2026-10-15T11:59:59.000Z")
    x = saying({"/2/users/me": WHO, f"/2/users/{ME}/tweets": {"data": [said], "meta": {}}})
    asked_at = NOON - timedelta(milliseconds=200)
    assert x.published_since(ME, Network.X, Post(text="Hello"), asked_at) is not None
    assert x.published_since(ME, Network.X, Post(text="Hello"), NOON) is None


@pytest.mark.parametrize(
    "said",
    [
        posted(id="../1"),
        posted(created_at="yesterday"),
        posted(created_at="2026-10-14T18:45:03"),
        posted(public_metrics={"like_count": -1}),
        posted(public_metrics={"like_count": "many"}),
    ],
)
def test_what_is_of_no_documented_shape_is_not_believed(said: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        results(said)


def test_errors_in_the_place_of_data_are_a_refusal() -> None:
    errors = {"errors": [{"title": "Forbidden", "detail": "User has been suspended"}]}
    with pytest.raises(Invalid, match="suspended"):
        saying({"/2/users/me": errors}).places()


def test_an_answer_that_names_no_post_is_an_unknown_outcome() -> None:
    x = saying({"/2/users/me": WHO, "/2/tweets": {"data": {"text": "Hello"}}})
    with pytest.raises(UnknownOutcome):
        x.publish(ME, Network.X, Post(text="Hello"))


def test_what_is_posted_is_as_documented() -> None:
    asked: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        said = WHO if request.method == "GET" else {"data": {"id": "1800", "text": "Hello"}}
        return httpx.Response(200 if request.method == "GET" else 201, json=said)

    with httpx.Client(transport=httpx.MockTransport(answered)) as http:
        x = X.connect(CREDENTIALS[Channel.X], Wire(http=http))
        x.publish(ME, Network.X, Post(text="Hello", link="https://example.com/a"))
    assert str(asked[-1].url) == "https://api.x.com/2/tweets"
    assert json.loads(asked[-1].content) == {"text": "Hello\n\nhttps://example.com/a"}
    assert asked[-1].headers["authorization"] == f"Bearer {CREDENTIALS[Channel.X]['access_token']}"


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (Post(text="  "), "text"),
        (Post(text="の" * 141), "text"),
        (Post(text="a" * 256, link="https://example.com/"), "text"),
        (Post(text="Hello", link="ftp://example.com/"), "link"),
    ],
)
def test_what_x_would_not_take_is_not_told(sandbox: Sandbox, post: Post, field: str) -> None:
    with pytest.raises(Invalid) as invalid:
        opened(sandbox).publish(ME, Network.X, post)
    assert invalid.value.field == field
    assert sandbox.requests(Channel.X) == 0


def test_a_link_takes_up_room_and_money() -> None:
    limits = POST_LIMITS[Network.X]
    price = limits.price
    assert price is not None
    assert limits.taken_by("a" * 255, "https://example.com/a/very/long/address") == 255 + 2 + 23
    assert (price.currency, price.of("Hello", "")) == ("USD", Decimal("0.015"))
    for text, link in (("Hello", "https://example.com"), ("Hello example.com", ""), ("t.co", "")):
        assert price.of(text, link) == Decimal("0.20")
    assert price.of("Hello, v1.0 is out.", "") == Decimal("0.015")


def test_a_picture_is_handed_over_and_waited_for_before_anything_is_posted(sandbox: Sandbox) -> None:
    post = Post(text="Look at this", image=f"{sandbox.address}/_sandbox/picture.jpg")
    told = opened(sandbox).publish(ME, Network.X, post)
    [kept] = sandbox.accepted(Channel.X)
    assert (kept["id"], kept["text"]) == (told.id, "Look at this")
    assert kept["image"]
    assert sandbox.waits == [1.0]
    found = opened(sandbox).published_since(ME, Network.X, post, sandbox.now - timedelta(seconds=5))
    assert found is not None
    assert found.id == told.id


@pytest.mark.parametrize(
    "image", ["ftp://example.com/a.jpg", "{address}/_sandbox/health", "{address}/_sandbox/nothing"]
)
def test_what_is_no_picture_is_told_of_before_anything_is_posted(sandbox: Sandbox, image: str) -> None:
    post = Post(text="Look at this", image=image.format(address=sandbox.address))
    with pytest.raises(Invalid) as invalid:
        opened(sandbox).publish(ME, Network.X, post)
    assert invalid.value.field == "image"
    assert sandbox.accepted(Channel.X) == []


def test_a_picture_that_x_cannot_read_is_told() -> None:
    begun = {"data": {"id": "17", "media_key": "3_17"}}
    failed = {"data": {"id": "17", "processing_info": {"state": "failed"}}}
    picture = httpx.Response(200, content=b"\x89PNG\r\n\x1a\n....")
    paths = {
        f"/2/media/upload/{path}": said
        for path, said in (("initialize", begun), ("17/append", {}), ("17/finalize", failed))
    }
    x = saying({"/2/users/me": WHO, "/a.png": picture, **paths})
    with pytest.raises(Invalid, match="cannot read"):
        x.publish(ME, Network.X, Post(text="Look", image="https://example.com/a.png"))
