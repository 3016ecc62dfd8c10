"""Mail over SendGrid's v3 API: each message handed over once, by a request that can be looked up by its events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import httpx
import msgspec

from connectors import public_network
from connectors.answers import Answer, credentials_as, retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    UnknownOutcome,
)
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, OutgoingMail, SendOutcome, Wire
from connectors.sendgrid_mail import WHERE, request_for
from connectors.writes import once, refusal_of_a_write

_ACCEPTED = 202
_LONGEST_ANSWER = 64 * 1024
_LONGEST_FIELD = 100
_LONGEST_WAIT = 86_400.0
_KEY = r"\A[\x21-\x7e]{1,500}\Z"
_ID = re.compile(r"[\w.\-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGridCredentials:
    """A key that may send mail, and needs to do nothing else."""

    api_key: Annotated[str, msgspec.Meta(pattern=_KEY)] = field(repr=False)


class _Problem(msgspec.Struct):
    message: str | None = None
    field: str | None = None


class _Problems(msgspec.Struct):
    errors: list[_Problem]


class SendGrid:
    """A sender over somebody else's connections; `longest_seconds` is all that one message may take."""

    channel: ClassVar[Channel] = Channel.SENDGRID
    title: ClassVar[str] = "SendGrid"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.MAIL})
    endpoint: ClassVar[Endpoint] = Endpoint(base_url="https://api.sendgrid.com", version="v3")
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = ()

    def __init__(
        self, credentials: SendGridCredentials, wire: Wire, *, longest_seconds: float = 30.0
    ) -> None:
        self._key = credentials.api_key
        self._wire = wire
        self._longest_seconds = longest_seconds
        endpoint = wire.endpoint.or_default(self.endpoint)
        self._url = f"{endpoint.base_url}/{endpoint.version}/mail/send"

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(SendGridCredentials, credentials, where=WHERE), wire)

    def send(self, mail: OutgoingMail) -> SendOutcome:
        body = msgspec.json.encode(request_for(mail))
        with public_network.within(self._longest_seconds):
            answer = once(
                self._wire.http,
                "POST",
                self._url,
                where=WHERE,
                heard=_beginning,
                content=body,
                headers=self._headers(),
            )
        if answer.status != _ACCEPTED:
            raise self._refusal(answer)
        return SendOutcome(
            message_id=mail.message_id,
            recipient=mail.recipient,
            code=answer.status,
            response=self._accepted_as(answer),
        )

    def close(self) -> None:
        """Every message has a request of its own, so that nothing is kept open."""

    def _headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "accept-encoding": "identity",
        }

    def _accepted_as(self, answer: Answer) -> str:
        """By the id that SendGrid's events begin theirs with."""
        given = answer.headers.get("x-message-id", "")
        return f"accepted as {given}" if _ID.fullmatch(given) and self._key not in given else "accepted"

    def _refusal(self, answer: Answer) -> ChannelError:
        told, code = _told(answer), str(answer.status)
        what = self._without_key("; ".join(problem.message for problem in told if problem.message))
        what = what or f"HTTP {code}"
        match answer.status:
            case 400 | 413:
                return Invalid(what=what, where=WHERE, code=code, field=self._field(told))
            case 401 if "credits" in what.lower():
                return QuotaExhausted(what=what, where=WHERE, code=code)
            case 401:
                return AuthRevoked(what=what, where=WHERE, code=code)
            case 429:
                return RateLimited(what=what, where=WHERE, code=code, retry_after=self._wait(answer))
            case status if 300 <= status < 400 or status in {404, 405}:
                return Forbidden(what=f"is not at this address: {what}", where=WHERE, code=code)
            case status if status < 300:
                return UnknownOutcome(what=f"no word of acceptance: {what}", where=WHERE, code=code)
            case _:
                return refusal_of_a_write(answer, where=WHERE, what=what)

    def _field(self, told: list[_Problem]) -> str:
        """Of the first problem, since one is enough to begin with."""
        named = next((problem.field for problem in told if problem.field), "")
        return "".join(letter for letter in self._without_key(named) if letter.isprintable())[:_LONGEST_FIELD]

    def _wait(self, answer: Answer) -> float | None:
        """Until the moment at which SendGrid counts anew; one that lies days ahead is not believed."""
        moment = answer.headers.get("x-ratelimit-reset", "").strip()
        if re.fullmatch(r"[0-9]{1,12}", moment):
            wait = max(0.0, float(moment) - self._wire.clock().timestamp())
        else:
            wait = retry_after(answer.headers)
        return wait if wait is not None and wait <= _LONGEST_WAIT else None

    def _without_key(self, said: str) -> str:
        """Whoever answers has been shown the key, and may repeat it."""
        return said.replace(self._key, "(the key)")


def _beginning(response: httpx.Response) -> bytes:
    """As much of an answer as a refusal takes; what is cut off is no JSON, and its status speaks alone."""
    heard = bytearray()
    for piece in response.iter_raw():
        heard += piece
        if len(heard) > _LONGEST_ANSWER:
            break
    return bytes(heard)


def _told(answer: Answer) -> list[_Problem]:
    try:
        return msgspec.json.decode(answer.body, type=_Problems).errors
    except (msgspec.DecodeError, RecursionError):
        return []
