"""Posts through Buffer: what each service takes, what is told of it, and that it is followed until it is out."""

from datetime import timedelta
from typing import Any

import pytest

from connectors import errors
from connectors.publishing import Network, Post, Published
from tests.connectors.buffer_answers import (
    GRANT,
    ORGANIZATION,
    PLACE,
    POST,
    UNAUTHENTICATED,
    Answer,
    buffer,
    channel,
    operation,
    refused,
    said,
    standing,
    taken,
    told_in,
)
from tests.connectors.running_sandbox import NOON

COAT = "https://shop.example/coat.jpg"
FILM = "https://shop.example/coat.MP4?v=2"
LINK = "https://shop.example/coats?utm_source=buffer&utm_medium=social"
OUT = "https://social.example/@lindgruen/1"
SENT = said(post=standing("sent", externalLink=OUT))
BOARD = {"serviceId": "8812", "name": "Coats"}


def publish(opened: Any, post: Post | None = None) -> Published:
    return opened.publish(PLACE, Network.BUFFER, post or Post(text="New coats"))


def test_a_post_goes_out_now_and_is_believed_when_it_is_out() -> None:
    answers = (channel(), taken(), said(post=standing("sending")), SENT)
    with buffer(*answers, attempts=5) as (opened, heard):
        assert publish(opened) == Published(id=POST, url=OUT)
    assert [operation(it) for it in heard] == [
        "query Channel",
        "mutation CreatePost",
        "query Post",
        "query Post",
    ]
    assert told_in(heard[1]) == {
        "channelId": PLACE,
        "schedulingType": "automatic",
        "mode": "shareNow",
        "text": "New coats",
        "assets": [],
    }
    assert told_in(heard[2]) == {"id": POST}


def test_what_is_out_at_once_is_not_asked_for() -> None:
    with buffer(channel(), taken("sent", externalLink=OUT)) as (opened, heard):
        assert publish(opened) == Published(id=POST, url=OUT)
    assert len(heard) == 2


TOLD: list[tuple[str, Post, dict[str, Any]]] = [
    ("mastodon", Post(text="New", link=LINK), {"text": f"New\n\n{LINK}"}),
    ("twitter", Post(text="New", image=COAT), {"assets": [{"image": {"url": COAT}}]}),
    ("threads", Post(text=f"New {LINK} !", link=LINK), {"text": f"New {LINK} !"}),
    ("bluesky", Post(text="New", image=FILM), {"assets": [{"video": {"url": FILM}}]}),
    ("linkedin", Post(text="New", link=LINK), {"text": f"New\n\n{LINK}"}),
    ("facebook", Post(text="New"), {"metadata": {"facebook": {"type": "post"}}}),
    (
        "instagram",
        Post(text="New", image=COAT),
        {"metadata": {"instagram": {"type": "post", "shouldShareToFeed": True}}},
    ),
    (
        "instagram",
        Post(text="New", image=FILM),
        {"metadata": {"instagram": {"type": "reel", "shouldShareToFeed": True}}},
    ),
    ("tiktok", Post(text="New", image=COAT), {"assets": [{"image": {"url": COAT}}]}),
    (
        "pinterest",
        Post(text="New", image=COAT, link=LINK),
        {"text": "New", "metadata": {"pinterest": {"boardServiceId": "8812", "url": LINK}}},
    ),
    (
        "googlebusiness",
        Post(text="New", link=LINK),
        {
            "text": "New",
            "metadata": {
                "google": {"type": "whats_new", "detailsWhatsNew": {"button": "learn_more", "link": LINK}}
            },
        },
    ),
    (
        "googlebusiness",
        Post(text="New"),
        {"metadata": {"google": {"type": "whats_new", "detailsWhatsNew": {"button": "none"}}}},
    ),
]


@pytest.mark.parametrize(("service", "post", "told"), TOLD)
def test_each_service_is_told_what_it_wants_to_know(service: str, post: Post, told: dict[str, Any]) -> None:
    answers = (channel(service, metadata={"boards": [BOARD]}), taken("sent"))
    with buffer(*answers) as (opened, heard):
        publish(opened, post)
    wanted = told_in(heard[1])
    assert {name: wanted[name] for name in told} == told


