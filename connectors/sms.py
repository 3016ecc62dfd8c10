"""Text messages over Twilio's REST API: each handed over once, and looked for among what its phone was sent."""

import email.utils
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

import httpx
import msgspec

from connectors import text_segments
from connectors.answers import Answer, ask, credentials_as, measuring, typed
from connectors.errors import (
    ChannelError,
    Forbidden,
    Invalid,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.sms_refusals import meaning_of, refusal
from connectors.texting import TextMessage, TextSent, is_service
from connectors.writes import doubted, once

WHERE = "Twilio"
MOST_PAGES = 20

_PAGE = 1_000
_LARGEST_PAGE = 8 * 1024 * 1024
# The words of states in which nothing leaves any more.
_LOST = frozenset({"failed", "undelivered", "canceled"})

Id = Annotated[str, msgspec.Meta(pattern=r"\A(?:SM|MM)[0-9a-fA-F]{32}\Z")]
Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_-]{1,40}\Z")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsCredentials:
    """A key of the account; its auth token opens far more, and is what web hooks are proven with."""

    account_sid: Annotated[str, msgspec.Meta(pattern=r"\AAC[0-9a-fA-F]{32}\Z")]
    key_sid: Annotated[str, msgspec.Meta(pattern=r"\ASK[0-9a-fA-F]{32}\Z")]
    key_secret: Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]{1,200}\Z")] = field(repr=False)


class _Message(msgspec.Struct):
    sid: Id
    status: Word
    error_code: int | None = None


class _Listed(_Message, kw_only=True):
    to: str
    body: str | None = None
    direction: str = ""
    date_created: str | None = None
    sender: str | None = msgspec.field(name="from", default=None)
    messaging_service_sid: str | None = None


class _Page(msgspec.Struct):
    messages: list[_Listed]
    next_page_uri: str | None = None


_message = msgspec.json.Decoder(_Message, strict=False)
_page = msgspec.json.Decoder(_Page, strict=False)


class Sms:
    """One account at Twilio."""

    channel: ClassVar[Channel] = Channel.SMS
    title: ClassVar[str] = "Text messages (Twilio)"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.TEXTS})
    endpoint: ClassVar[Endpoint] = Endpoint(base_url="https://api.twilio.com", version="2010-04-01")
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("account_sid", "Account SID", "AC…, on the console's first page.", is_secret=False),
        Ask("key_sid", "API key", "SK…, of a key that may send and read messages.", is_secret=False),
        Ask("key_secret", "Secret of the key", "Shown once, when the key is made."),
    )

    def __init__(self, credentials: SmsCredentials, wire: Wire) -> None:
        self._credentials = credentials
        self._wire = wire
        endpoint = wire.endpoint.or_default(self.endpoint)
        self._home = endpoint.base_url
        self._messages = f"/{endpoint.version}/Accounts/{credentials.account_sid}/Messages.json"
        self._basic = httpx.BasicAuth(credentials.key_sid, credentials.key_secret)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(SmsCredentials, credentials, where=WHERE), wire)

    def send(self, message: TextMessage) -> TextSent:
        answer = once(
            self._wire.http,
            "POST",
            f"{self._home}{self._messages}",
            where=WHERE,
            data=_form(message),
            auth=self._basic,
        )
        if not answer.is_success:
            raise doubted(self._refusal(answer, message.to), answer)
        try:
            taken = typed(answer, _message, where=WHERE)
        except (Transient, UnexpectedAnswer) as unread:
            raise UnknownOutcome(what=f"accepted, but {unread.what}", where=WHERE) from unread
        if taken.status in _LOST:
            raise _lost(taken)
        return TextSent(id=taken.sid, state=taken.status)

    def sent_since(self, message: TextMessage, since: datetime) -> TextSent | None:
        """By the words, which Twilio may have made plainer; moments there are whole seconds."""
        words, earliest = _compared(message.body), since.astimezone(UTC).replace(microsecond=0)
        for listed in self._sent_to(message):
            if _compared(listed.body or "") == words and _created(listed) >= earliest:
                return TextSent(id=listed.sid, state=listed.status)
        return None

    def check(self) -> None:
        self._read(f"{self._messages}?PageSize=1")

    def _sent_to(self, message: TextMessage) -> Iterator[_Listed]:
        """All of one phone: what waits to be sent has no day by which it could be asked for."""
        asked = {"To": message.to, "PageSize": str(_PAGE)}
        following: str | None = f"{self._messages}?{httpx.QueryParams(asked)}"
        for _ in range(MOST_PAGES):
            page = self._read(following)
            yield from (listed for listed in page.messages if _is_from(listed, message))
            following = page.next_page_uri
            if not following:
                return
        raise TooMuchData(what=f"this phone was sent more than {MOST_PAGES} pages", where=WHERE)

    def _read(self, path: str) -> _Page:
        """What Twilio gives as the next page must be one of the same list."""
        if not path.startswith(f"{self._messages}?"):
            raise UnexpectedAnswer(what="the next page is of something else", where=WHERE)

        def read() -> _Page:
            answer = ask(
                self._wire.http,
                "GET",
                f"{self._home}{path}",
                where=WHERE,
                largest=_LARGEST_PAGE,
                auth=self._basic,
            )
            if not answer.is_success:
                raise self._refusal(answer)
            return typed(answer, _page, where=WHERE)

        return self._wire.patience.through(read)

    def _refusal(self, answer: Answer, to: str = "") -> ChannelError:
        hidden = (self._credentials.key_secret, *([to, to.removeprefix("+")] if to else []))
        return refusal(answer, where=WHERE, secrets=hidden)


def _form(message: TextMessage) -> dict[str, str]:
    origin = "MessagingServiceSid" if is_service(message.sender) else "From"
    form = {"To": message.to, origin: message.sender, "Body": message.body}
    return form | {"StatusCallback": message.told_at} if message.told_at else form


def _lost(taken: _Message) -> ChannelError:
    """Taken and not sent; what may pass is not tried again by itself, since it was taken once."""
    known = meaning_of(taken.error_code, where=WHERE) if taken.error_code is not None else None
    if isinstance(known, (Invalid, Forbidden)):
        return known
    what = f"was taken as {taken.sid} and is {taken.status}"
    return UnknownOutcome(what=what, where=WHERE, code=str(taken.error_code or ""))


def _is_from(listed: _Listed, message: TextMessage) -> bool:
    origin = listed.messaging_service_sid if is_service(message.sender) else listed.sender
    return listed.direction.startswith("outbound") and listed.to == message.to and origin == message.sender


def _compared(text: str) -> str:
    """Twilio may have put plain characters in the place of typographic ones, and ends a text at its last word."""
    return text_segments.plain(text).replace("\r\n", "\n").strip()


def _created(listed: _Listed) -> datetime:
    with measuring(where=WHERE):
        moment = email.utils.parsedate_to_datetime(listed.date_created or "")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
