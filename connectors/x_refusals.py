"""The refusals of X's two interfaces, for advertising and for posts, read as the errors that every channel shares."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import httpx
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
    Sunset,
    TooMuchData,
    Transient,
)

# What is told of an ad account comes before what is told of the user, who may have many.
_LIMITS: Mapping[str, Scope] = MappingProxyType(
    {"x-account-rate-limit": Scope.ACCOUNT, "x-rate-limit": Scope.USER}
)
_LONGEST_BELIEVED = 86_400.0

_BY_CODE: Mapping[str, type[ChannelError]] = MappingProxyType(
    {
        "LOCK_ACQUISITION_TIMEOUT": Transient,
        "CANCELLED_REQUEST": Transient,
        "REQUEST_TOO_COMPLEX": TooMuchData,
        "DUPLICATE_TWEET": Duplicate,
        # A lost app is not mended by asking for the account again.
        "UNAUTHORIZED_CLIENT_APPLICATION": Forbidden,
    }
)
# Signed by a clock that runs wrong; the grant itself holds.
_OUT_OF_TIME = "imestamp out of bounds"

_PROBLEMS = "https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/"
_BY_PROBLEM: Mapping[str, type[ChannelError]] = MappingProxyType(
    {
        "usage-capped": QuotaExhausted,
        "client-forbidden": Forbidden,
        "oauth1-permissions": Forbidden,
        "not-authorized-for-resource": Forbidden,
        "resource-not-found": Invalid,
        "invalid-request": Invalid,
        "duplicate-rules": Duplicate,
    }
)
_DUPLICATE = "duplicate content"


class _AdsError(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None
    parameter: str | None = None


class _AdsBody(msgspec.Struct):
    errors: list[_AdsError] = []


class _Detail(msgspec.Struct):
    message: str | None = None
    parameters: dict[str, Any] | None = None


class _Problem(msgspec.Struct):
    """Problem details as RFC 9457 has them."""

    title: str | None = None
    detail: str | None = None
    type: str | None = None
    reason: str | None = None
    errors: list[_Detail] = []

    @property
    def kind(self) -> str:
        for beginning in _PROBLEMS:
            if self.type and self.type.startswith(beginning):
                return self.type.removeprefix(beginning)
        return ""


def meaning_of_ads(
    answer: Answer, *, where: str, now: datetime, missing: type[ChannelError] = Invalid
) -> ChannelError:
    """Tokens of OAuth 1.0a do not expire: one that is refused was taken back. `missing` is what a 404 means."""
    errors = _read(answer.body, _AdsBody).errors
    first = errors[0] if errors else _AdsError()
    code = str(first.code or answer.status)
    told: dict[str, Any] = {
        "what": first.message or f"HTTP {answer.status}",
        "where": where,
        "code": code,
        "request_id": answer.headers.get("x-transaction-id", ""),
    }
    match answer.status:
        case 401 if _OUT_OF_TIME in told["what"]:
            kind: type[ChannelError] = Transient
        case 401:
            kind = AuthRevoked
        case 404 if code == "ROUTE_NOT_FOUND":
            kind = Sunset
        case 404:
            kind = missing
        case 503 if retry_after(answer.headers) is not None:
            # Whoever comes back before then may lose their access.
            kind = RateLimited
        case _:
            kind = _BY_CODE.get(code) or type(refusal_by_status(answer, where=where))
    if kind is Invalid:
        told["field"] = first.parameter or ""
    return _with_its_wait(kind, told, answer, now)


def meaning_of_posts(answer: Answer, *, where: str, now: datetime) -> ChannelError:
    """A token for posts runs out after two hours, which nothing but the status says."""
    problem = _read(answer.body, _Problem)
    wrong = problem.errors[0] if problem.errors else _Detail()
    told: dict[str, Any] = {
        "what": wrong.message or problem.detail or problem.title or f"HTTP {answer.status}",
        "where": where,
        "code": problem.kind or str(answer.status),
        "request_id": answer.headers.get("x-transaction-id", ""),
    }
    kind = _BY_PROBLEM.get(problem.kind) or type(refusal_by_status(answer, where=where))
    match answer.status:
        case 402:
            kind = Forbidden  # what was paid for is used up
        case 403 if _DUPLICATE in (problem.detail or ""):
            kind = Duplicate
        case _:
            pass
    if kind is Invalid and wrong.parameters:
        told["field"] = next(iter(wrong.parameters))
    return _with_its_wait(kind, told, answer, now)


def _with_its_wait(
    kind: type[ChannelError], told: dict[str, Any], answer: Answer, now: datetime
) -> ChannelError:
    if kind is RateLimited:
        scope, wait = _limit(answer.headers, now)
        told |= {"retry_after": wait, "scope": scope}
    return kind(**told)


def _limit(headers: httpx.Headers, now: datetime) -> tuple[Scope, float | None]:
    """Who has asked too often, and for how long nobody is to ask again, as far as the headers say."""
    for name, scope in _LIMITS.items():
        reset = headers.get(f"{name}-reset", "")
        if reset.isascii() and reset.isdigit() and len(reset) <= 12:
            wait = float(reset) - now.astimezone(UTC).timestamp()
            return scope, min(max(wait, 0.0), _LONGEST_BELIEVED)
    return Scope.UNKNOWN, retry_after(headers)


def _read(body: bytes, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=shape, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return shape()
