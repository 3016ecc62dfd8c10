"""TikTok as the sandbox plays it for creators: what an account allows, what it publishes, and how that does."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.organic import PostHistory
from connectors.sandbox.performance import World
from connectors.sandbox.places import Shown, Walls, places_of
from connectors.sandbox.provider import Provider

CREDENTIALS = {
    "access_token": "sandbox-tiktok-account-access-token",
    "refresh_token": "sandbox-tiktok-account-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-tiktok-account-client-secret",
}
VERSION = "v2"

_OPTIONS = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
_LARGEST_PAGE = 20
_LONGEST_TITLE, _LONGEST_DESCRIPTION = 2_200, 4_000
_FIRST_POST = 7_500_000_000_000_000_001
_COURSE = ("PROCESSING_DOWNLOAD", "PUBLISH_COMPLETE")
_COUNTED = ("view_count", "like_count", "comment_count", "share_count")
_NEEDED = {"follower_count": "user.info.stats", "username": "user.info.profile"}

Said = dict[str, Any]
Work = Callable[[Request, Said], Said]


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.answer = _answer(status, code, message, {})


@dataclass(slots=True)
class _Publishing:
    """What all may see has a number when it is through; what is private never gets one."""

    post: str
    is_public: bool
    looks: int = 0

    def looked_at(self) -> Said:
        status = _COURSE[min(self.looks, len(_COURSE) - 1)]
        self.looks += 1
        is_there = status == _COURSE[-1] and self.is_public
        return {"status": status, "publicaly_available_post_id": [int(self.post)] if is_there else []}


class TikTokAccountStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._page_rows, self._clock = page_rows, world.clock
        (self._place,) = places_of(Channel.TIKTOK_ACCOUNT)
        self._walls = Walls(Channel.TIKTOK_ACCOUNT, accepted)
        self._history = PostHistory(world.seed, world.clock)
        self._publishings: dict[str, _Publishing] = {}
        self._numbers = count(_FIRST_POST)
        self._tokens = Tokens(
            "TikTok",
            CREDENTIALS,
            lasts=7200,
            refresh_lasts=15_552_000,
            rotating=True,
            client_named="client_key",
            refresh_lasts_named="refresh_expires_in",
        )

    def provider(self) -> Provider:
        return Provider(
            Channel.TIKTOK_ACCOUNT,
            api=[
                self._route("GET", "user/info", "user.info.basic", self._user),
                self._route("POST", "post/publish/creator_info/query", "video.publish", self._creator),
                self._route("POST", "post/publish/content/init", "video.publish", self._publish_photo),
                self._route("POST", "post/publish/video/init", "video.publish", self._publish_video),
                self._route("POST", "post/publish/status/fetch", "video.publish", self._standing),
                self._route("POST", "video/list", "video.list", self._listed),
            ],
            sign_in=self._tokens.routes(),
            refusal=_refusal,
        )

    def _route(self, method: str, path: str, needs: str, work: Work) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._require(request, needs)
                told = work(request, _body(await request.body()) if method == "POST" else {})
            except _Refused as refused:
                return refused.answer
            return _answer(200, "ok", "", told)

        return Route(f"/{VERSION}/{path}/", endpoint, methods=[method])

    def _require(self, request: Request, needs: str) -> None:
        """Whom nothing in particular was granted may everything."""
        granted = self._tokens.scope_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if granted is None:
            message = "The access token is invalid or not found in the request."
            raise _Refused(401, "access_token_invalid", message)
        if granted and needs not in granted.replace(",", " ").split():
            message = f"The user did not authorize the scope required for completing this request: {needs}"
            raise _Refused(401, "scope_not_authorized", message)

    def _user(self, request: Request, _: Said) -> Said:
        fields = request.query_params.get("fields", "").split(",")
        known = {
            "open_id": self._place.id,
            "display_name": "Lindgrün",
            "username": self._place.name,
            "follower_count": self._history.followers(self._place),
        }
        if unknown := set(fields) - set(known):
            raise _wrong(f"Invalid fields: {sorted(unknown)}")
        for field, needs in _NEEDED.items():
            if field in fields:
                self._require(request, needs)
        return {"user": {field: known[field] for field in fields}}

    def _creator(self, _: Request, __: Said) -> Said:
        return {
            "creator_username": self._place.name,
            "creator_nickname": "Lindgrün",
            "privacy_level_options": list(_OPTIONS),
            "comment_disabled": False,
            "duet_disabled": True,
            "stitch_disabled": False,
            "max_video_post_duration_sec": 600,
        }

    def _publish_photo(self, _: Request, told: Said) -> Said:
        if (told.get("media_type"), told.get("post_mode")) != ("PHOTO", "DIRECT_POST"):
            raise _wrong("media_type: the sandbox knows PHOTO and DIRECT_POST only")
        info, source = _parts(told)
        photos = source.get("photo_images")
        if not isinstance(photos, list) or not 1 <= len(photos) <= 35:
            raise _wrong("photo_images: 1 to 35 addresses")
        words = _words(info, "description", _LONGEST_DESCRIPTION)
        return self._begin(info, words, str(photos[0]), "p_pub_url")

    def _publish_video(self, _: Request, told: Said) -> Said:
        info, source = _parts(told)
        if info.get("disable_duet") is not True:
            raise _wrong("disable_duet: the creator has turned duets off")
        words = _words(info, "title", _LONGEST_TITLE)
        return self._begin(info, words, str(source.get("video_url", "")), "v_pub_url")

    def _begin(self, info: Said, words: str, media: str, kind: str) -> Said:
        if not media.startswith("http"):
            raise _wrong("source_info: no address")
        if info.get("brand_content_toggle") and info.get("privacy_level") == "SELF_ONLY":
            raise _wrong("brand_content_toggle: what somebody pays for cannot be private")
        number = f"{kind}~v2.{secrets.randbelow(10**18)}"
        is_public = info.get("privacy_level") == _OPTIONS[0]
        shown = Shown(str(next(self._numbers)), words, "", media, self._clock())
        self._publishings[number] = _Publishing(shown.id, is_public)
        self._walls.show(self._place.id, shown)
        return {"publish_id": number}

    def _standing(self, _: Request, told: Said) -> Said:
        publishing = self._publishings.get(str(told.get("publish_id", "")))
        if publishing is None:
            raise _Refused(400, "invalid_publish_id", "The publish_id does not exist.")
        return publishing.looked_at()

    def _listed(self, request: Request, told: Said) -> Said:
        """By the moment of the last one that was told, which is the cursor."""
        size = told.get("max_count", 10)
        if not isinstance(size, int) or not 1 <= size <= _LARGEST_PAGE:
            raise _wrong(f"max_count: 1 to {_LARGEST_PAGE}")
        fields = request.query_params.get("fields", "").split(",")
        before = told.get("cursor")
        posts = [post for post in self._shown() if before is None or _milliseconds(post) < before]
        some = posts[: min(size, self._page_rows)]
        return {
            "videos": [self._told(post, fields) for post in some],
            "cursor": _milliseconds(some[-1]) if some else 0,
            "has_more": len(posts) > len(some),
        }

    def _shown(self) -> list[Shown]:
        """What all may see, newest first."""
        private = {it.post for it in self._publishings.values() if not it.is_public}
        posts = [*self._history.of(self._place), *self._walls.of(self._place.id)]
        return sorted((it for it in posts if it.id not in private), key=lambda it: it.at, reverse=True)

    def _told(self, post: Shown, fields: list[str]) -> Said:
        counters = self._history.counters(post)
        told: Said = {
            "id": post.id,
            "create_time": int(post.at.timestamp()),
            "share_url": f"https://www.tiktok.com/@{self._place.name}/video/{post.id}",
            "title": "",
            "video_description": post.text,
            "duration": 0,
            "view_count": counters.views,
            "like_count": counters.reactions,
            "comment_count": counters.comments,
            "share_count": counters.shares,
        }
        if unknown := set(fields) - set(told):
            raise _wrong(f"Invalid fields: {sorted(unknown)}")
        if not self._history.is_told_of(post):
            told |= dict.fromkeys(_COUNTED)
        return {field: told[field] for field in fields}


def _parts(told: Said) -> tuple[Said, Said]:
    info, source = told.get("post_info"), told.get("source_info")
    if not isinstance(info, dict) or not isinstance(source, dict):
        raise _wrong("post_info and source_info are required")
    if source.get("source") != "PULL_FROM_URL":
        raise _wrong("source: the sandbox knows PULL_FROM_URL only")
    if info.get("privacy_level") not in _OPTIONS:
        message = "The privacy_level is not among the creator's options."
        raise _Refused(400, "privacy_level_option_mismatch", message)
    return info, source


def _words(info: Said, name: str, longest: int) -> str:
    words = str(info.get(name, ""))
    if len(words.encode("utf-16-le")) // 2 > longest:
        raise _wrong(f"{name}: more than {longest} characters")
    return words


def _milliseconds(post: Shown) -> int:
    return int(post.at.timestamp() * 1000)


def _wrong(message: str) -> _Refused:
    return _Refused(400, "invalid_params", message)


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return _answer(401, "access_token_invalid", "The access token is invalid.", {})
        case Fault.RATE_LIMITED:
            limited = _answer(429, "rate_limit_exceeded", "The API rate limit was exceeded.", {})
            if trouble.hint_seconds is not None:
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case _:
            return _answer(500, "internal_error", "Something is wrong. Please try again later.", {})


def _answer(status: int, code: str, message: str, data: Said) -> Response:
    error = {"code": code, "message": message, "log_id": secrets.token_hex(16).upper()}
    return JSONResponse({"data": data, "error": error}, status_code=status)


def _body(body: bytes) -> Said:
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise _wrong("no JSON object") from None
