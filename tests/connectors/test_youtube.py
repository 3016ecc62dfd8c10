"""YouTube's answers, as documented: refusals, the channel of a grant, budgets, and what may be said of a video."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.answers import Answer
from connectors.errors import Scope
from connectors.face import Channel
from connectors.publishing import Declared, FoundPlace, Network, Post, Visibility
from connectors.sandbox.youtube import CREDENTIALS
from connectors.youtube import YouTube
from connectors.youtube_posts import title_of
from connectors.youtube_refusals import meaning_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
DECLARED = Declared(is_made_for_kids=False, is_synthetic=True)
POST = Post(text="How a coat is made", image="https://shop.example/coat.mp4", declared=DECLARED)
ITEM: dict[str, Any] = {
    "kind": "youtube#channel",
    "etag": "y",
    "id": CHANNEL,
    "snippet": {"title": "Lindgrün", "description": "", "publishedAt": "2007-08-23T00:34:43Z"},
    "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": "UU_x5XG1OV2P6uZZ5FSM9Ttw"}},
    "statistics": {
        "viewCount": "240000000",
        "subscriberCount": "2330000",
        "hiddenSubscriberCount": False,
        "videoCount": "5842",
    },
}
CHANNELS: dict[str, Any] = {
    "kind": "youtube#channelListResponse",
    "etag": "x",
    "pageInfo": {"totalResults": 1, "resultsPerPage": 5},
    "items": [ITEM],
}


def said(body: Any, status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


def refused(status: int, reason: str, message: str = "No.", **more: Any) -> bytes:
    told = {"message": message, "domain": "youtube.quota", "reason": reason}
    return json.dumps({"error": {"code": status, "message": message, "errors": [told], **more}}).encode()


def meaning(status: int, body: bytes, headers: dict[str, str] | None = None) -> errors.ChannelError:
    return meaning_of(Answer(status, httpx.Headers(headers or {}), body), where="YouTube", now=NOON)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (401, "authError", errors.AuthExpired),
        (401, "youtubeSignupRequired", errors.Forbidden),
        (403, "insufficientPermissions", errors.Forbidden),
        (403, "accessNotConfigured", errors.Forbidden),
        (403, "authenticatedUserAccountSuspended", errors.Forbidden),
        (403, "quotaExceeded", errors.QuotaExhausted),
        (403, "dailyLimitExceeded", errors.QuotaExhausted),
        (400, "uploadLimitExceeded", errors.QuotaExhausted),
        (403, "rateLimitExceeded", errors.RateLimited),
        (403, "userRateLimitExceeded", errors.RateLimited),
        (429, "rateLimitExceeded", errors.RateLimited),
        (400, "invalidTitle", errors.Invalid),
        (400, "somethingNew", errors.Invalid),
        (404, "playlistNotFound", errors.Invalid),
        (500, "backendError", errors.Transient),
        (503, "backendError", errors.Transient),
        (410, "gone", errors.Sunset),
    ],
)
def test_a_refusal_means_what_every_channels_does(
    status: int, reason: str, kind: type[errors.ChannelError]
) -> None:
    found = meaning(status, refused(status, reason))
    assert (type(found), found.code) == (kind, reason)
    assert found.what.endswith("No.")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"x"}', b"[" * 100_000])
def test_a_refusal_without_words_speaks_by_its_status(body: bytes) -> None:
    assert isinstance(meaning(503, body), errors.Transient)
    assert isinstance(meaning(403, body), errors.Forbidden)


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (NOON, datetime(2026, 10, 16, 7, tzinfo=UTC)),
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),
        (datetime(2026, 10, 15, 6, 59, tzinfo=UTC), datetime(2026, 10, 15, 7, tzinfo=UTC)),
    ],
)
def test_a_days_quota_is_renewed_at_midnight_in_california(now: datetime, midnight: datetime) -> None:
    answer = Answer(403, httpx.Headers(), refused(403, "quotaExceeded"))
    found = meaning_of(answer, where="YouTube", now=now)
    assert isinstance(found, errors.QuotaExhausted)
    assert found.reset_at == midnight


def test_a_quota_of_the_day_is_told_apart_from_one_of_the_minute() -> None:
    def limited(name: str) -> bytes:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}
        return json.dumps(
            {
                "error": {
                    "code": 429,
                    "message": "Quota",
                    "details": [{**info, "metadata": {"quota_limit": name}}],
                }
            }
        ).encode()

    slow_down = meaning(429, limited("FreeQuotaRequestsPerMinutePerProject"), {"retry-after": "17"})
    assert isinstance(slow_down, errors.RateLimited)
    assert (slow_down.retry_after, slow_down.scope) == (17, Scope.APP)
    assert isinstance(meaning(429, limited("FreeQuotaRequestsPerDayPerProject")), errors.QuotaExhausted)


def test_the_channel_of_a_grant_and_who_follows_it() -> None:
    with answering(said(CHANNELS)) as wire:
        opened = YouTube.connect(CREDENTIALS, wire)
        assert opened.places() == [FoundPlace(id=CHANNEL, name="Lindgrün", network=Network.YOUTUBE)]
        assert opened.followers(CHANNEL, Network.YOUTUBE) == 2_330_000


@pytest.mark.parametrize("statistics", [{"subscriberCount": "7", "hiddenSubscriberCount": True}, {}])
def test_followers_that_are_hidden_are_not_known(statistics: dict[str, Any]) -> None:
    channel = {**ITEM, "statistics": statistics}
    with answering(said({"items": [channel]})) as wire:
        assert YouTube.connect(CREDENTIALS, wire).followers(CHANNEL, Network.YOUTUBE) is None


def test_a_grant_without_a_channel_has_no_places() -> None:
    with answering(said({"kind": "youtube#channelListResponse", "pageInfo": {}})) as wire:
        opened = YouTube.connect(CREDENTIALS, wire)
        assert opened.places() == []
        with pytest.raises(errors.Invalid) as wrong:
            opened.followers(CHANNEL, Network.YOUTUBE)
    assert wrong.value.field == "place"


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": 7},
        {"items": [{"id": CHANNEL}]},
        {"items": [{"id": CHANNEL, "contentDetails": {"relatedPlaylists": {"uploads": "../x"}}}]},
    ],
)
def test_what_is_not_as_documented_is_not_believed(wrong: dict[str, Any]) -> None:
    with answering(said(wrong)) as wire, pytest.raises(errors.UnexpectedAnswer):
        YouTube.connect(CREDENTIALS, wire).places()


def test_pages_that_never_end_are_left() -> None:
    endless = {**CHANNELS, "nextPageToken": "CAUQ"}
    with answering(said(endless)) as wire, pytest.raises(errors.UnexpectedAnswer):
        YouTube.connect(CREDENTIALS, wire).places()


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/youtube/v3/videos", {"units"}),
        ("GET", "/youtube/v3/playlistItems", {"units"}),
        ("POST", "/upload/youtube/v3/videos", {"uploads"}),
        ("PUT", "/upload/youtube/v3/videos", set[str]()),
        ("GET", "/v2/reports", set[str]()),
        ("GET", "/coat.mp4", set[str]()),
    ],
)
def test_what_counts_for_which_quota(method: str, path: str, counted: set[str]) -> None:
    request = httpx.Request(method, f"https://www.googleapis.com{path}?part=snippet")
    assert {budget.name for budget in YouTube.budgets if budget.of(request) is not None} == counted
    assert {budget.until_midnight_in for budget in YouTube.budgets} == {"America/Los_Angeles"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "2 < 3"}, "text"),
        ({"text": "ä" * 2501}, "text"),
        ({"text": "half \ud83e"}, "text"),
        ({"text": "x" * 4990, "link": "https://shop.example/coats"}, "text"),
        ({"title": "x" * 101}, "title"),
        ({"title": "<b>"}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"tags": ("a,b",)}, "tags"),
        ({"tags": ("",)}, "tags"),
        ({"tags": ("x" * 499, "y")}, "tags"),
        ({"tags": ("two words",) * 42}, "tags"),
        ({"link": "ftp://shop.example"}, "link"),
        ({"image": ""}, "image"),
        ({"image": "file:///etc/passwd"}, "image"),
        ({"declared": None}, "declared"),
    ],
)
def test_what_youtube_would_refuse_is_never_begun(
    sandbox: Sandbox, changed: dict[str, Any], field: str
) -> None:
    given = {"text": POST.text, "image": f"{sandbox.address}/_sandbox/video.mp4", "declared": DECLARED}
    [place] = sandbox_place(sandbox)
    with pytest.raises(errors.Invalid) as wrong:
        opened(sandbox).publish(place.id, Network.YOUTUBE, Post(**{**given, **changed}))
    assert wrong.value.field == field
    assert sandbox.accepted(Channel.YOUTUBE) == []


def test_what_is_declared_and_who_may_see_it_goes_with_the_video(sandbox: Sandbox) -> None:
    [place] = sandbox_place(sandbox)
    post = Post(
        text="How a coat is made",
        link="https://shop.example/coats",
        image=f"{sandbox.address}/_sandbox/video.mp4",
        title="A coat in five minutes",
        tags=("coats", "made in Leipzig"),
        visibility=Visibility.UNLISTED,
        declared=Declared(is_made_for_kids=True, is_synthetic=True),
    )
    told = opened(sandbox).publish(place.id, Network.YOUTUBE, post)
    shown, video = sandbox.accepted(Channel.YOUTUBE)
    assert shown["text"] == "How a coat is made\n\nhttps://shop.example/coats"
    assert told.url == f"https://www.youtube.com/watch?v={told.id}"
    assert {name: video[name] for name in ("title", "tags", "visibility", "made_for_kids", "synthetic")} == {
        "title": "A coat in five minutes",
        "tags": ["coats", "made in Leipzig"],
        "visibility": "unlisted",
        "made_for_kids": True,
        "synthetic": True,
    }
    began = sandbox.now - timedelta(minutes=1)
    assert opened(sandbox).published_since(place.id, Network.YOUTUBE, post, began) == told


def test_a_private_video_is_found_again_and_is_no_post_yet(sandbox: Sandbox) -> None:
    [place] = sandbox_place(sandbox)
    image = f"{sandbox.address}/_sandbox/video.mp4"
    post = Post(text="Soon", image=image, visibility=Visibility.PRIVATE, declared=DECLARED)
    told = opened(sandbox).publish(place.id, Network.YOUTUBE, post)
    assert opened(sandbox).published_since(place.id, Network.YOUTUBE, post, sandbox.now) == told
    assert list(opened(sandbox).post_results(place.id, Network.YOUTUBE, sandbox.now)) == []


@pytest.mark.parametrize(
    ("text", "title", "called"),
    [
        ("First line \nSecond", "", "First line"),
        ("\n\n  Late", "", "Late"),
        ("x" * 101, "", "x" * 99 + "…"),
        ("x" * 100, "", "x" * 100),
        ("Words", " Given ", "Given"),
    ],
)
def test_a_video_without_a_title_is_called_by_its_first_line(text: str, title: str, called: str) -> None:
    assert title_of(Post(text=text, title=title)) == called


def opened(sandbox: Sandbox) -> YouTube:
    found = sandbox.connector(Channel.YOUTUBE)
    assert isinstance(found, YouTube)
    return found


def sandbox_place(sandbox: Sandbox) -> list[FoundPlace]:
    return opened(sandbox).places()
