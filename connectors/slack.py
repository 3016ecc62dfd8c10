"""Slack: messages to the rooms that an app's bot is in, in the very words that were signed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar

import msgspec

from connectors import slack_words
from connectors.access_tokens import Access, Grant
from connectors.answers import ask, credentials_as, shaped
from connectors.errors import Invalid, TooMuchData, UnexpectedAnswer, UnknownOutcome
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.slack_refusals import heard, taken
from connectors.writes import once

WHERE = "Slack"
LONGEST_TEXT = 40_000
MOST_PAGES = 50

_PAGE = 200
_PRINTED = r"\A[\x21-\x7e]{0,4000}\Z"
_ROOM = re.compile(r"[CG][A-Z0-9]{2,30}")
_WORKSPACE = re.compile(r"https://[A-Za-z0-9.-]{1,200}/")
# Private rooms need a scope of their own, to be listed and to be looked through for what may have arrived.
_SCOPES = ("chat:write", "channels:read", "groups:read", "channels:history", "groups:history")

Moment = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,12}\.[0-9]{1,9}\Z")]
"""When a message came, which is also what it is known by in its room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackCredentials(Grant):
    """A bot's token; unless the app rotates its tokens, it does not expire and nothing came with it."""

    access_token: Annotated[str, msgspec.Meta(pattern=_PRINTED)] = field(default="", repr=False)


class _More(msgspec.Struct):
    next_cursor: str = ""


class _Page(msgspec.Struct):
    response_metadata: _More | None = None


class _Room(msgspec.Struct):
    id: str
    name: str = ""


class _Rooms(_Page):
    channels: list[_Room] = []


class _Message(msgspec.Struct):
    ts: Moment
    text: str | None = None
    user: str | None = None
    bot_id: str | None = None


class _History(_Page):
    messages: list[_Message] = []


class _Posted(msgspec.Struct):
    ts: Moment


class _Bot(msgspec.Struct):
    """Who we are in the workspace, and where that is."""

    user_id: str
    bot_id: str = ""
    url: str = ""

    def wrote(self, message: _Message) -> bool:
        return message.user == self.user_id or (bool(self.bot_id) and message.bot_id == self.bot_id)

    def address_of(self, place: str, message: str) -> str:
        home = self.url if _WORKSPACE.fullmatch(self.url) else ""
        return f"{home}archives/{place}/p{message.replace('.', '')}" if home else ""


Page = TypeVar("Page", bound=_Page)


