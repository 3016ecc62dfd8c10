"""The TikTok account that a grant is of: what it is called, who follows it, and what it has published."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from connectors.answers import shaped
from connectors.errors import Forbidden, Invalid, TooMuchData, UnexpectedAnswer
from connectors.publishing import FoundPlace, Network
from connectors.tiktok_account_api import WHERE, TikTokAccountApi

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

_VIDEO_FIELDS = (
    "id",
    "create_time",
    "share_url",
    "title",
    "video_description",
    "duration",
    "view_count",
    "like_count",
    "comment_count",
    "share_count",
)
_LARGEST_PAGE = 20
_MOST_PAGES = 500
_LONGEST_ADDRESS = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Letters, figures, hyphens and underscores; it is never a mere number.
_OPEN_ID = re.compile(r"(?=[^a-zA-Z]{0,100}[a-zA-Z])[A-Za-z0-9_-]{8,100}")


class _User(msgspec.Struct):
    open_id: str
    display_name: str = ""
    username: str = ""
    follower_count: Count | None = None


class _Asked(msgspec.Struct):
    user: _User


class Shown(msgspec.Struct):
    """A video or a post of photos as TikTok lists it; moments in seconds."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,30}\Z")]
    create_time: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
    share_url: str = ""
    title: str | None = None
    video_description: str | None = None
    view_count: Count | None = None
    like_count: Count | None = None
    comment_count: Count | None = None
    share_count: Count | None = None

    @property
    def at(self) -> datetime:
        return _EPOCH + timedelta(seconds=self.create_time)

    @property
    def words(self) -> str:
        return self.video_description or self.title or ""

    @property
    def url(self) -> str:
        address = self.share_url
        return address if address.startswith("https://") and len(address) <= _LONGEST_ADDRESS else ""


class _Page(msgspec.Struct):
    videos: list[dict[str, Any]] = []
    cursor: int = 0
    has_more: bool = False


class TikTokProfile:
    """Whose grant it is, asked for once."""

    def __init__(self, api: TikTokAccountApi) -> None:
        self._api = api
        self._open_id = ""

    def found(self) -> list[FoundPlace]:
        user = self._user("open_id", "display_name", "username")
        return [
            FoundPlace(
                id=user.open_id,
                name=user.username or user.display_name or user.open_id,
                network=Network.TIKTOK,
            )
        ]

    def followers(self, place: str, network: Network) -> int | None:
        require_named(place, network)
        user = self._user("open_id", "follower_count")
        self._require_own(place)
        return user.follower_count

    def require_own(self, place: str, network: Network) -> None:
        """A grant publishes nowhere but in its own account, whatever account is meant."""
        require_named(place, network)
        if not self._open_id:
            self._user("open_id")
        self._require_own(place)

    def posted_since(self, place: str, network: Network, since: datetime) -> Iterator[tuple[Shown, Any]]:
        """What is young enough, newest first, each beside what was said of it; TikTok lists what is public."""
        self.require_own(place, network)
        began = since.replace(microsecond=0)
        body: dict[str, int] = {"max_count": _LARGEST_PAGE}
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = self._api.asked("video/list", body, _Page, _VIDEO_FIELDS)
            listed = [(shaped(said, Shown, where=WHERE), said) for said in page.videos]
            young = [(shown, said) for shown, said in listed if shown.at >= began]
            # What is published meanwhile moves the others on, so that some come twice.
            yield from ((shown, said) for shown, said in young if shown.id not in seen)
            seen.update(shown.id for shown, _ in young)
            if not page.has_more or (listed and not young):
                return
            if page.cursor == body.get("cursor"):
                raise UnexpectedAnswer(what="a next page without a new cursor", where=WHERE)
            body["cursor"] = page.cursor
        raise TooMuchData(what=f"more than {_MOST_PAGES} pages of posts", where=WHERE)

    def _user(self, *fields: str) -> _User:
        user = self._api.read("user/info", fields, _Asked).user
        self._open_id = user.open_id
        return user

    def _require_own(self, place: str) -> None:
        if place != self._open_id:
            raise Forbidden(what="the connection is to another account", where=WHERE)


def require_named(place: str, network: Network) -> None:
    if network is not Network.TIKTOK:
        raise Invalid(what=f"TikTok does not publish on {network}", where=WHERE, field="network")
    if not _OPEN_ID.fullmatch(place):
        raise Invalid(what="an account is named by its open id", where=WHERE, field="place")
