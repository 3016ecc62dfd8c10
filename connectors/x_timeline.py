"""What one of X's accounts has posted, and who speaks: X lets a consent speak for its own account alone."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from connectors.answers import shaped
from connectors.errors import Forbidden, Invalid, TooMuchData, UnexpectedAnswer
from connectors.publishing import FoundPlace, Network
from connectors.x_api import XApi
from connectors.x_credentials import WHERE

# X gives no more than the last 3,200 posts, a hundred to a page.
_PAGE = 100
_MOST_PAGES = 40
# A moment that is still to come is refused, and X's clock may be behind ours.
_JUST_NOW = timedelta(minutes=1)
_NUMBER = re.compile(r"[0-9]{1,19}")
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,50}")

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Said = dict[str, Any]


class _Followed(msgspec.Struct):
    followers_count: Count | None = None


class Speaker(msgspec.Struct):
    """The account that somebody has consented for."""

    id: str
    username: str = ""
    name: str = ""
    public_metrics: _Followed = msgspec.field(default_factory=_Followed)

    def address_of(self, post: str) -> str:
        who = self.username if _USERNAME.fullmatch(self.username) else "i"
        return f"https://x.com/{who}/status/{post}"


class _Me(msgspec.Struct):
    data: Speaker


class _Link(msgspec.Struct):
    url: str = ""
    expanded_url: str = ""
    media_key: str = ""


class _Entities(msgspec.Struct):
    urls: list[_Link] = []


class _Long(msgspec.Struct):
    text: str
    entities: _Entities = msgspec.field(default_factory=_Entities)


class Posted(msgspec.Struct):
    id: str
    created_at: datetime
    text: str = ""
    entities: _Entities = msgspec.field(default_factory=_Entities)
    note_tweet: _Long | None = None

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is None or not _NUMBER.fullmatch(self.id):
            raise ValueError("a post without a number, or of no certain moment")

    @property
    def words(self) -> str:
        """As they were written: X puts links of its own in the place of others, and of pictures."""
        whole = self.note_tweet or _Long(self.text, self.entities)
        words = html.unescape(whole.text)
        for link in whole.entities.urls:
            if link.url:
                words = words.replace(link.url, "" if link.media_key else link.expanded_url)
        return words.strip()


class _Meta(msgspec.Struct):
    next_token: str | None = None


class _Page(msgspec.Struct):
    data: list[Said] = []
    meta: _Meta = msgspec.field(default_factory=_Meta)


class Timeline:
    """One consent's own account."""

    def __init__(self, api: XApi) -> None:
        self._api = api
        self._me: Speaker | None = None

    def found(self) -> list[FoundPlace]:
        """None where nobody has consented yet."""
        if not self._api.is_open:
            return []
        me = self.me()
        return [FoundPlace(id=me.id, name=me.name or me.username, network=Network.X)]

    def me(self) -> Speaker:
        """Asked for once a connection, since X charges for it."""
        if self._me is None:
            self._me = self._api.read("users/me", _Me, {"user.fields": "public_metrics"}).data
        return self._me

    def speaker(self, place: str, network: Network) -> Speaker:
        """Whatever is not this account's own is refused: a post would appear in its name, whoever was meant."""
        if network is not Network.X:
            raise Invalid(what=f"X does not publish on {network}", where=WHERE, field="network")
        if not _NUMBER.fullmatch(place):
            raise Invalid(what="an account is named by its number", where=WHERE, field="place")
        me = self.me()
        if me.id != place:
            raise Forbidden(what="the consent is one for another account", where=WHERE)
        return me

    def posted_since(
        self, speaker: Speaker, since: datetime, *fields: str
    ) -> Iterator[list[tuple[Posted, Said]]]:
        """What is young enough to the second, page by page and newest first, each post beside what was said of it."""
        since = since.replace(microsecond=0)
        asked = {
            "max_results": str(_PAGE),
            "exclude": "retweets",
            "start_time": f"{min(since, self._api.now() - _JUST_NOW).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "tweet.fields": ",".join(("created_at", "entities", "note_tweet", *fields)),
        }
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = self._api.read(f"users/{speaker.id}/tweets", _Page, asked)
            posted = [(shaped(said, Posted, where=WHERE), said) for said in page.data]
            young = [(each, said) for each, said in posted if each.created_at >= since]
            if young:
                yield young
            if not page.meta.next_token:
                return
            if page.meta.next_token in seen:
                raise UnexpectedAnswer(what="pages of posts without an end", where=WHERE)
            seen.add(page.meta.next_token)
            asked["pagination_token"] = page.meta.next_token
        raise TooMuchData(what="more posts than can be looked through", where=WHERE)
