"""Bitly's refusals, which a word in capitals tells apart: how often may be asked is refused with one status for a minute and a month."""

import dataclasses
from datetime import UTC, datetime

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
    Scope,
)

# Limits begin anew with each minute and each hour, and Bitly does not say how long that is.
_A_MINUTE = 60.0
_WHY = "x-ratelimit-reason"


class _Wrong(msgspec.Struct):
    field: str | None = None
    error_code: str | None = None


class _Told(msgspec.Struct):
    message: str | None = None
    description: str | None = None
    errors: list[_Wrong] | None = None


def meaning_of(answer: Answer, *, where: str, now: datetime) -> ChannelError:
    """By Bitly's word where it has one for it, and by the status for the rest."""
    told = _told(answer.body)
    code = told.message or str(answer.status)
    what = told.description or told.message or f"HTTP {answer.status}"
    if "MONTHLY" in code or code.startswith("API_USAGE_LIMIT"):
        return QuotaExhausted(what=what, where=where, code=code, reset_at=_next_month(now))
    match answer.status:
        case 403 | 429 if _is_a_limit(answer, code):
            return _slower(answer, code, what, where)
        case 401:
            # Nothing came with the token that would renew it.
            return AuthRevoked(what=what, where=where, code=code)
        case 402:
            return Forbidden(what=f"its plan at Bitly does not include this: {what}", where=where, code=code)
        case 400 | 422:
            return Invalid(what=what, where=where, code=code, field=_field(told))
        case 409:
            return Duplicate(what=what, where=where, code=code)
        case 417:
            what = f"Bitly does not lead to this address: {what}"
            return Invalid(what=what, where=where, code=code, field="long_url")
        case _:
            return dataclasses.replace(refusal_by_status(answer, where=where, what=what), code=code)


def _is_a_limit(answer: Answer, code: str) -> bool:
    """A 403 may be one, as it was for all of them before there was 429."""
    return answer.status == 429 or _WHY in answer.headers or code.startswith("RATE_LIMIT")


def _slower(answer: Answer, code: str, what: str, where: str) -> ChannelError:
    wait, why = retry_after(answer.headers), answer.headers.get(_WHY)
    return RateLimited(
        what=f"{what}: {why}" if why else what,
        where=where,
        code=code,
        retry_after=_A_MINUTE if wait is None else wait,
        scope=Scope.USER,
    )


def _next_month(now: datetime) -> datetime:
    """Months end in UTC, as far as anybody says."""
    now = now.astimezone(UTC)
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


def _field(told: _Told) -> str:
    """Of the first that is wrong; Bitly's word may name it as well (INVALID_ARG_LONG_URL)."""
    named = next((wrong.field for wrong in told.errors or () if wrong.field), "")
    return named or (told.message or "").partition("INVALID_ARG_")[2].lower()


def _told(body: bytes) -> _Told:
    try:
        return msgspec.json.decode(body, type=_Told, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return _Told()