REFUSED_HERE: list[tuple[str, Post, str]] = [
    ("mastodon", Post(text=" "), "text"),
    ("mastodon", Post(text="\ud800"), "text"),
    ("mastodon", Post(text="a" * 501), "text"),
    ("bluesky", Post(text="a" * 301), "text"),
    ("threads", Post(text="a" * 480, link=LINK), "text"),
    ("threads", Post(text="😀" * 251), "text"),
    ("twitter", Post(text="a" * 281), "text"),
    ("twitter", Post(text="界" * 141), "text"),
    ("linkedin", Post(text="a" * 3_001), "text"),
    ("googlebusiness", Post(text="a" * 1_501), "text"),
    ("instagram", Post(text="New"), "image"),
    ("instagram", Post(text="New", image=COAT, link=LINK), "link"),
    ("tiktok", Post(text="New"), "image"),
    ("tiktok", Post(text="New", image=COAT, link=LINK), "link"),
    ("pinterest", Post(text="New"), "image"),
    ("pinterest", Post(text="New", image=FILM), "image"),
    ("pinterest", Post(text="New", image=COAT), "place"),
    ("youtube", Post(text="New", image=FILM), "place"),
    ("somethingNew", Post(text="New"), "place"),
    ("mastodon", Post(text="New", image="ftp://x/y"), "image"),
    ("mastodon", Post(text="New", image="https://[x"), "image"),
    ("mastodon", Post(text="New", link="shop.example"), "link"),
]


@pytest.mark.parametrize(("service", "post", "field"), REFUSED_HERE)
def test_what_a_service_would_not_take_is_never_sent(service: str, post: Post, field: str) -> None:
    boards = {"boards": [BOARD, {"serviceId": "8813", "name": "Boots"}]}
    with (
        buffer(channel(service, metadata=boards)) as (opened, heard),
        pytest.raises(errors.Invalid) as invalid,
    ):
        publish(opened, post)
    assert invalid.value.field == field
    assert [operation(it) for it in heard] == ["query Channel"]


@pytest.mark.parametrize(
    ("service", "says"), [("youtube", "connect YouTube itself"), ("pinterest", "pin it at Buffer")]
)
def test_where_something_is_missing_it_says_what_to_do(service: str, says: str) -> None:
    with buffer(channel(service)) as (opened, _), pytest.raises(errors.Invalid, match=says):
        publish(opened, Post(text="New", image=COAT))


@pytest.mark.parametrize("closed", [channel(isDisconnected=True), channel(isLocked=True)])
def test_a_channel_that_is_closed_is_told_nothing(closed: Answer) -> None:
    with buffer(closed) as (opened, heard), pytest.raises(errors.Forbidden):
        publish(opened)
    assert len(heard) == 1


def union(kind: str, message: str = "No.", **more: Any) -> Answer:
    return said(createPost={"__typename": kind, "message": message, **more})


REFUSALS: list[tuple[Answer, type[errors.ChannelError]]] = [
    (union("InvalidInputError", "Post text is too long"), errors.Invalid),
    (union("NotFoundError"), errors.Invalid),
    (union("UnauthorizedError"), errors.Forbidden),
    (union("LimitReachedError"), errors.QuotaExhausted),
    (union("UnexpectedError"), errors.UnknownOutcome),
    (union("SomethingNewError"), errors.Invalid),
    (union("RestProxyError", code=1023), errors.QuotaExhausted),
    (union("RestProxyError", code=1011), errors.Forbidden),
    (union("RestProxyError", code=1025), errors.Duplicate),
    (union("RestProxyError", code=1030), errors.Invalid),
    (union("RestProxyError", code=1000), errors.UnknownOutcome),
    (union("RestProxyError", code=1999), errors.Invalid),
    (union("RestProxyError", code=None), errors.Invalid),
    (refused("UNEXPECTED"), errors.UnknownOutcome),
    (refused("FORBIDDEN"), errors.Forbidden),
    (refused("BAD_USER_INPUT"), errors.Invalid),
    (refused("RATE_LIMIT_EXCEEDED", "Slow down", 429, window="15m"), errors.RateLimited),
    (refused("RATE_LIMIT_EXCEEDED", "Slow down", 429, window="24h"), errors.QuotaExhausted),
    (UNAUTHENTICATED, errors.AuthRevoked),
    ((500, b""), errors.UnknownOutcome),
    ((502, b"<html>"), errors.UnknownOutcome),
    ((200, b""), errors.UnknownOutcome),
    ((200, b"{"), errors.UnknownOutcome),
    ((200, b"[]"), errors.UnknownOutcome),
    ((200, b'{"data":null}'), errors.UnknownOutcome),
    (said(createPost={}), errors.UnknownOutcome),
    (said(createPost={"__typename": "PostActionSuccess"}), errors.UnknownOutcome),
    (taken("sent", id="5"), errors.UnknownOutcome),
]


