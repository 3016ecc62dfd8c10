"""YouTube's answers about videos, as documented, and those that it does not document."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors import errors
from connectors.posts import PostResult
from connectors.publishing import Network
from connectors.sandbox.youtube import CREDENTIALS
from connectors.youtube import YouTube
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
UPLOADS = "UU_x5XG1OV2P6uZZ5FSM9Ttw"
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
FIRST, SECOND = "dQw4w9WgXcQ", "_-abcDEF012"
STATISTICS = {"viewCount": "4021", "likeCount": "151", "favoriteCount": "0", "commentCount": "17"}
METRICS = ("views", "likes", "comments", "shares", "estimatedMinutesWatched", "subscribersGained")


def said(body: Any, status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


MINE = said({"items": [{"id": CHANNEL, "contentDetails": {"relatedPlaylists": {"uploads": UPLOADS}}}]})


def listed(*videos: str, at: str = "2026-10-04T03:30:00Z", **more: Any) -> tuple[int, bytes]:
    items = [
        {
            "kind": "youtube#playlistItem",
            "snippet": {"publishedAt": at, "title": "A coat", "playlistId": UPLOADS},
            "contentDetails": {"videoId": video, "videoPublishedAt": at},
        }
        for video in videos
    ]
    return said({"kind": "youtube#playlistItemListResponse", "items": items, **more})


def video(number: str, **changed: Any) -> dict[str, Any]:
    snippet = {"publishedAt": "2026-10-04T03:30:00Z", "title": "A coat", "description": "How it is made"}
    return {
        "kind": "youtube#video",
        "etag": "changes-by-itself",
        "id": number,
        "snippet": {**snippet, "channelId": CHANNEL, **changed.pop("snippet", {})},
        "status": {"uploadStatus": "processed", "privacyStatus": "public", **changed.pop("status", {})},
        "statistics": changed.pop("statistics", STATISTICS),
        **changed,
    }


def videos(*told: dict[str, Any]) -> tuple[int, bytes]:
    return said({"kind": "youtube#videoListResponse", "items": list(told)})


def report(*rows: list[Any], names: tuple[str, ...] = ("video", *METRICS)) -> tuple[int, bytes]:
    headers = [{"name": name, "columnType": "METRIC", "dataType": "INTEGER"} for name in names]
    table: dict[str, Any] = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers}
    return said({**table, "rows": list(rows)} if rows else table)


def read(*answers: tuple[int, bytes], asked: list[httpx.Request] | None = None) -> list[PostResult]:
    with answering(MINE, *answers) as wire:
        if asked is not None:
            wire.http.event_hooks = {"request": [asked.append]}
        return list(YouTube.connect(CREDENTIALS, wire).post_results(CHANNEL, Network.YOUTUBE, SINCE))


def test_a_video_as_documented() -> None:
    asked: list[httpx.Request] = []
    row = [FIRST, 3900, 149, 17, 23, 5210, 8]
    [post] = read(listed(FIRST), videos(video(FIRST)), report(row), asked=asked)
    assert (post.views, post.reactions, post.comments, post.shares) == (4021, 151, 17, 23)
    assert post.video_watch_seconds == 5210 * 60
    assert (post.impressions, post.reach, post.saves, post.clicks) == (None, None, None, None)
    assert post.beginning == "A coat\n\nHow it is made"
    assert post.post_url == f"https://www.youtube.com/watch?v={FIRST}"
    assert post.published_at == datetime(2026, 10, 4, 3, 30, tzinfo=UTC)
    kept = json.loads(post.raw)
    assert kept["analytics"] == dict(zip(("video", *METRICS), row, strict=True))
    assert kept["video"]["statistics"] == STATISTICS
    assert "etag" not in kept["video"]
    assert parse_qs(asked[2].url.query.decode())["id"] == [FIRST]
    question = parse_qs(asked[3].url.query.decode())
    assert question["startDate"] == ["2026-10-03"], "in California it was still the day before"
    assert (question["filters"], question["dimensions"]) == ([f"video=={FIRST}"], ["video"])
    assert question["ids"] == [f"channel=={CHANNEL}"]


def test_columns_are_read_by_their_names() -> None:
    names = ("shares", "video", "estimatedMinutesWatched")
    [post] = read(listed(FIRST), videos(video(FIRST)), report([7, FIRST, 12.5], names=names))
    assert (post.shares, post.video_watch_seconds, post.views) == (7, 750, 4021)


def test_what_a_video_hides_analytics_tells() -> None:
    hidden = video(FIRST, statistics={"viewCount": "4021"})
    [post] = read(listed(FIRST), videos(hidden), report([FIRST, 3900, 149, 17, 23, 5210, 8]))
    assert (post.views, post.reactions, post.comments) == (4021, 149, 17)


def test_what_nobody_tells_is_not_nought() -> None:
    bare = video(FIRST, statistics={})
    for answer in (report(), report([SECOND, 1, 1, 1, 1, 1, 1]), report([FIRST, *[None] * 6])):
        [post] = read(listed(FIRST), videos(bare), answer)
        assert (post.views, post.reactions, post.comments) == (None, None, None)
        assert (post.shares, post.video_watch_seconds) == (None, None)


def test_what_was_taken_back_since_is_no_number() -> None:
    hidden = video(FIRST, statistics={})
    [post] = read(listed(FIRST), videos(hidden), report([FIRST, 10, -2, 0, -1, 3, 0]))
    assert (post.views, post.reactions, post.comments, post.shares) == (10, None, 0, None)


@pytest.mark.parametrize(
    "status",
    [
        {"privacyStatus": "private"},
        {"uploadStatus": "rejected"},
        {"uploadStatus": "failed"},
        {"privacyStatus": ""},
    ],
)
def test_what_nobody_may_see_is_no_post(status: dict[str, str]) -> None:
    asked: list[httpx.Request] = []
    assert read(listed(FIRST), videos(video(FIRST, status=status)), asked=asked) == []
    assert len(asked) == 3, "and Analytics is not asked about it"


def test_a_video_that_was_taken_down_meanwhile_is_left_out() -> None:
    answers = (listed(FIRST, SECOND), videos(video(SECOND)), report())
    assert [post.post_id for post in read(*answers)] == [SECOND]


def test_one_that_comes_twice_is_told_of_once() -> None:
    more = listed(FIRST, nextPageToken="CAUQ")
    answers = (more, videos(video(FIRST)), report(), listed(FIRST, SECOND), videos(video(SECOND)), report())
    assert [post.post_id for post in read(*answers)] == [FIRST, SECOND]


def test_a_page_of_older_videos_is_the_last() -> None:
    asked: list[httpx.Request] = []
    assert read(listed(FIRST, at="2026-09-30T23:59:59Z", nextPageToken="CAUQ"), asked=asked) == []
    assert len(asked) == 2


def test_one_that_was_uploaded_long_ago_counts_from_when_it_was_to_be_seen() -> None:
    item = {
        "snippet": {"publishedAt": "2026-08-01T00:00:00Z"},
        "contentDetails": {"videoId": FIRST, "videoPublishedAt": "2026-10-04T03:30:00Z"},
    }
    [post] = read(said({"items": [item]}), videos(video(FIRST)), report())
    assert post.published_at == datetime(2026, 10, 4, 3, 30, tzinfo=UTC)


def test_a_channel_that_has_never_uploaded_has_no_posts() -> None:
    body = {"error": {"code": 404, "message": "None.", "errors": [{"reason": "playlistNotFound"}]}}
    assert read(said(body, 404)) == []


@pytest.mark.parametrize(
    ("title", "description", "beginning"),
    [
        ("A coat", "", "A coat"),
        ("A coat", "A coat in five minutes", "A coat in five minutes"),
        ("A coat in …", "A coat in five minutes", "A coat in five minutes"),
    ],
)
def test_a_video_begins_with_its_title(title: str, description: str, beginning: str) -> None:
    told = video(FIRST, snippet={"title": title, "description": description})
    [post] = read(listed(FIRST), videos(told), report())
    assert post.beginning == beginning


@pytest.mark.parametrize(
    "answers",
    [
        (said({"items": [{"snippet": {}, "contentDetails": {"videoId": FIRST}}]}),),
        (listed("../x"),),
        (listed(FIRST, at="yesterday"),),
        (listed(FIRST), videos({**video(FIRST), "id": "x,y"})),
        (listed(FIRST), videos(video(FIRST, statistics={"viewCount": "many"}))),
        (listed(FIRST), videos(video(FIRST, statistics={"viewCount": "-1"}))),
        (listed(FIRST), videos(video(FIRST)), report([FIRST, 1])),
        (listed(FIRST), videos(video(FIRST)), report([FIRST, *["many"] * 6])),
        (listed(FIRST), videos(video(FIRST)), said({"rows": 7})),
    ],
)
def test_what_is_not_as_documented_is_not_believed(answers: tuple[tuple[int, bytes], ...]) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        read(*answers)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("youtube/v3/channels?part=snippet", 400, "missingRequiredParameter"),
        ("youtube/v3/playlistItems?part=snippet&playlistId=UUnobody", 404, "playlistNotFound"),
        ("youtube/v3/channels?part=snippet&mine=true&maxResults=51", 400, "invalidParameter"),
        ("v2/reports?ids=channel==MINE&dimensions=video&metrics=views", 400, "badRequest"),
    ],
)
def test_the_stand_in_refuses_what_youtube_does(
    sandbox: Sandbox, path: str, status: int, reason: str
) -> None:
    headers = {"authorization": f"Bearer {CREDENTIALS['access_token']}"}
    answer = sandbox.http.get(f"{sandbox.address}/youtube/{path}", headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["errors"][0]["reason"] == reason
