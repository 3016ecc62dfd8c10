"""LinkedIn's error bodies, read as the errors that every channel shares."""

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
    QuotaExhausted,
    RateLimited,
    TooMuchData,
)

# One that is no token, and one that was revoked; one that has expired (65602) is left to its status.
_REFUSED_TOKENS = frozenset({65600, 65601})
_TOO_MANY = "too many entities"
_DAY_IS_USED_UP = "DAY limit"
_TOO_MANY_VALUES = "metric values"
# Values are counted over five minutes, and the last of them were counted just now.
_UNTIL_VALUES_ARE_FORGOTTEN = 330.0
_DUPLICATE = "DUPLICATE_POST"
_POST = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,30}")


class _InputPath(msgspec.Struct, rename="camel"):
    field_path: str = ""


class _Input(msgspec.Struct, rename="camel"):
    input_path: _InputPath = msgspec.field(default_factory=_InputPath)


class _InputError(msgspec.Struct):
    description: str | None = None
    code: str | None = None
    input: _Input = msgspec.field(default_factory=_Input)


class _Details(msgspec.Struct, rename="camel"):
    input_errors: list[_InputError] = []


class _Body(msgspec.Struct, rename="camel"):
    message: str | None = None
    code: str | int | None = None
    service_error_code: int | None = None
    error_details: Any = None


def meaning_of(
    answer: Answer,
    *,
    where: str,
    now: datetime,
    missing: type[ChannelError] = Forbidden,
) -> ChannelError:
    """LinkedIn's statuses mean what they say; its codes and messages tell those of one status apart.

    An account that is not ours may be said not to exist; `missing` is what that means of anything else.
    """
    body = _body(answer.body)
    message = body.message or ""
    wrong = _wrong_input(body.error_details)
    code = wrong.get("code", body.code)
    kind = missing if answer.status == 404 else _kind(answer, body, code)
    told: dict[str, Any] = {
        "what": message or f"HTTP {answer.status}",
        "where": where,
        "code": str(body.code or body.service_error_code or answer.status),
        "request_id": answer.headers.get("x-li-uuid") or answer.headers.get("x-li-request-id", ""),
    }
    if kind is QuotaExhausted:
        told["reset_at"] = _next_midnight(now)
    if kind is RateLimited:
        told["retry_after"] = _wait(answer, message)
    if kind is Invalid:
        told |= wrong
    if kind is Duplicate:
        told |= {"code": _DUPLICATE, "existing_id": _post_named_in(message, wrong.get("what", ""))}
    return kind(**told)


def _kind(answer: Answer, body: _Body, code: str | int | None) -> type[ChannelError]:
    """What the status says, and what it alone does not say."""
    message = body.message or ""
    match answer.status:
        case 401 if body.service_error_code in _REFUSED_TOKENS:
            return AuthRevoked
        case 400 | 422 if code == _DUPLICATE:
            return Duplicate
        case 400 if _TOO_MANY in message:
            return TooMuchData
        case 414:
            return TooMuchData
        case 429 if _DAY_IS_USED_UP in message:
            return QuotaExhausted
        case _:
            return type(refusal_by_status(answer, where=""))


def _post_named_in(*texts: str) -> str:
    named = _POST.search(" ".join(texts))
    return named[0] if named else ""


def _wrong_input(details: Any) -> dict[str, str]:
    """What is wrong with one field says more than that something is."""
    try:
        wrong = msgspec.convert(details, _Details, strict=False).input_errors
    except msgspec.ValidationError:
        wrong = []
    if not wrong:
        return {}
    first = wrong[0]
    told = {
        "what": first.description,
        "code": first.code,
        "field": first.input.input_path.field_path.lstrip("/"),
    }
    return {name: value for name, value in told.items() if value}


def _wait(answer: Answer, message: str) -> float | None:
    hint = retry_after(answer.headers)
    return _UNTIL_VALUES_ARE_FORGOTTEN if hint is None and _TOO_MANY_VALUES in message else hint


def _next_midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _body(body: bytes) -> _Body:
    try:
        return msgspec.json.decode(body, type=_Body, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return _Body()
