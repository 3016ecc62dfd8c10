"""LinkedIn's answers about posts, as documented, and those that it does not document."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest

from connectors import errors
from connectors.linkedin import LinkedIn
from connectors.posts import PostResult
from connectors.publishing import Network
from connectors.restli import LONGEST_QUERY
from connectors.sandbox.linkedin import CREDENTIALS
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

PLACE = "2414183"
AUTHOR = f"urn:li:organization:{PLACE}"
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
MOMENT = 1_791_100_800_000  # 2026-10-04 08:00 UTC
SHARE, UGC = "urn:li:share:7400000000000000001", "urn:li:ugcPost:7400000000000000002"
POST = {
    "id": SHARE,
    "author": AUTHOR,
    "commentary": "Coats \\(green\\) are back {hashtag|\\#|coats}",
    "createdAt": MOMENT,
    "publishedAt": MOMENT + 1234,
    "lastModifiedAt": MOMENT + 5000,
    "lifecycleState": "PUBLISHED",
    "visibility": "PUBLIC",
}
COUNTED = {
    "uniqueImpressionsCount": 1870,
    "shareCount": 6,
    "engagement": 0.0291,
    "clickCount": 61,
    "likeCount": 33,
    "impressionCount": 2911,
    "commentCount": 4,
}


def said(body: Any, status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


def listed(*posts: Any) -> tuple[int, bytes]:
    return said({"elements": list(posts), "paging": {"start": 0, "count": 100, "links": []}})


def counted(*of: str, **counters: Any) -> tuple[int, bytes]:
    """As LinkedIn says it, each beside the kind of post that it is."""
    elements = [
        {
            "organizationalEntity": AUTHOR,
            "share" if urn.startswith("urn:li:share:") else "ugcPost": urn,
            "totalShareStatistics": {**COUNTED, **counters},
        }
        for urn in of
    ]
    return said({"elements": elements, "paging": {"start": 0, "count": 10, "links": []}})


def denied(field: str) -> tuple[int, bytes]:
    message = f"Unpermitted fields present in PARAMETER: Data Processing Exception while processing fields [{field}]"
    return said({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": message}, 403)


def read(*answers: tuple[int, bytes], asked: list[httpx.Request] | None = None) -> list[PostResult]:
    """Whatever is asked for beyond these answers is an empty page."""
    with answering(*answers, listed()) as wire:
        if asked is not None:
            wire.http.event_hooks = {"request": [asked.append]}
        return list(LinkedIn.connect(CREDENTIALS, wire).post_results(PLACE, Network.LINKEDIN, SINCE))


def test_a_post_as_documented() -> None:
    asked: list[httpx.Request] = []
    [post] = read(listed(POST), counted(SHARE), asked=asked)
    assert (post.impressions, post.reach, post.clicks) == (2911, 1870, 61)
    assert (post.reactions, post.comments, post.shares) == (33, 4, 6)
    assert (post.views, post.saves, post.video_watch_seconds) == (None, None, None)
    assert post.beginning == "Coats (green) are back #coats"
    assert post.post_url == f"https://www.linkedin.com/feed/update/{SHARE}"
    assert post.published_at == datetime(2026, 10, 4, 8, 0, 1, 234_000, tzinfo=UTC)
    assert json.loads(post.raw)["statistics"]["totalShareStatistics"] == COUNTED
    assert json.loads(post.raw)["post"] == POST
    query = str(asked[1].url.query.decode())
    assert f"shares=List({SHARE.replace(':', '%3A')})" in query
    assert "timeIntervals" not in query


def test_both_kinds_of_posts_are_asked_about_together() -> None:
    asked: list[httpx.Request] = []
    rows = read(listed(POST, {**POST, "id": UGC}), counted(UGC, SHARE), asked=asked)
    assert [row.impressions for row in rows] == [2911, 2911]
    query = unquote(asked[1].url.query.decode())
    assert f"shares=List({SHARE})" in query
    assert f"ugcPosts=List({UGC})" in query


def test_numbers_may_come_as_strings() -> None:
    [post] = read(listed({**POST, "createdAt": str(MOMENT)}), counted(SHARE, impressionCount="17"))
    assert post.impressions == 17


def test_what_is_not_told_is_not_nought() -> None:
    nothing = said({"elements": [{"share": SHARE, "totalShareStatistics": {"clickCount": None}}]})
    for answer in (said({"elements": []}), nothing, said({"elements": [{"share": SHARE}]})):
        [post] = read(listed(POST), answer)
        assert (post.impressions, post.reach, post.clicks) == (None, None, None)
        assert (post.reactions, post.comments, post.shares) == (None, None, None)


def test_likes_below_nought_are_no_number_of_likes() -> None:
    [post] = read(listed(POST), counted(SHARE, likeCount=-2))
    assert (post.reactions, post.comments) == (None, 4)
    assert json.loads(post.raw)["statistics"]["totalShareStatistics"]["likeCount"] == -2


def test_counters_that_come_page_by_page_are_read_to_the_end() -> None:
    asked: list[httpx.Request] = []
    rows = read(listed(POST, {**POST, "id": UGC}), counted(SHARE), counted(UGC), asked=asked)
    assert [row.reach for row in rows] == [1870, 1870]
    assert "start=1" in asked[2].url.query.decode()


def test_a_page_that_says_the_same_again_is_the_last() -> None:
    asked: list[httpx.Request] = []
    rows = read(listed(POST, {**POST, "id": UGC}), counted(SHARE), counted(SHARE), asked=asked)
    assert [row.reach for row in rows] == [1870, None]
    assert len(asked) == 4


def test_one_post_that_is_refused_costs_the_others_nothing() -> None:
    rows = read(
        listed(POST, {**POST, "id": UGC}), denied("/ugcPosts[0]"), counted(SHARE), denied("/ugcPosts[0]")
    )
    assert [row.reach for row in rows] == [1870, None]


def test_where_nothing_at_all_is_told_it_is_no_matter_of_one_post() -> None:
    with pytest.raises(errors.Forbidden):
        read(
            listed(POST, {**POST, "id": UGC}),
            denied("/shares[0]"),
            denied("/shares[0]"),
            denied("/ugcPosts[0]"),
        )


def test_a_missing_permission_is_told_and_not_asked_around() -> None:
    asked: list[httpx.Request] = []
    message = "Not enough permissions to access: organizationalEntityShareStatistics.FINDER"
    body = {"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": message}
    with pytest.raises(errors.Forbidden):
        read(listed(POST, {**POST, "id": UGC}), said(body, 403), asked=asked)
    assert len(asked) == 2


def test_a_post_that_comes_twice_is_told_of_once() -> None:
    rows = read(listed(POST), counted(SHARE), listed(POST, {**POST, "id": UGC}), counted(UGC))
    assert [row.post_id for row in rows] == [SHARE, UGC]


def test_what_is_neither_a_share_nor_a_ugc_post_is_not_asked_about() -> None:
    odd = {**POST, "id": "urn:li:groupPost:1-2),x"}
    asked: list[httpx.Request] = []
    rows = read(listed(odd, POST), counted(SHARE), asked=asked)
    assert [(row.reach, row.post_url != "") for row in rows] == [(None, False), (1870, True)]
    assert "groupPost" not in asked[1].url.query.decode()


def test_one_that_was_scheduled_counts_from_when_it_appeared() -> None:
    before = int(SINCE.timestamp() * 1000) - 1
    [post] = read(
        listed({**POST, "createdAt": before}, {**POST, "id": UGC, "publishedAt": before}), counted(SHARE)
    )
    assert post.post_id == SHARE


def test_a_hundred_posts_take_two_lists_that_fit_into_addresses() -> None:
    posts = [{**POST, "id": f"urn:li:share:74000000000000{number:05}"} for number in range(100)]
    urns = [str(post["id"]) for post in posts]
    asked: list[httpx.Request] = []
    rows = read(listed(*posts), counted(*urns[:50]), counted(*urns[50:]), asked=asked)
    assert [row.reach for row in rows] == [1870] * 100
    assert [request.method for request in asked] == ["GET"] * 4
    assert all(len(request.url.query) <= LONGEST_QUERY for request in asked)


@pytest.mark.parametrize(
    "wrong",
    [{"id": None}, {"createdAt": "yesterday"}, {"createdAt": -1}, {"publishedAt": 2**62}, {"commentary": 7}],
)
def test_what_is_not_as_documented_is_not_believed(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        read(listed({**POST, **wrong}), counted(SHARE))


def test_counters_that_are_none_are_not_believed() -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        read(listed(POST), counted(SHARE, clickCount="many"))


@pytest.mark.parametrize(("told", "known"), [({"firstDegreeSize": "219145"}, 219_145), ({}, None)])
def test_followers_as_documented(told: dict[str, Any], known: int | None) -> None:
    asked: list[httpx.Request] = []
    with answering(said(told)) as wire:
        wire.http.event_hooks = {"request": [asked.append]}
        assert LinkedIn.connect(CREDENTIALS, wire).followers(PLACE, Network.LINKEDIN) == known
    [question] = asked
    path = question.url.raw_path.decode().partition("?")[0]
    assert path == "/networkSizes/urn%3Ali%3Aorganization%3A2414183"
    assert parse_qs(question.url.query.decode()) == {"edgeType": ["COMPANY_FOLLOWED_BY_MEMBER"]}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("networkSizes/urn%3Ali%3Aorganization%3A900100?edgeType=CompanyFollowedByMember", 400),
        ("networkSizes/urn%3Ali%3Aorganization%3A900999?edgeType=COMPANY_FOLLOWED_BY_MEMBER", 403),
        ("organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=x", 400),
        (
            "organizationalEntityShareStatistics?q=organizationalEntity"
            "&organizationalEntity=urn%3Ali%3Aorganization%3A900100&shares=List(urn%3Ali%3Ashare%3A1)",
            403,
        ),
        (
            "organizationalEntityShareStatistics?q=organizationalEntity"
            "&organizationalEntity=urn%3Ali%3Aorganization%3A900100&shares=List(urn:li:share:1)",
            400,
        ),
    ],
)
def test_the_stand_in_refuses_what_linkedin_does(sandbox: Sandbox, query: str, status: int) -> None:
    headers = {
        "authorization": f"Bearer {CREDENTIALS['access_token']}",
        "linkedin-version": "202607",
        "x-restli-protocol-version": "2.0.0",
        "x-restli-method": "FINDER",
    }
    answer = sandbox.http.get(f"{sandbox.address}/linkedin/{query}", headers=headers)
    assert answer.status_code == status
