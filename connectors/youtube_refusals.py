"""YouTube's error bodies, read as the errors that every channel shares."""

import dataclasses
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import ChannelError, Forbidden, Invalid, QuotaExhausted, RateLimited, Scope, Transient

TIME_ZONE = "America/Los_Angeles"
"""In which YouTube counts days, of quota and of views."""

NO_SUCH_PLAYLIST = "playlistNotFound"

_OF_THE_DAY = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_FIELDS = {
    "invalidTitle": "title",
    "invalidDescription": "text",
    "invalidTags": "tags",
    "invalidFilename": "image",
    "mediaBodyRequired": "image",
}


class _Reason(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Detail(msgspec.Struct):
    """What Google's newer interfaces say beside it; of a quota, which one it is."""

    reason: str = ""
    metadata: dict[str, str] = {}

    @property
    def is_of_a_day(self) -> bool:
        return "PerDay" in self.metadata.get("quota_limit", "")


class _Error(msgspec.Struct):
    message: str = ""
    errors: list[_Reason] = []
    details: list[_Detail] = []


class _Body(msgspec.Struct):
    error: _Error


def meaning_of(answer: Answer, *, where: str, now: datetime) -> ChannelError:
    """By the first reason that is given, and by the HTTP status where none is known."""
    error = _error(answer.body)
    reasons = [each.reason for each in (*error.errors, *error.details) if each.reason]
    code = reasons[0] if reasons else str(answer.status)
    what = error.message or f"HTTP {answer.status}"
    if code in _OF_THE_DAY or any(detail.is_of_a_day for detail in error.details):
        return QuotaExhausted(what=what, where=where, code=code, reset_at=_next_midnight(now))
    if code == "uploadLimitExceeded":  # of the channel, which may upload again within a day
        return QuotaExhausted(what=what, where=where, code=code, reset_at=now + timedelta(days=1))
    if answer.status == 429 or not _TOO_FAST.isdisjoint(reasons):
        wait = retry_after(answer.headers)
        return RateLimited(what=what, where=where, code=code, retry_after=wait, scope=Scope.APP)
    if code == "youtubeSignupRequired":  # told with a 401, which no other token would change
        return Forbidden(what=f"this Google account has no channel: {what}", where=where, code=code)
    if code in _FIELDS:
        return Invalid(what=what, where=where, code=code, field=_FIELDS[code])
    return dataclasses.replace(refusal_by_status(answer, where=where, what=what), code=code)


def session_is_over(answer: Answer, *, where: str) -> ChannelError:
    return Transient(
        what="the upload has run out at YouTube, and has to begin anew", where=where, code=str(answer.status)
    )


def _error(body: bytes) -> _Error:
    try:
        return msgspec.json.decode(body, type=_Body, strict=False).error
    except (msgspec.DecodeError, RecursionError):
        return _Error()


def _next_midnight(now: datetime) -> datetime:
    zone = ZoneInfo(TIME_ZONE)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
