"""Google's error bodies, read as the errors that every channel shares."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    Scope,
    Sunset,
    Transient,
)

_BY_CODE: dict[str, type[ChannelError]] = {
    "authenticationError.OAUTH_TOKEN_EXPIRED": AuthExpired,
    "quotaError.RESOURCE_EXHAUSTED": QuotaExhausted,
    "internalError.INTERNAL_ERROR": Transient,
    "internalError.TRANSIENT_ERROR": Transient,
    "internalError.DEADLINE_EXCEEDED": Transient,
    "databaseError.CONCURRENT_MODIFICATION": Transient,
    "campaignError.DUPLICATE_CAMPAIGN_NAME": Duplicate,
    "campaignBudgetError.DUPLICATE_NAME": Duplicate,
    "adGroupError.DUPLICATE_ADGROUP_NAME": Duplicate,
    "requestError.UNSUPPORTED_VERSION": Sunset,
}
_BY_FAMILY: dict[str, type[ChannelError]] = {
    "authenticationError": AuthRevoked,
    "authorizationError": Forbidden,
    "notAllowlistedError": Forbidden,
    "quotaError": RateLimited,
    "internalError": Transient,
}
_SCOPES = {"ACCOUNT": Scope.ACCOUNT, "DEVELOPER": Scope.APP}


class _QuotaDetails(msgspec.Struct, rename="camel"):
    rate_scope: str = ""
    retry_delay: str = ""


class _ErrorDetails(msgspec.Struct, rename="camel"):
    quota_error_details: _QuotaDetails = msgspec.field(default_factory=_QuotaDetails)


class _PathElement(msgspec.Struct, rename="camel"):
    field_name: str = ""
    index: int | None = None


class _Location(msgspec.Struct, rename="camel"):
    field_path_elements: list[_PathElement] = []

    @property
    def index(self) -> int | None:
        return next((place.index for place in self.field_path_elements if place.index is not None), None)


class _Error(msgspec.Struct, rename="camel"):
    error_code: dict[str, str] = {}
    message: str = ""
    location: _Location = msgspec.field(default_factory=_Location)
    details: _ErrorDetails = msgspec.field(default_factory=_ErrorDetails)


class _Failure(msgspec.Struct, rename="camel"):
    errors: list[_Error] = []
    request_id: str = ""


class Status(msgspec.Struct):
    message: str = ""
    details: list[_Failure] = []


class _Body(msgspec.Struct):
    error: Status


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """Which part of a request was not taken, None where Google does not say, and why."""

    index: int | None
    meaning: ChannelError


def parts(status: Status, *, where: str) -> list[RefusedPart]:
    """The errors of a request that was taken otherwise."""
    return [
        RefusedPart(
            error.location.index,
            _meaning(error, Invalid, what=error.message, where=where, request_id=failure.request_id),
        )
        for failure in status.details
        for error in failure.errors
    ]


def meaning_of(answer: Answer, *, where: str) -> ChannelError:
    """The first error of a GoogleAdsFailure; what has none speaks by its HTTP status."""
    status = _status(answer.body)
    failure = next((detail for detail in status.details if detail.errors), None)
    if failure is None:
        return _meaning_without_failure(answer, status.message, where)
    first = failure.errors[0]
    return _meaning(
        first,
        _by_status(answer),
        what=first.message or status.message or f"HTTP {answer.status}",
        where=where,
        request_id=failure.request_id or answer.headers.get("request-id", ""),
        wait=retry_after(answer.headers),
    )


def _meaning(
    error: _Error,
    otherwise: type[ChannelError],
    *,
    what: str,
    where: str,
    request_id: str,
    wait: float | None = None,
) -> ChannelError:
    family, value = next(iter(error.error_code.items()), ("", ""))
    kind = _BY_CODE.get(f"{family}.{value}") or _BY_FAMILY.get(family) or otherwise
    told: dict[str, Any] = {
        "what": what,
        "where": where,
        "code": f"{family}.{value}",
        "request_id": request_id,
    }
    if kind is RateLimited:
        quota = error.details.quota_error_details
        told["retry_after"] = _seconds(quota.retry_delay) or wait
        told["scope"] = _SCOPES.get(quota.rate_scope, Scope.UNKNOWN)
    if kind is Invalid:
        told["field"] = ".".join(element.field_name for element in error.location.field_path_elements)
    return kind(**told)


def _status(body: bytes) -> Status:
    """The error of a body, which searchStream wraps in an array and may put behind whole chunks."""
    try:
        said = msgspec.json.decode(body)
        bodies = said if isinstance(said, list) else [said]
        failed = next(part for part in bodies if isinstance(part, dict) and "error" in part)
        return msgspec.convert(failed, _Body, strict=False).error
    except (msgspec.DecodeError, RecursionError, StopIteration):
        return Status()


def _by_status(answer: Answer) -> type[ChannelError]:
    return Transient if answer.is_success else type(refusal_by_status(answer, where=""))


def _meaning_without_failure(answer: Answer, message: str, where: str) -> ChannelError:
    refusal = refusal_by_status(answer, where=where, what=message)
    if answer.is_success:
        refusal = Transient(what=message or "the stream broke after it had begun", where=where)
    elif answer.status == 404:  # a version that is gone is an unknown path
        refusal = Sunset(what=message or "unknown path", where=where, code="404")
    return dataclasses.replace(refusal, request_id=answer.headers.get("request-id", ""))


def _seconds(duration: str) -> float | None:
    """A protobuf duration ("30s", "1.5s") in seconds."""
    try:
        seconds = float(duration.removesuffix("s"))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 10**9 else None
