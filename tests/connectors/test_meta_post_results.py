"""Meta's answers about posts, as documented, and those that it does not document."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors import errors
from connectors.answers import Answer
from connectors.face import Channel
from connectors.meta import Meta
from connectors.meta_refusals import meaning_of
from connectors.posts import PostResult
from connectors.publishing import Network
from connectors.sandbox.meta import CREDENTIALS
from connectors.sandbox.meta_fields import expanded
from connectors.sandbox.meta_graph import page_token
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

PAGE, PROFILE = "5550001", "17841405822304914"
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
ACCOUNTS = {
    "data": [
        {
            "id": PAGE,
            "name": "Shop",
            "access_token": "the-pages-own",
            "instagram_business_account": {"id": PROFILE, "username": "shop"},
        }
    ]
}
ON_FACEBOOK = {
    "id": f"{PAGE}_1001",
    "message": "Coats are back",
    "created_time": "2026-10-03T08:15:00+0000",
    "permalink_url": "https://www.facebook.com/5550001/posts/1001",
    "shares": {"count": 7},
    "reactions": {
        "data": [],
        "paging": {
            "cursors": {"after": "x"},
            "next": "https://graph.facebook.com/x?access_token=the-pages-own",
        },
        "summary": {"total_count": 41, "viewer_reaction": "NONE"},
    },
    "comments": {
        "data": [],
        "summary": {"order": "chronological", "total_count": 5, "can_comment": True},
    },
    "insights": {
        "data": [
            {"name": "post_media_view", "period": "lifetime", "values": [{"value": 4321}]},
            {"name": "post_total_media_view_unique", "period": "lifetime", "values": [{"value": 2468}]},
            {"name": "post_clicks", "period": "lifetime", "values": [{"value": 97}]},
        ],
        "paging": {
            "previous": "https://graph.facebook.com/v26.0/5550001_1001/insights?access_token=the-pages-own&since=1",
            "next": "https://graph.facebook.com/v26.0/5550001_1001/insights?access_token=the-pages-own&since=2",
        },
    },
}
ON_INSTAGRAM = {
    "id": "17895695668004550",
    "caption": "Warm. #coats",
    "timestamp": "2026-10-04T07:56:32+0000",
    "permalink": "https://www.instagram.com/p/Cabc/",
    "like_count": 120,
    "comments_count": 9,
    "media_product_type": "FEED",
    "insights": {
        "data": [
            {"name": "views", "period": "lifetime", "values": [{"value": 3100}], "title": "Views"},
            {"name": "reach", "period": "lifetime", "values": [{"value": 2200}], "title": "Reach"},
            {"name": "shares", "period": "lifetime", "values": [{"value": 12}], "title": "Shares"},
            {"name": "saved", "period": "lifetime", "values": [{"value": 30}], "title": "Saved"},
        ]
    },
}
BARE = {name: value for name, value in ON_FACEBOOK.items() if name != "insights"}
WITHDRAWN = {
    "error": {
        "message": "(#100) The value must be a valid insights metric",
        "type": "OAuthException",
        "code": 100,
        "fbtrace_id": "Az8",
    }
}


def said(body: Any, status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


def listed(*posts: Any, **paging: Any) -> tuple[int, bytes]:
    return said({"data": list(posts), **paging})


def alone(*answers: tuple[int, Any] | None) -> tuple[int, bytes]:
    """A batch's answer: each with a status and a body that is itself JSON."""
    return said([each and {"code": each[0], "body": json.dumps(each[1])} for each in answers])


def measured(name: str, value: Any) -> Any:
    return {"data": [{"name": name, "period": "lifetime", "values": [{"value": value}]}]}


def read(
    *answers: tuple[int, bytes],
    network: Network = Network.FACEBOOK,
    asked: list[httpx.Request] | None = None,
) -> list[PostResult]:
    place = PAGE if network is Network.FACEBOOK else PROFILE
    with answering(said(ACCOUNTS), *answers) as wire:
        if asked is not None:
            wire.http.event_hooks = {"request": [asked.append]}
        return list(Meta.connect(CREDENTIALS, wire).post_results(place, network, SINCE))


def test_a_page_s_post_as_documented() -> None:
    asked: list[httpx.Request] = []
    [post] = read(listed(ON_FACEBOOK), asked=asked)
    assert (post.post_id, post.beginning) == (f"{PAGE}_1001", "Coats are back")
    assert post.published_at == datetime(2026, 10, 3, 8, 15, tzinfo=UTC)
    assert post.post_url == "https://www.facebook.com/5550001/posts/1001"
    assert (post.views, post.reach, post.clicks) == (4321, 2468, 97)
    assert (post.reactions, post.comments, post.shares) == (41, 5, 7)
    assert (post.impressions, post.saves, post.video_watch_seconds) == (None, None, None)
    assert len(asked) == 2
    assert asked[1].headers["authorization"] == "Bearer the-pages-own"
    assert "the-pages-own" not in str(asked[1].url)