class Slack:
    """One workspace, as the bot of an app sees it: the rooms that it was invited to."""

    channel: ClassVar[Channel] = Channel.SLACK
    title: ClassVar[str] = "Slack"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.CHAT})
    endpoint: ClassVar[Endpoint] = Endpoint(
        base_url="https://slack.com/api",
        token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address, not a token
        authorize_url="https://slack.com/oauth/v2/authorize",
    )
    # Slack wants the scopes of a bot parted by commas.
    consent: ClassVar[Consent | None] = Consent(_SCOPES, MappingProxyType({"scope": ",".join(_SCOPES)}))
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask(
            "access_token", "Bot User OAuth Token", f"xoxb-…, of an app with the scopes {', '.join(_SCOPES)}."
        ),
    )
    # Pictures need words for those who do not see them, and nobody has signed any.
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType(
        {Network.SLACK: PostLimits(longest_text=LONGEST_TEXT, takes_image=False)}
    )

    def __init__(self, credentials: SlackCredentials, wire: Wire) -> None:
        self._wire = wire
        self._endpoint = wire.endpoint.or_default(self.endpoint)
        self._access = Access(credentials, wire, self._endpoint.token_url, where=WHERE)
        self._known: _Bot | None = None

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(SlackCredentials, credentials, where=WHERE), wire)

    def places(self) -> list[FoundPlace]:
        """The rooms that the bot is in: into others it may not write, nor look for what it wrote."""
        asked = {"types": "public_channel,private_channel", "exclude_archived": "true"}
        return [
            FoundPlace(id=room.id, name=room.name, network=Network.SLACK)
            for page in self._pages("users.conversations", asked, _Rooms)
            for room in page.channels
            if _ROOM.fullmatch(room.id)
        ]

    def publish(self, place: str, network: Network, post: Post) -> Published:
        """As plain text: no formatting, no mention, and no preview of whatever stands behind a link."""
        _require_room(place, network)
        message = {
            "channel": place,
            "text": _text(post),
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        bot, said = self._bot(), self._tell("chat.postMessage", message)
        try:
            posted = shaped(said, _Posted, where=WHERE)
        except UnexpectedAnswer as unread:
            raise UnknownOutcome(what=f"accepted, but {unread.what}", where=WHERE) from unread
        return Published(id=posted.ts, url=bot.address_of(place, posted.ts))

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        _require_room(place, network)
        words, bot = _words(post), self._bot()
        asked = {"channel": place, "oldest": f"{since.timestamp():.6f}", "inclusive": "true"}
        for page in self._pages("conversations.history", asked, _History):
            for message in page.messages:
                if bot.wrote(message) and slack_words.are_the_same(words, message.text or ""):
                    return Published(id=message.ts, url=bot.address_of(place, message.ts))
        return None

    def _bot(self) -> _Bot:
        """Asked once a connection."""
        if self._known is None:
            self._known = shaped(self._ask("POST", "auth.test"), _Bot, where=WHERE)
        return self._known

    def _pages(self, method: str, asked: Mapping[str, str], shape: type[Page]) -> Iterator[Page]:
        """Slack may give fewer than were asked for, or none, and have more: only the cursor tells."""
        cursor: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = shaped(
                self._ask("GET", method, {**asked, "limit": str(_PAGE), **cursor}), shape, where=WHERE
            )
            yield page
            if page.response_metadata is None or not page.response_metadata.next_cursor:
                return
            cursor = {"cursor": page.response_metadata.next_cursor}
        raise TooMuchData(what=f"{method} has more than {MOST_PAGES} pages", where=WHERE)

    def _ask(self, verb: str, method: str, asked: Mapping[str, str] = MappingProxyType({})) -> Any:
        def read(credentials: SlackCredentials) -> Any:
            answer = ask(
                self._wire.http,
                verb,
                self._address(method),
                where=WHERE,
                params=dict(asked),
                headers=_bearer(credentials),
            )
            return heard(answer, where=WHERE)

        return self._access.through(read)

    def _tell(self, method: str, told: Mapping[str, Any]) -> Any:
        content = msgspec.json.encode(told)

        def write(credentials: SlackCredentials) -> Any:
            headers = {**_bearer(credentials), "content-type": "application/json; charset=utf-8"}
            answer = once(
                self._wire.http, "POST", self._address(method), where=WHERE, content=content, headers=headers
            )
            return taken(answer, where=WHERE)

        return self._access.once(write)

    def _address(self, method: str) -> str:
        return f"{self._endpoint.base_url}/{method}"


def _bearer(credentials: SlackCredentials) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials.access_token}"}


def _require_room(place: str, network: Network) -> None:
    if network is not Network.SLACK:
        raise Invalid(what=f"does not carry posts to {network}", where=WHERE, field="network")
    if not _ROOM.fullmatch(place):
        raise Invalid(what="a room is named by its id, like C0123ABCDE", where=WHERE, field="place")


def _words(post: Post) -> str:
    """What readers will see: the text, and the link below it."""
    return "\n".join(part for part in (post.text, post.link) if part)


def _text(post: Post) -> str:
    """Slack cuts off what is longer, and does not say whether it counts letters or what they are written as."""
    if post.image:
        raise Invalid(what="a picture has no form here", where=WHERE, field="image")
    text = slack_words.written(_words(post))
    if not text.strip():
        raise Invalid(what="there are no words", where=WHERE, field="text")
    if len(text) > LONGEST_TEXT:
        what = f"takes {LONGEST_TEXT:,} characters, of which &, < and > need up to five each"
        raise Invalid(what=what, where=WHERE, field="text")
    return text
