"""A TikTok account in TikTok's own words: what it allows is asked first, and what becomes of a post afterwards."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.face import Channel
from connectors.publishing import FoundPlace, Network, Post, Published
from connectors.retries import Patience
from connectors.sandbox.places import places_of
from connectors.tiktok_account import TikTokAccount
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

PLACE = places_of(Channel.TIKTOK_ACCOUNT)[0].id
OPEN_ID = "723f24d7-e717-40f8-a2b6-cb8464cd23b4"
GIVEN = {
    "access_token": "very-secret",
    "refresh_token": "quite-secret",
    "client_id": "key",
    "client_secret": "most-secret",
}
PHOTO = Post(text="New coats", image="https://shop.example/coat.jpg")
VIDEO = Post(text="New coats", image="https://shop.example/coat.MP4?v=2")
CREATOR: dict[str, Any] = {
    "creator_avatar_url": "https://p16.example/a.webp",
    "creator_username": "shop",
    "creator_nickname": "Shop",
    "privacy_level_options": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
    "comment_disabled": True,
    "duet_disabled": False,
    "stitch_disabled": True,
    "max_video_post_duration_sec": 300,
}
SHOWN: dict[str, Any] = {
    "id": "7512345678901234567",
    "create_time": int(NOON.timestamp()),
    "share_url": "https://www.tiktok.com/@shop/video/7512345678901234567",
    "title": "",
    "video_description": "New coats",
    "view_count": 1200,
    "like_count": 80,
    "comment_count": 7,
    "share_count": 0,
}


def said(data: Any) -> tuple[int, bytes]:
    error = {"code": "ok", "message": "", "log_id": "2026L1"}
    return 200, json.dumps({"data": data, "error": error}).encode()


def refused(code: str, status: int = 400, message: str = "") -> tuple[int, bytes]:
    error = {"code": code, "message": message, "log_id": "2026L1"}
    return status, json.dumps({"data": {}, "error": error}).encode()


WHO = said({"user": {"open_id": OPEN_ID, "username": "shop", "follower_count": 321}})
BEGUN = said({"publish_id": "v_pub_url~v2.123"})


@contextmanager
def tiktok(
    *answers: tuple[int, bytes], attempts: int = 1, **changed: str
) -> Iterator[tuple[TikTokAccount, list[httpx.Request]]]:
    heard: list[httpx.Request] = []
    with (
        answering(*answers) as wire,
        httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [heard.append]}) as http,
    ):
        patience = Patience(attempts=attempts, sleep=lambda _: None)
        wire = replace(wire, http=http, patience=patience, clock=lambda: NOON)
        yield TikTokAccount.connect({**GIVEN, **changed}, wire), heard


def publish(opened: TikTokAccount, post: Post = PHOTO) -> Published:
    return opened.publish(OPEN_ID, Network.TIKTOK, post)


def standing(status: str, *posts: int, why: str = "") -> tuple[int, bytes]:
    told = {"status": status, "publicaly_available_post_id": list(posts), "fail_reason": why}
    return said(told)


def test_a_photo_is_published_as_the_account_allows() -> None:
    answers = (
        WHO,
        said(CREATOR),
        BEGUN,
        standing("PROCESSING_DOWNLOAD"),
        standing("PUBLISH_COMPLETE", 75123),
    )
    with tiktok(*answers) as (opened, heard):
        told = publish(opened)
    assert told == Published(id="75123", url="https://www.tiktok.com/@shop/video/75123")
    assert [it.url.path.removeprefix("/v0/") for it in heard] == [
        "user/info/",
        "post/publish/creator_info/query/",
        "post/publish/content/init/",
        "post/publish/status/fetch/",
        "post/publish/status/fetch/",
    ]
    assert heard[2].headers["authorization"] == "Bearer very-secret"
    assert json.loads(heard[2].content) == {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {
            "description": "New coats",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": True,
            "brand_organic_toggle": True,
            "brand_content_toggle": False,
        },
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [PHOTO.image],
            "photo_cover_index": 0,
        },
    }
    assert json.loads(heard[3].content) == {"publish_id": "v_pub_url~v2.123"}


def test_a_video_is_told_by_its_name() -> None:
    answers = (WHO, said(CREATOR), BEGUN, standing("PUBLISH_COMPLETE", 75123))
    with tiktok(*answers) as (opened, heard):
        publish(opened, VIDEO)
    assert heard[2].url.path.endswith("/post/publish/video/init/")
    assert json.loads(heard[2].content) == {
        "post_info": {
            "title": "New coats",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": True,
            "disable_duet": False,
            "disable_stitch": True,
            "brand_organic_toggle": True,
            "brand_content_toggle": False,
        },
        "source_info": {"source": "PULL_FROM_URL", "video_url": VIDEO.image},
    }


def test_a_video_is_published_in_the_sandbox(sandbox: Sandbox) -> None:
    opened = sandbox.connector(Channel.TIKTOK_ACCOUNT)
    assert isinstance(opened, TikTokAccount)
    told = opened.publish(PLACE, Network.TIKTOK, VIDEO)
    [kept] = sandbox.accepted(Channel.TIKTOK_ACCOUNT)
    assert (kept["id"], kept["image"]) == (told.id, VIDEO.image)


def test_an_account_that_is_not_public_is_never_published_to_before_other_eyes() -> None:
    private = {**CREATOR, "privacy_level_options": ["FOLLOWER_OF_CREATOR", "SELF_ONLY"]}
    with tiktok(WHO, said(private)) as (opened, heard), pytest.raises(errors.Forbidden) as refusal:
        publish(opened)
    assert "FOLLOWER_OF_CREATOR, SELF_ONLY" in str(refusal.value)
    assert len(heard) == 2


def test_an_app_that_was_not_audited_publishes_privately_where_it_says_so() -> None:
    """What is private has no number but that of its publishing."""
    answers = (WHO, said(CREATOR), BEGUN, standing("PUBLISH_COMPLETE"))
    with tiktok(*answers, privacy_level="SELF_ONLY") as (opened, heard):
        assert publish(opened) == Published(id="v_pub_url~v2.123")
    assert json.loads(heard[2].content)["post_info"]["privacy_level"] == "SELF_ONLY"


REFUSALS = [
    ("access_token_invalid", 401, errors.AuthRevoked),  # renewed, and refused once more
    ("scope_not_authorized", 401, errors.Forbidden),
    ("rate_limit_exceeded", 429, errors.RateLimited),
    ("spam_risk_too_many_posts", 403, errors.QuotaExhausted),
    ("reached_active_user_cap", 403, errors.QuotaExhausted),
    ("spam_risk_user_banned_from_posting", 403, errors.Forbidden),
    ("spam_risk_text", 403, errors.Forbidden),
    ("unaudited_client_can_only_post_to_private_accounts", 403, errors.Forbidden),
    ("url_ownership_unverified", 403, errors.Forbidden),
    ("privacy_level_option_mismatch", 403, errors.Forbidden),
    ("invalid_params", 400, errors.Invalid),
    ("something_new", 400, errors.Invalid),
    ("something_new", 403, errors.Forbidden),
    ("internal_error", 500, errors.UnknownOutcome),
    ("internal_error", 200, errors.UnknownOutcome),
    ("something_new", 200, errors.UnknownOutcome),
    ("invalid_params", 200, errors.Invalid),
]


@pytest.mark.parametrize(("code", "status", "kind"), REFUSALS)
def test_a_refusal_of_a_post_has_its_class_and_is_met_once(
    code: str, status: int, kind: type[errors.ChannelError]
) -> None:
    with (
        tiktok(WHO, said(CREATOR), refused(code, status), attempts=5) as (opened, heard),
        pytest.raises(errors.ChannelError) as met,
    ):
        publish(opened)
    assert type(met.value) is kind
    assert sum("/init/" in it.url.path for it in heard) == 1
    assert "secret" not in str(met.value)


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("picture_size_check_failed", errors.Invalid),
        ("photo_pull_failed", errors.Invalid),
        ("video_pull_failed", errors.Invalid),
        ("duration_check_failed", errors.Invalid),
        ("auth_removed", errors.AuthRevoked),
        ("spam_risk_too_many_posts", errors.QuotaExhausted),
        ("spam_risk", errors.Forbidden),
        ("internal", errors.Transient),
        ("", errors.Invalid),
    ],
)
def test_what_failed_afterwards_was_not_published(why: str, kind: type[errors.ChannelError]) -> None:
    answers = (WHO, said(CREATOR), BEGUN, standing("FAILED", why=why))
    with tiktok(*answers) as (opened, _), pytest.raises(errors.ChannelError) as met:
        publish(opened)
    assert type(met.value) is kind


@pytest.mark.parametrize(
    "unheard",
    [
        standing("PROCESSING_DOWNLOAD"),
        standing("SEND_TO_USER_INBOX"),
        (500, b""),
        (200, b"{"),
        refused("invalid_publish_id"),
    ],
)
def test_what_is_not_heard_after_it_was_taken_may_have_been_published(unheard: tuple[int, bytes]) -> None:
    with (
        tiktok(WHO, said(CREATOR), BEGUN, unheard) as (opened, heard),
        pytest.raises(errors.UnknownOutcome) as unknown,
    ):
        publish(opened)
    assert "v_pub_url~v2.123" in str(unknown.value)
    assert sum("/init/" in it.url.path for it in heard) == 1


@pytest.mark.parametrize("answer", [(200, b""), (200, b"[]"), said({}), said({"publish_id": 5})])
def test_a_success_that_cannot_be_read_is_an_unknown_outcome(answer: tuple[int, bytes]) -> None:
    with tiktok(WHO, said(CREATOR), answer) as (opened, _), pytest.raises(errors.UnknownOutcome):
        publish(opened)


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (Post(text=" ", image=PHOTO.image), "text"),
        (Post(text="😀" * 1_101, image=PHOTO.image), "text"),
        (Post(text="\ud800", image=PHOTO.image), "text"),
        (Post(text="x"), "image"),
        (Post(text="x", image="ftp://x/y"), "image"),
        (Post(text="x", image="https://[x"), "image"),
        (Post(text="x", image="https://x.example/" + "y" * 2_000), "image"),
        (Post(text="x", image=PHOTO.image, link="https://shop.example"), "link"),
    ],
)
def test_what_tiktok_would_not_take_is_never_sent(post: Post, field: str) -> None:
    with tiktok(WHO) as (opened, heard), pytest.raises(errors.Invalid) as invalid:
        publish(opened, post)
    assert invalid.value.field == field
    assert heard == []


def test_words_are_counted_as_tiktok_counts() -> None:
    answers = (WHO, said(CREATOR), BEGUN, standing("PUBLISH_COMPLETE", 1))
    with tiktok(*answers) as (opened, _):
        assert publish(opened, replace(PHOTO, text="😀" * 1_100)).id == "1"


def test_a_grant_speaks_for_its_own_account_alone() -> None:
    other = "99999999-e717-40f8-a2b6-cb8464cd23b4"
    with tiktok(WHO) as (opened, heard):
        for attempt in (
            lambda: opened.publish(other, Network.TIKTOK, PHOTO),
            lambda: list(opened.post_results(other, Network.TIKTOK, NOON)),
            lambda: opened.published_since(other, Network.TIKTOK, PHOTO, NOON),
            lambda: opened.followers(other, Network.TIKTOK),
        ):
            with pytest.raises(errors.Forbidden):
                attempt()
    assert {it.url.path for it in heard} == {"/v0/user/info/"}


def test_the_account_is_called_by_its_name() -> None:
    with tiktok(WHO) as (opened, heard):
        assert opened.places() == [FoundPlace(id=OPEN_ID, name="shop", network=Network.TIKTOK)]
        assert opened.followers(OPEN_ID, Network.TIKTOK) == 321
    assert heard[0].url.params["fields"] == "open_id,display_name,username"


def test_a_post_is_told_of_with_what_is_counted() -> None:
    with tiktok(WHO, said({"videos": [SHOWN], "cursor": 1, "has_more": False})) as (opened, heard):
        [row] = opened.post_results(OPEN_ID, Network.TIKTOK, NOON - timedelta(days=1))
    assert (row.post_id, row.post_url, row.beginning) == (SHOWN["id"], SHOWN["share_url"], "New coats")
    assert (row.views, row.reactions, row.comments, row.shares) == (1200, 80, 7, 0)
    assert (row.impressions, row.reach, row.saves, row.clicks) == (None, None, None, None)
    assert json.loads(row.raw) == SHOWN
    assert json.loads(heard[1].content) == {"max_count": 20}
    assert "view_count" in heard[1].url.params["fields"]


def test_pages_follow_their_cursor_and_nothing_comes_twice() -> None:
    older = {**SHOWN, "id": "7500000000000000001", "create_time": SHOWN["create_time"] - 60}
    first = said({"videos": [SHOWN], "cursor": 1_790_000_000_000, "has_more": True})
    second = said({"videos": [SHOWN, older], "cursor": 1_780_000_000_000, "has_more": False})
    with tiktok(WHO, first, second) as (opened, heard):
        rows = list(opened.post_results(OPEN_ID, Network.TIKTOK, NOON - timedelta(days=1)))
    assert [row.post_id for row in rows] == [SHOWN["id"], older["id"]]
    assert json.loads(heard[2].content)["cursor"] == 1_790_000_000_000


def test_a_cursor_that_stands_still_is_told() -> None:
    again = said({"videos": [SHOWN], "cursor": 5, "has_more": True})
    with tiktok(WHO, again) as (opened, _), pytest.raises(errors.UnexpectedAnswer):
        list(opened.post_results(OPEN_ID, Network.TIKTOK, NOON - timedelta(days=1)))


def test_a_lost_post_is_found_by_its_words() -> None:
    spaced = {**SHOWN, "video_description": "New  coats "}
    with tiktok(WHO, said({"videos": [spaced], "cursor": 1, "has_more": False})) as (opened, _):
        found = opened.published_since(OPEN_ID, Network.TIKTOK, PHOTO, NOON - timedelta(minutes=1))
    assert found == Published(id=SHOWN["id"], url=SHOWN["share_url"])


def test_a_token_is_renewed_by_its_key_and_the_new_refresh_token_is_kept(sandbox: Sandbox) -> None:
    opened = sandbox.connector(Channel.TIKTOK_ACCOUNT)
    assert isinstance(opened, TikTokAccount)
    for _ in range(2):
        sandbox.order(Channel.TIKTOK_ACCOUNT, "expired_token")
        assert opened.places()
    first, second = (renewed["refresh_token"] for renewed in sandbox.renewals)
    assert first != second
    assert int(str(sandbox.renewals[1]["refresh_expires_at"])) > NOON.timestamp() + 179 * 86_400


def test_a_refresh_token_that_was_used_before_asks_for_a_reconnect(sandbox: Sandbox) -> None:
    first, second = (sandbox.connector(Channel.TIKTOK_ACCOUNT) for _ in range(2))
    assert isinstance(first, TikTokAccount)
    assert isinstance(second, TikTokAccount)
    sandbox.order(Channel.TIKTOK_ACCOUNT, "expired_token")
    first.places()
    sandbox.order(Channel.TIKTOK_ACCOUNT, "expired_token")
    with pytest.raises(errors.AuthRevoked):
        second.places()