def test_addresses_that_carry_the_token_are_not_kept() -> None:
    [post] = read(listed(ON_FACEBOOK))
    assert "the-pages-own" not in post.raw
    kept = json.loads(post.raw)
    assert kept["reactions"] == {"data": [], "summary": {"total_count": 41, "viewer_reaction": "NONE"}}
    assert kept["insights"] == {"data": ON_FACEBOOK["insights"]["data"]}


def test_a_profile_s_post_as_documented() -> None:
    [post] = read(listed(ON_INSTAGRAM), network=Network.INSTAGRAM)
    assert (post.views, post.reach, post.shares, post.saves) == (3100, 2200, 12, 30)
    assert (post.reactions, post.comments) == (120, 9)
    assert (post.impressions, post.clicks, post.video_watch_seconds) == (None, None, None)
    assert post.published_at == datetime(2026, 10, 4, 7, 56, 32, tzinfo=UTC)


def test_numbers_may_come_as_strings() -> None:
    post = {
        **ON_FACEBOOK,
        "shares": {"count": "7"},
        "reactions": {"summary": {"total_count": "41"}},
        "insights": measured("post_media_view", "4321"),
    }
    [row] = read(listed(post))
    assert (row.shares, row.reactions, row.views) == (7, 41, 4321)


def test_what_is_not_told_is_not_nought() -> None:
    told = {name: ON_FACEBOOK[name] for name in ("id", "created_time")}
    nothing = {**told, "insights": {"data": [{"name": "post_clicks", "values": []}, {"name": "new"}]}}
    rows = read(listed(told, nothing, {**told, "insights": {}}))
    for row in rows:
        assert (row.views, row.reach, row.clicks) == (None, None, None)
        assert (row.reactions, row.comments, row.shares) == (None, None, None)
        assert (row.beginning, row.post_url) == ("", "")


def test_likes_that_their_owner_hides_are_not_known() -> None:
    hidden = {name: value for name, value in ON_INSTAGRAM.items() if name != "like_count"}
    [row] = read(listed(hidden), network=Network.INSTAGRAM)
    assert (row.reactions, row.comments) == (None, 9)


def test_a_reel_also_tells_how_long_it_was_watched() -> None:
    reel = {**ON_INSTAGRAM, "id": "17900000000000001", "media_product_type": "REELS"}
    watched = measured("ig_reels_video_view_total_time", 91_999)
    asked: list[httpx.Request] = []
    rows = read(listed(ON_INSTAGRAM, reel), alone((200, watched)), network=Network.INSTAGRAM, asked=asked)
    assert [row.video_watch_seconds for row in rows] == [None, 91]
    assert rows[1].views == 3100
    [question] = json.loads(parse_qs(asked[-1].content.decode())["batch"][0])
    assert question["method"] == "GET"
    assert question["relative_url"].startswith("17900000000000001/insights?metric=ig_reels_video")


def test_a_withdrawn_metric_costs_the_others_nothing() -> None:
    other = {**BARE, "id": f"{PAGE}_1000", "created_time": "2026-10-02T08:00:00+0000"}
    refused = (400, WITHDRAWN)
    asked: list[httpx.Request] = []
    rows = read(
        said(WITHDRAWN, 400),
        listed(BARE, other),
        alone(refused, (200, measured("post_media_view", 5))),
        alone(refused),
        alone((200, measured("post_total_media_view_unique", 2468))),
        alone((200, measured("post_clicks", 97))),
        asked=asked,
    )
    assert [(row.views, row.reach, row.clicks) for row in rows] == [(None, 2468, 97), (5, None, None)]
    assert [row.reactions for row in rows] == [41, 41]
    assert "insights" not in asked[2].url.params["fields"]
    assert all(request.url.path == "/v0/" for request in asked[3:])
    assert all("appsecret_proof" in parse_qs(request.content.decode()) for request in asked[3:])


def test_many_posts_are_asked_about_fifty_at_a_time() -> None:
    posts = [{**BARE, "id": f"{PAGE}_{number}"} for number in range(70)]
    told = (200, measured("post_media_view", 1))
    asked: list[httpx.Request] = []
    rows = read(said(WITHDRAWN, 400), listed(*posts), alone(*[told] * 50), alone(*[told] * 20), asked=asked)
    assert [row.views for row in rows] == [1] * 70
    assert len(asked) == 5


def test_posts_from_before_the_window_are_not_asked_about() -> None:
    old = {**BARE, "id": f"{PAGE}_1", "created_time": "2026-09-01T08:00:00+0000"}
    told = (200, measured("post_media_view", 1))
    rows = read(said(WITHDRAWN, 400), listed(BARE, old), alone(told))
    assert [row.post_id for row in rows] == [BARE["id"]]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (alone(None), errors.Transient),
        (alone((200, {}), (200, {})), errors.UnexpectedAnswer),
        (alone((400, {"error": {"message": "Too many calls", "code": 80001}})), errors.RateLimited),
        (alone((403, {"error": {"message": "read_insights", "code": 200}})), errors.Forbidden),
        (alone((400, {"error": {"message": "expired", "code": 190}})), errors.AuthRevoked),
        (alone((500, {"error": {"message": "later", "code": 2}})), errors.Transient),
        (said({"data": []}), errors.UnexpectedAnswer),
        (said([{"code": 200, "body": '{"data": ['}]), errors.Transient),
    ],
)
def test_what_answers_one_of_many_is_heard(
    answer: tuple[int, bytes], kind: type[errors.ChannelError]
) -> None:
    with pytest.raises(kind):
        read(said(WITHDRAWN, 400), listed(BARE), answer)


