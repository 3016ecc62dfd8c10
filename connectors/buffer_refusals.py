"""Buffer's refusals: of a question, told in `errors` beside a success; of a post, told as the very answer that was asked for."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx
import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthExpired,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    Scope,
    Sunset,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)

_KINDS: Mapping[str, type[ChannelError]] = MappingProxyType(
    {
        "UNAUTHENTICATED": AuthExpired,
        "UNAUTHORIZED": AuthExpired,
        "FORBIDDEN": Forbidden,
        "NOT_FOUND": Invalid,
        "BAD_USER_INPUT": Invalid,
        # What we ask for is in the schema of the day on which it was written.
        "GRAPHQL_VALIDATION_FAILED": Sunset,
        "RATE_LIMIT_EXCEEDED": RateLimited,
        "UNEXPECTED": Transient,
        "INTERNAL_SERVER_ERROR": Transient,
    }
)
# Of a post; whatever else is told of one is taken for a fault of it.
_OF_A_POST: Mapping[str, type[ChannelError]] = MappingProxyType(
    {
        "InvalidInputError": Invalid,
        "NotFoundError": Invalid,
        "UnauthorizedError": Forbidden,
        "LimitReachedError": QuotaExhausted,
        "UnexpectedError": UnknownOutcome,
    }
)
# By the numbers of Buffer's former interface, which still stands behind this one.
_BY_NUMBER: Mapping[int, type[ChannelError]] = MappingProxyType(
    {
        403: Forbidden,
        1000: UnknownOutcome,
        1010: Invalid,
        1011: Forbidden,
        1013: QuotaExhausted,
        1021: Forbidden,
        1022: UnknownOutcome,
        1023: QuotaExhausted,
        1024: QuotaExhausted,
        1025: Duplicate,
        1028: QuotaExhausted,
        1030: Invalid,
        1031: Invalid,
    }
)
_LONG_WINDOWS = frozenset({"24h", "30d"})
_TOO_LARGE = re.compile(r"\bexceeds maximum allowed (?:complexity|depth|tokens)\b", re.I)
_USED_UP = re.compile(r";\s*r=0\s*;\s*t=([0-9]{1,9})")
_TO_SETTLE = re.compile(r"\b(?:re-?connect\w*|log ?in|sign ?in|expired|permissions?|authori[sz]\w*)\b", re.I)
_WITHIN_FIELDS = (
    ("text", re.compile(r"\btext\b|\bcharacters?\b", re.I)),
    ("image", re.compile(r"\b(?:image|video|media|asset|attachment|photo)s?\b", re.I)),
    ("link", re.compile(r"\b(?:link|url)s?\b", re.I)),
    ("place", re.compile(r"\b(?:channel|profile)s?\b", re.I)),
)


class _Extensions(msgspec.Struct):
    code: str = ""
    window: str = ""


class Trouble(msgspec.Struct):
    """Why a question was not answered."""

    message: str = ""
    extensions: _Extensions = msgspec.field(default_factory=_Extensions)


class Said(msgspec.Struct, rename={"typename": "__typename"}):
    """What is told of a post that was not taken."""

    typename: str
    message: str = ""
    code: int | None = None


class _Body(msgspec.Struct):
    errors: list[Trouble] = []


def meaning_of(answer: Answer, *, where: str, now: datetime) -> ChannelError:
    """By the first code that is known, and by the HTTP status where there is none."""
    trouble = _gravest(_troubles(answer.body))
    code, what = trouble.extensions.code, trouble.message
    by_status = refusal_by_status(answer, where=where, what=what)
    kind = _KINDS.get(code) or (_by_words(what) if answer.is_success else type(by_status))
    told: dict[str, Any] = {"what": what or by_status.what, "where": where, "code": code or by_status.code}
    if kind is RateLimited:
        return _limited(told, trouble.extensions.window, answer.headers, now)
    if kind is Invalid:
        told["field"] = _field_in(what)
    return kind(**told)


def of_a_post(said: Said, *, where: str) -> ChannelError:
    """By the number where there is one, else by the name of the refusal."""
    by_name = _OF_A_POST.get(said.typename, Invalid)
    kind = by_name if said.code is None else _BY_NUMBER.get(said.code, Invalid)
    told: dict[str, Any] = {
        "what": said.message or said.typename,
        "where": where,
        "code": said.typename if said.code is None else str(said.code),
    }
    if kind is Invalid:
        told["field"] = "place" if said.typename == "NotFoundError" else _field_in(said.message)
    return kind(**told)


def of_publishing(message: str, *, where: str) -> ChannelError:
    """The network has refused what Buffer had taken; it is over, and nothing was published."""
    what = message or "the network refused it, and Buffer does not say why"
    if _TO_SETTLE.search(message):
        return Forbidden(what=what, where=where)
    return Invalid(what=what, where=where, field=_field_in(message))


def _limited(told: dict[str, Any], window: str, headers: httpx.Headers, now: datetime) -> ChannelError:
    """A quarter of an hour is waited for; a day or a month is a budget that is gone."""
    wait = retry_after(headers)
    if wait is None:
        wait = _until_reset(headers)
    if window in _LONG_WINDOWS:
        return QuotaExhausted(**told, reset_at=None if wait is None else now + timedelta(seconds=wait))
    return RateLimited(**told, retry_after=wait, scope=Scope.APP)


def _until_reset(headers: httpx.Headers) -> float | None:
    """How long until the last of the policies has room again that has none left."""
    seconds = [float(each) for each in _USED_UP.findall(headers.get("ratelimit", ""))]
    return max(seconds, default=None)


def _by_words(what: str) -> type[ChannelError]:
    """A question that is too large is refused without a code."""
    return TooMuchData if _TOO_LARGE.search(what) else UnexpectedAnswer


def _field_in(message: str) -> str:
    return next((field for field, pattern in _WITHIN_FIELDS if pattern.search(message)), "")


def _gravest(troubles: Sequence[Trouble]) -> Trouble:
    known = (each for each in troubles if each.extensions.code in _KINDS)
    return next(known, troubles[0] if troubles else Trouble())


def _troubles(body: bytes) -> list[Trouble]:
    try:
        return msgspec.json.decode(body, type=_Body, strict=False).errors
    except (msgspec.DecodeError, RecursionError):
        return []
