"""TikTok's refusals of advertisers: the status is nearly always 200, and the code in the body says what it means."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    NotReady,
    QuotaExhausted,
    RateLimited,
    Scope,
    Sunset,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)

_TOO_MANY = (40016, 40100, 40132, 40133)
_MEANINGS: dict[int, type[ChannelError]] = {
    20001: Invalid,  # of one thing that was to be changed, a part is nothing
    40001: Forbidden,
    40007: Invalid,
    40050: Duplicate,
    40067: TooMuchData,
    40200: Transient,
    40201: NotReady,
    40202: Transient,
    40300: Forbidden,
    40700: Transient,
    40902: Transient,
    40913: Transient,
    60001: Transient,
    **dict.fromkeys(_TOO_MANY, RateLimited),
    # A token has no end and nothing renews it: whatever is wrong with it, only a person mends it.
    **dict.fromkeys(range(40101, 40120), AuthRevoked),
}
# Who breaks the limit of a minute is shut out for five.
_SHUT_OUT = 300.0
_RESTRICTED = re.compile(r"temporarily restricted|per minute|QPM", re.IGNORECASE)
_DAY_IS_USED_UP = re.compile(r"\bdaily\b|per day|QPD", re.IGNORECASE)
_FIELD = re.compile(r"([a-z][a-z0-9_]{1,60}): ")


class Said(msgspec.Struct):
    """What is around every answer."""

    code: int
    message: str = ""
    request_id: str = ""
    data: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"null"))


def by_status(answer: Answer, *, where: str) -> ChannelError:
    """Of an answer that TikTok's application did not give; where nothing answers to a path, its version is gone."""
    if answer.status == 404:
        return Sunset(what="nothing answers at this address", where=where, code="404")
    return refusal_by_status(answer, where=where)


def meaning_of(said: Said, answer: Answer, *, where: str, now: datetime) -> ChannelError:
    kind = _kind(said)
    told: dict[str, Any] = {
        "what": said.message or f"code {said.code}",
        "where": where,
        "code": str(said.code),
        "request_id": said.request_id,
    }
    if kind is RateLimited:
        if _DAY_IS_USED_UP.search(said.message):
            return QuotaExhausted(**told, reset_at=_next_midnight(now))
        told |= {"retry_after": _wait(said, answer), "scope": Scope.APP}
    if kind is Invalid and (field := _FIELD.match(said.message)):
        told["field"] = field[1]
    return kind(**told)


def meaning_of_a_write(said: Said, answer: Answer, *, where: str, now: datetime) -> ChannelError:
    """Where TikTok broke down over it, it may have been taken before."""
    meaning = meaning_of(said, answer, where=where, now=now)
    if isinstance(meaning, Transient) and said.code in range(50000, 60000):
        return UnknownOutcome(
            what=meaning.what, where=where, code=meaning.code, request_id=meaning.request_id
        )
    return meaning


def _kind(said: Said) -> type[ChannelError]:
    if said.code in _MEANINGS:
        return _MEANINGS[said.code]
    if said.code in range(40000, 50000):
        return Invalid
    return Transient if said.code in range(50000, 60000) else UnexpectedAnswer


def _wait(said: Said, answer: Answer) -> float | None:
    """TikTok names no time; whatever stands before it may."""
    hint = retry_after(answer.headers)
    return _SHUT_OUT if hint is None and _RESTRICTED.search(said.message) else hint


def _next_midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