@pytest.mark.parametrize(("answer", "kind"), REFUSALS)
def test_a_refusal_of_a_post_has_its_class_and_is_met_once(
    answer: Answer, kind: type[errors.ChannelError]
) -> None:
    with (
        buffer(channel(), answer, attempts=5) as (opened, heard),
        pytest.raises(errors.ChannelError) as met,
    ):
        publish(opened)
    assert type(met.value) is kind
    assert sum(operation(it) == "mutation CreatePost" for it in heard) == 1
    assert "secret" not in str(met.value)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Post text is too long", "text"),
        ("Instagram posts require at least one image or video", "image"),
        ("The URL is not allowed", "link"),
        ("Channel is gone", "place"),
        ("No.", ""),
    ],
)
def test_a_refusal_says_which_part_of_the_post_it_means(message: str, field: str) -> None:
    answer = union("InvalidInputError", message)
    with buffer(channel(), answer) as (opened, _), pytest.raises(errors.Invalid) as invalid:
        publish(opened)
    assert invalid.value.field == field


def test_a_token_that_has_run_out_is_renewed_and_nothing_goes_twice() -> None:
    renewed = (200, b'{"access_token":"fresh","refresh_token":"next","expires_in":3600}')
    with buffer(channel(), UNAUTHENTICATED, renewed, taken("sent"), given=GRANT) as (opened, heard):
        assert publish(opened).id == POST
    assert heard[2].url.path == "/token"
    assert heard[3].headers["authorization"] == "Bearer fresh"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Your account needs to be reconnected: please reconnect it.", errors.Forbidden),
        ("The token has expired", errors.Forbidden),
        ("The image is too small", errors.Invalid),
        ("", errors.Invalid),
    ],
)
def test_what_a_service_has_refused_was_not_published(message: str, kind: type[errors.ChannelError]) -> None:
    failed = said(post=standing("error", error={"message": message}))
    with buffer(channel(), taken(), failed) as (opened, _), pytest.raises(errors.ChannelError) as met:
        publish(opened)
    assert type(met.value) is kind


@pytest.mark.parametrize(
    "unheard",
    [
        said(post=standing("sending")),
        said(post=standing("scheduled")),
        said(post=standing("needs_approval")),
        said(post=standing("draft")),
        said(post=standing("something_new")),
        refused("NOT_FOUND"),
        (500, b""),
        (200, b"{"),
    ],
)
def test_what_is_not_heard_after_it_was_taken_may_be_published(unheard: Answer) -> None:
    with (
        buffer(channel(), taken(), unheard, attempts=1) as (opened, heard),
        pytest.raises(errors.UnknownOutcome, match=POST),
    ):
        publish(opened)
    assert sum(operation(it) == "mutation CreatePost" for it in heard) == 1


def test_it_is_looked_at_a_dozen_times_and_no_more() -> None:
    still = said(post=standing("sending"))
    with buffer(channel(), taken(), still) as (opened, heard), pytest.raises(errors.UnknownOutcome):
        publish(opened)
    assert sum(operation(it) == "query Post" for it in heard) <= 12


def listed(*nodes: dict[str, Any], **page: Any) -> Answer:
    edges = [{"node": node, "cursor": node["id"]} for node in nodes]
    return said(posts={"edges": edges, "pageInfo": {"hasNextPage": False, "endCursor": None, **page}})


def look(opened: Any, post: Post | None = None) -> Published | None:
    since = NOON - timedelta(minutes=5)
    return opened.published_since(PLACE, Network.BUFFER, post or Post(text="New coats"), since)


def test_a_lost_post_is_found_by_channel_words_and_moment() -> None:
    other = standing("sent", id="66f0a1b2c3d4e5f607182931", text="Old coats")
    found = standing("sent", text="New\ncoats ", externalLink=OUT)
    with buffer(channel(), listed(other, found)) as (opened, heard):
        assert look(opened) == Published(id=POST, url=OUT)
    assert told_in(heard[1]) == {
        "organizationId": ORGANIZATION,
        "filter": {"channelIds": [PLACE], "createdAt": {"start": "2026-10-15T11:55:00Z"}},
        "sort": [{"field": "createdAt", "direction": "desc"}],
    }


def test_one_that_is_under_way_is_waited_for() -> None:
    under_way = listed(standing("sending", text="New coats"))
    with buffer(channel(), under_way, SENT) as (opened, _):
        assert look(opened) == Published(id=POST, url=OUT)
    with (
        buffer(channel(), under_way, said(post=standing("sending"))) as (opened, _),
        pytest.raises(errors.NotReady),
    ):
        look(opened)


@pytest.mark.parametrize("status", ["error", "draft", "needs_approval"])
def test_one_that_is_not_out_is_not_found(status: str) -> None:
    with buffer(channel(), listed(standing(status, text="New coats"))) as (opened, _):
        assert look(opened) is None


def test_the_link_is_looked_for_where_it_stands() -> None:
    node = standing("sent", text=f"New coats\n\n{LINK}")
    post = Post(text="New coats", link=LINK)
    with buffer(channel(), listed(node)) as (opened, _):
        assert look(opened, post) is not None
    with buffer(channel("pinterest"), listed(node)) as (opened, _):
        assert look(opened, post) is None