def test_a_missing_permission_is_told_and_not_asked_around() -> None:
    asked: list[httpx.Request] = []
    denied = {"error": {"message": "(#10) Application does not have permission", "code": 10}}
    with pytest.raises(errors.Forbidden):
        read(said(denied, 400), asked=asked)
    assert len(asked) == 2


def test_too_few_viewers_are_no_missing_permission() -> None:
    too_few = {"error": {"message": "(#10) Not enough viewers for the media to show insights", "code": 10}}
    meaning = meaning_of(Answer(400, httpx.Headers(), json.dumps(too_few).encode()), where="Meta")
    assert isinstance(meaning, errors.Invalid)


def test_a_page_of_the_list_that_is_empty_is_not_its_end() -> None:
    paging = {"cursors": {"after": "a"}, "next": "https://graph.facebook.com/x"}
    rows = read(listed(paging=paging), listed(ON_FACEBOOK))
    assert [row.post_id for row in rows] == [ON_FACEBOOK["id"]]


def test_what_is_too_much_is_asked_for_by_halves() -> None:
    too_much = {
        "error": {"message": "Please reduce the amount of data you're asking for, then retry", "code": 1}
    }
    asked: list[httpx.Request] = []
    assert len(read(said(too_much, 500), listed(ON_FACEBOOK), asked=asked)) == 1
    assert [request.url.params["limit"] for request in asked[1:]] == ["100", "50"]


def test_a_list_without_an_end_is_not_followed_for_ever() -> None:
    """Each page has a new cursor and nothing on it."""
    pages = [
        listed(paging={"cursors": {"after": str(number)}, "next": "https://graph.facebook.com/x"})
        for number in range(201)
    ]
    with pytest.raises(errors.TooMuchData):
        read(*pages)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1/../2"},
        {"id": "1001\n"},
        {"id": None},
        {"created_time": "yesterday"},
        {"created_time": "2026-10-03T08:15:00"},
        {"insights": "all of them"},
        {"insights": {"data": [{"name": "post_clicks", "values": [{"value": {"a": 1}}]}]}},
        {"reactions": {"summary": {"total_count": -1}}},
        {"shares": {"count": 2**64}},
    ],
)
def test_what_is_not_as_documented_is_not_believed(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        read(listed({**ON_FACEBOOK, **wrong}))


def test_addresses_that_lead_astray_are_left_out() -> None:
    [row] = read(listed({**ON_FACEBOOK, "permalink_url": "javascript:alert(1)"}))
    assert row.post_url == ""


@pytest.mark.parametrize(("told", "known"), [({"followers_count": "812"}, 812), ({"id": PAGE}, None)])
def test_followers_as_documented(told: dict[str, Any], known: int | None) -> None:
    with answering(said(ACCOUNTS), said(told)) as wire:
        assert Meta.connect(CREDENTIALS, wire).followers(PAGE, Network.FACEBOOK) == known


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("id,insights.metric(post_impressions)", 100),
        ("id,insights", 3001),
        ("id,likes", 100),
        ("id,insights.metric(post_clicks", 2500),
    ],
)
def test_the_stand_in_refuses_what_meta_does(sandbox: Sandbox, fields: str, code: int) -> None:
    answer = sandbox.http.get(
        f"{sandbox.address}/meta/v26.0/333000111/published_posts",
        params={"fields": fields},
        headers={"authorization": f"Bearer {page_token('333000111')}"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_the_stand_in_tells_of_a_page_s_posts_to_nobody_but_the_page(sandbox: Sandbox) -> None:
    for place in ("333000111", "333000222"):
        answer = sandbox.http.get(
            f"{sandbox.address}/meta/v26.0/{place}",
            params={"fields": "followers_count"},
            headers={"authorization": f"Bearer {page_token('333000111')}"},
        )
        assert answer.is_success == (place == "333000111")
    assert sandbox.requests(Channel.META) == 2


def test_field_expansion_is_read_as_it_is_written() -> None:
    wanted = expanded(
        "id,comments.filter(stream).limit(0).summary(total_count),insights.metric(a,b){name,values}"
    )
    assert wanted is not None
    assert list(wanted) == ["id", "comments", "insights"]
    assert wanted["comments"].modifiers == {"filter": "stream", "limit": "0", "summary": "total_count"}
    assert wanted["insights"].modifiers == {"metric": "a,b"}
    assert wanted["insights"].fields == {"name", "values"}
    assert expanded("a.b(") is None
