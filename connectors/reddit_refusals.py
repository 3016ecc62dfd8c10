"""Reddit's refusals, read as the errors that every channel shares: by status, in two dialects, and inside an answer of 200."""

import re
from typing import Any

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    RateLimited,
    Scope,
    Transient,
)

# An account that is none, or none of ours, is a bad request to some of the Ads API's paths.
_NO_ACCOUNT = re.compile(r"unknown ad account|invalid ad_account identifier", re.IGNORECASE)

# What Reddit says of a submission, as far as it is no fault of what is submitted.
_SUBMISSION: dict[str, type[ChannelError]] = {
    "RATELIMIT": RateLimited,
    "QUOTA_FILLED": RateLimited,
    "ALREADY_SUB": Duplicate,
    "USER_REQUIRED": AuthRevoked,
    "BAD_CAPTCHA": Forbidden,
    "BANNED_FROM_SUBREDDIT": Forbidden,
    "SUBREDDIT_NOTALLOWED": Forbidden,
    "SUBREDDIT_OUTBOUND_LINKING_DISALLOWED": Forbidden,
    "USER_BLOCKED": Forbidden,
    "VERIFIED_USER_REQUIRED": Forbidden,
    "TRY_AGAIN_LATER": Transient,
}
_FIELDS = {
    "sr": "place",
    "title": "text",
    "text": "text",
    "selftext": "text",
    "url": "link",
    "kind": "network",
}
_PLACES = ("SUBREDDIT", "NO_SELFS", "NO_LINKS")
_WAIT = re.compile(r"(\d{1,6}) *(millisecond|second|minute|hour)", re.IGNORECASE)
_SECONDS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0}


class _Field(msgspec.Struct):
    field: str = ""
    message: str = ""


class _Told(msgspec.Struct):
    """The Ads API's own words, or those of the gate before it."""

    code: str | int | None = None
    message: str | None = None
    reason: str | None = None
    explanation: str | None = None
    fields: list[_Field] | None = None


class _Body(msgspec.Struct):
    """The site's own words stand at the top; there `error` is the status."""

    error: Any = None
    message: str | None = None
    reason: str | None = None
    explanation: str | None = None


def meaning_of(answer: Answer, *, where: str, missing: type[ChannelError] = Forbidden) -> ChannelError:
    """An account or a place that is not ours may be said not to exist; `missing` is what that means of anything else."""
    told = _words(answer.body)
    what = told.explanation or told.message or f"HTTP {answer.status}"
    code = str(told.reason or told.code or answer.status)
    match answer.status:
        case 301 | 302 | 404:  # a community that is none leads to the search for one
            return missing(what=what, where=where, code=code)
        case 429:
            wait = wait_of(answer)
            return RateLimited(what=what, where=where, code=code, retry_after=wait, scope=Scope.USER)
        case 400 if _NO_ACCOUNT.search(what):
            return Forbidden(what=what, where=where, code=code)
        case 400 | 409 | 422 if told.fields:
            wrong = told.fields[0]
            field = wrong.field.removeprefix("data.")
            return Invalid(what=wrong.message or what, where=where, code=code, field=field)
        case _:
            kind = type(refusal_by_status(answer, where=where))
            return kind(what=what, where=where, code=code)


def refused_submission(errors: list[list[Any]], seconds: float | None, *, where: str) -> ChannelError:
    """Reddit refuses a submission with a 200: its first error is a code, a sentence and a field."""
    code, sentence, field = (str(each) if each is not None else "" for each in (*errors[0], "", "", "")[:3])
    kind = _SUBMISSION.get(code, Invalid)
    told: dict[str, Any] = {
        "what": sentence or code.lower().replace("_", " ") or "refused",
        "where": where,
        "code": code,
    }
    if kind is RateLimited:
        told |= {"retry_after": seconds if seconds else _wait_in(sentence), "scope": Scope.USER}
    if kind is Invalid:
        told["field"] = "place" if code.startswith(_PLACES) else _FIELDS.get(field, field)
    return kind(**told)


def wait_of(answer: Answer) -> float | None:
    """In the site's own header, whose window ends so many seconds from now, or in the usual one."""
    said = answer.headers.get("x-ratelimit-reset", "").strip()
    return float(said) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", said) else retry_after(answer.headers)


def _wait_in(sentence: str) -> float | None:
    """“Take a break for 2 minutes before trying again.”"""
    found = _WAIT.search(sentence)
    return int(found[1]) * _SECONDS[found[2].lower()] if found else None


def _words(body: bytes) -> _Told:
    try:
        said = msgspec.json.decode(body, type=_Body, strict=False)
        if isinstance(said.error, dict):
            return msgspec.convert(said.error, _Told, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return _Told()
    return _Told(message=said.message, reason=said.reason, explanation=said.explanation)
