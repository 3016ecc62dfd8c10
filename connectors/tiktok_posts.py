"""Publishing on TikTok: a picture or a video that it fetches, with words, after the account was asked what it allows.

The request that publishes answers at once, and TikTok fetches, looks through and shows by and by: it is asked how that
goes until it says.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors.errors import (
    ChannelError,
    Forbidden,
    Invalid,
    NotReady,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.face import Wire
from connectors.publishing import Network, Post, PostLimits, Published
from connectors.tiktok_account_api import WHERE, TikTokAccountApi
from connectors.tiktok_account_refusals import kind_of
from connectors.tiktok_profile import TikTokProfile, require_named

LIMITS = PostLimits(longest_text=2_200, needs_image=True, takes_link=False)

_VIDEOS = (".mp4", ".mov", ".webm")
_LONGEST_ADDRESS = 2_000
_MOST_LOOKS = 40
_LONGEST_SECONDS = 600.0


class _Creator(msgspec.Struct):
    """What the account allows at this very moment."""

    privacy_level_options: list[str]
    creator_username: str = ""
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False


class _Begun(msgspec.Struct):
    publish_id: str


class _Standing(msgspec.Struct):
    """TikTok's own spelling, and the other one; the numbers are those of what everybody may see."""

    status: str
    fail_reason: str = ""
    publicaly_available_post_id: list[int | str] = []
    publicly_available_post_id: list[int | str] = []

    @property
    def posts(self) -> list[str]:
        return [str(each) for each in self.publicaly_available_post_id or self.publicly_available_post_id]


class TikTokPosts:
    def __init__(
        self, api: TikTokAccountApi, profile: TikTokProfile, wire: Wire, *, privacy_level: str
    ) -> None:
        self._api, self._profile, self._privacy_level = api, profile, privacy_level
        self._looking = replace(wire.patience, attempts=_MOST_LOOKS, total=_LONGEST_SECONDS)

    def publish(self, place: str, network: Network, post: Post) -> Published:
        """Sent once: whatever is not heard after it may have been published."""
        require_named(place, network)
        _require_fit(post)
        self._profile.require_own(place, network)
        creator = self._api.asked("post/publish/creator_info/query", {}, _Creator)
        self._require_allowed(creator)
        is_video = _is_video(post.image)
        path, body = _of_a_video(post) if is_video else _of_a_photo(post)
        body["post_info"] |= self._audience(creator, is_video=is_video)
        number = self._api.write(path, body, _Begun).publish_id
        return self._followed(number, creator)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """By words alone, whatever became of the white space between them; what is private is not listed."""
        wanted = post.text.split()
        for shown, _ in self._profile.posted_since(place, network, since):
            if shown.words.split() == wanted:
                return Published(id=shown.id, url=shown.url)
        return None

    def _require_allowed(self, creator: _Creator) -> None:
        """Nothing is published before other eyes than those it was meant for."""
        if self._privacy_level not in creator.privacy_level_options:
            options = ", ".join(creator.privacy_level_options) or "nothing"
            what = f"the account allows {options}, and the app is to publish as {self._privacy_level}"
            raise Forbidden(what=what, where=WHERE)

    def _audience(self, creator: _Creator, *, is_video: bool) -> dict[str, Any]:
        """What is written here advertises the account's own house, and nobody is paid for it: TikTok wants to know."""
        told: dict[str, Any] = {
            "privacy_level": self._privacy_level,
            "disable_comment": creator.comment_disabled,
            "brand_organic_toggle": True,
            "brand_content_toggle": False,
        }
        if is_video:
            told |= {"disable_duet": creator.duet_disabled, "disable_stitch": creator.stitch_disabled}
        return told

    def _followed(self, number: str, creator: _Creator) -> Published:
        """What is private, or still looked through before all may see it, has no number but that of its publishing."""
        try:
            standing = self._looking.through(lambda: self._standing(number), (NotReady,))
        except ChannelError as unheard:
            what = f"taken as {number}, but what became of it was not heard: {unheard.what}"
            raise UnknownOutcome(what=what, where=WHERE, code=unheard.code) from unheard
        if standing.status == "FAILED":
            raise _failure(standing.fail_reason)
        if not standing.posts:
            return Published(id=number)
        post = standing.posts[0]
        url = f"https://www.tiktok.com/@{creator.creator_username}/video/{post}"
        return Published(id=post, url=url if creator.creator_username else "")

    def _standing(self, number: str) -> _Standing:
        said = self._api.asked("post/publish/status/fetch", {"publish_id": number}, _Standing)
        match said.status:
            case "PUBLISH_COMPLETE" | "FAILED":
                return said
            case "PROCESSING_DOWNLOAD" | "PROCESSING_UPLOAD":
                raise NotReady(what=f"TikTok is still at it ({said.status})", where=WHERE)
            case other:
                raise UnexpectedAnswer(what=f"a post that is {other!r}", where=WHERE)


def _of_a_photo(post: Post) -> tuple[str, dict[str, Any]]:
    return "post/publish/content/init", {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {"description": post.text},
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [post.image],
            "photo_cover_index": 0,
        },
    }


def _of_a_video(post: Post) -> tuple[str, dict[str, Any]]:
    return "post/publish/video/init", {
        "post_info": {"title": post.text},
        "source_info": {"source": "PULL_FROM_URL", "video_url": post.image},
    }


def _failure(reason: str) -> ChannelError:
    """It is over, and nothing was published."""
    kind = kind_of(reason) or Invalid
    return kind(what=reason.replace("_", " ") or "TikTok did not say why", where=WHERE, code=reason)


def _require_fit(post: Post) -> None:
    for name, wrong in {
        "text": _trouble_with(post.text),
        "link": "people cannot follow a link there" if post.link else "",
        "image": _trouble_with_media(post.image),
    }.items():
        if wrong:
            raise Invalid(what=wrong, where=WHERE, field=name)


def _trouble_with(words: str) -> str:
    """Words are needed, since a post without any could not be found again."""
    length = _length(words)
    if length > LIMITS.longest_text:
        return f"{length} characters, of {LIMITS.longest_text} at most"
    return "" if words.strip() else "words are needed"


def _trouble_with_media(address: str) -> str:
    if not address:
        return "a picture or a video is needed"
    return "" if _is_address(address) else "is no address on the public network"


def _is_video(address: str) -> bool:
    """By its name: TikTok wants to know before it fetches it."""
    return urlsplit(address).path.lower().endswith(_VIDEOS)


def _length(words: str) -> int:
    """In units of UTF-16, as TikTok counts."""
    try:
        return len(words.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Invalid(what="holds half a character", where=WHERE, field="text") from None


def _is_address(address: str) -> bool:
    try:
        said = urlsplit(address)
    except ValueError:
        return False
    return said.scheme in {"http", "https"} and bool(said.hostname) and len(address) <= _LONGEST_ADDRESS
