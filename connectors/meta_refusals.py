"""Meta's error bodies, read as the errors that every channel shares."""

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    NotReady,
    QuotaExhausted,
    RateLimited,
    Scope,
    Sunset,
    TooMuchData,
    Transient,
)
from connectors.meta_usage import time_to_regain
from connectors.writes import doubted

_SCOPE_OF_LIMIT = {
    4: Scope.APP,
    17: Scope.USER,
    32: Scope.ENDPOINT,
    341: Scope.APP,
    613: Scope.ACCOUNT,
    **dict.fromkeys(range(80000, 80015), Scope.ACCOUNT),
}
_TRANSIENT_CODES = frozenset({-2, -1, 1, 2})
_TRANSIENT_SUBCODES = frozenset({99, 960, 104})
_AD_ACCOUNT_LIMIT = 2446079
_DEPRECATED_VERSION = 2635
_POSTS_TOO_FAST = 1390008
# Insights of one story, under the code of a missing permission.
_TOO_FEW = "Not enough viewers"

# What says more than the code beside it.
_KIND_OF_SUBCODE: dict[int, type[ChannelError]] = {
    1487534: TooMuchData,  # more rows, or more to add up, than an answer may take
    1504018: TooMuchData,  # not worked out in time: Meta says to ask for less, or for a report
    1504038: TooMuchData,  # the same, under another name
    1504045: TooMuchData,  # a report that has grown too large
    1504041: Invalid,  # figures that do not go together
    1504042: Invalid,  # figures that there are not
    1815107: Transient,  # a report that cannot be loaded yet
    3191001: Forbidden,  # insights that the token may not see
    2207003: Transient,  # the picture took too long to fetch
    2207008: Transient,  # the container cannot be published just now
    2207004: Invalid,  # a picture of too many bytes
    2207005: Invalid,  # of a format that is not taken
    2207009: Invalid,  # of a shape that is not taken
    2207010: Invalid,  # too long a caption
    2207026: Invalid,  # a video of a format that is not taken
    2207027: NotReady,
    2207042: QuotaExhausted,
    2207050: Forbidden,  # the profile is restricted
    2207051: Forbidden,  # taken for spam
    36003: Invalid,  # a picture of a shape that is not taken
    1366046: Invalid,  # a photo too large, or of a format that is not taken
    1346003: Forbidden,  # flagged as abusive
    1404078: AuthRevoked,  # the page wants to be connected again
    1609008: Invalid,  # a link that leads back to Facebook
}


class _Error(msgspec.Struct):
    message: str = ""
    code: int = 0
    error_subcode: int | None = None
    is_transient: bool = False
    error_user_msg: str | None = None
    fbtrace_id: str | None = None


class _Body(msgspec.Struct):
    error: _Error


def meaning_of(answer: Answer, *, where: str) -> ChannelError:
    """Meta says what went wrong by its own code; the HTTP status only speaks when there is none."""
    error = _said(answer)
    if error is None:
        return refusal_by_status(answer, where=where)
    what = error.error_user_msg or error.message or f"HTTP {answer.status}"
    code = f"{error.code}/{error.error_subcode}" if error.error_subcode else str(error.code)
    trace = error.fbtrace_id or ""
    kind = _kind(error, answer)
    if kind is not RateLimited:
        return kind(what=what, where=where, code=code, request_id=trace)
    scope = _SCOPE_OF_LIMIT.get(error.code, Scope.UNKNOWN)
    return RateLimited(
        what=what,
        where=where,
        code=code,
        request_id=trace,
        retry_after=time_to_regain(answer.headers) or retry_after(answer.headers),
        scope=Scope.ACCOUNT if error.error_subcode == _AD_ACCOUNT_LIMIT else scope,
    )


def meaning_of_a_write(answer: Answer, *, where: str) -> ChannelError:
    """What Meta itself calls passing went wrong behind its door, after the request was taken in, whatever the status."""
    behind_the_door = Answer(500, answer.headers, answer.body)
    refusal = meaning_of(answer, where=where)
    return doubted(refusal, answer if _said(answer) is None else behind_the_door)


def _said(answer: Answer) -> _Error | None:
    try:
        return msgspec.json.decode(answer.body, type=_Body, strict=False).error
    except (msgspec.DecodeError, RecursionError):
        return None


def _kind(error: _Error, answer: Answer) -> type[ChannelError]:
    subcode = error.error_subcode or 0
    too_much = "reduce the amount of data" in error.message
    passing = error.is_transient or subcode in _TRANSIENT_SUBCODES
    match error.code:
        case _ if subcode in _KIND_OF_SUBCODE:
            return _KIND_OF_SUBCODE[subcode]
        case code if code in _SCOPE_OF_LIMIT or subcode == _POSTS_TOO_FAST:
            return RateLimited
        case 1 | 100 if too_much:
            return TooMuchData
        case 190:
            # There is nothing to refresh with: an expired token, too, needs the person who gave it.
            return AuthRevoked
        case 10 if _TOO_FEW in error.message:
            return Invalid
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
