"""Meta's error bodies and usage headers, read as the errors that every channel shares."""

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    RateLimited,
    Scope,
    Sunset,
    TooMuchData,
    Transient,
)

_SCOPE_OF_LIMIT = {
    4: Scope.APP,
    17: Scope.USER,
    32: Scope.ENDPOINT,
    341: Scope.APP,
    613: Scope.ACCOUNT,
    **dict.fromkeys(range(80000, 80015), Scope.ACCOUNT),
}
_TRANSIENT_CODES = frozenset({1, 2})
_TRANSIENT_SUBCODES = frozenset({99, 960, 104})
_AD_ACCOUNT_LIMIT = 2446079
_TOO_MUCH_DATA = 1487534
_DEPRECATED_VERSION = 2635


class _Error(msgspec.Struct):
    message: str = ""
    code: int = 0
    error_subcode: int | None = None
    is_transient: bool = False
    error_user_msg: str | None = None
    fbtrace_id: str | None = None


class _Body(msgspec.Struct):
    error: _Error


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0


def meaning_of(answer: Answer, *, where: str) -> ChannelError:
    """Meta says what went wrong by its own code; the HTTP status only speaks when there is none."""
    try:
        error = msgspec.json.decode(answer.body, type=_Body, strict=False).error
    except (msgspec.DecodeError, RecursionError):
        return refusal_by_status(answer, where=where)
    what = error.error_user_msg or error.message or f"HTTP {answer.status}"
    code = f"{error.code}/{error.error_subcode}" if error.error_subcode else str(error.code)
    trace = error.fbtrace_id or ""
    if error.code in _SCOPE_OF_LIMIT:
        return RateLimited(
            what=what,
            where=where,
            code=code,
            request_id=trace,
            retry_after=_wait(answer),
            scope=Scope.ACCOUNT if error.error_subcode == _AD_ACCOUNT_LIMIT else _SCOPE_OF_LIMIT[error.code],
        )
    return _kind(error, answer)(what=what, where=where, code=code, request_id=trace)


def _kind(error: _Error, answer: Answer) -> type[ChannelError]:
    too_much = "reduce the amount of data" in error.message or error.error_subcode == _TOO_MUCH_DATA
    passing = error.is_transient or error.error_subcode in _TRANSIENT_SUBCODES
    match error.code:
        case 1 | 100 if too_much:
            return TooMuchData
        case 190:
            # There is nothing to refresh with: an expired token, too, needs the person who gave it.
            return AuthRevoked
        case 3 | 10 | 368:
            return Forbidden
        case code if 200 <= code <= 299:
            return Forbidden
        case code if code == _DEPRECATED_VERSION:
            return Sunset
        case code if code in _TRANSIENT_CODES or passing:
            return Transient
        case 100:
            return Invalid
        case _:
            return type(refusal_by_status(answer, where=""))


def _wait(answer: Answer) -> float | None:
    """The longest wait that the business usage header asks for, in seconds; it speaks in minutes."""
    try:
        usage = msgspec.json.decode(
            answer.headers.get("x-business-use-case-usage", "{}"), type=dict[str, list[_Usage]], strict=False
        )
    except (msgspec.DecodeError, RecursionError):
        usage = {}
    minutes = max((use.estimated_time_to_regain_access for uses in usage.values() for use in uses), default=0)
    return minutes * 60.0 if 0 < minutes < 10**6 else retry_after(answer.headers)
