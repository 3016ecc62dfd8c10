"""How Google refuses, as the sandbox says it: a GoogleAdsFailure with a code and a place for each error."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.faults import Fault, Trouble

VERSION = "v25"

_FAILURE = f"type.googleapis.com/google.ads.googleads.{VERSION}.errors.GoogleAdsFailure"
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
}


@dataclass(frozen=True, slots=True)
class Error:
    """What is wrong, and where: `path` leads into the operation with the number `operation`, one of those `among`."""

    family: str
    value: str
    message: str
    operation: int | None = None
    path: str = ""
    among: str = "mutate_operations"
    details: Mapping[str, Any] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = {"errorCode": {self.family: self.value}, "message": self.message}
        if self.operation is not None:
            at = {"fieldName": self.among, "index": self.operation}
            path = [{"fieldName": name} for name in self.path.split(".") if name]
            said["location"] = {"fieldPathElements": [at, *path]}
        return {**said, "details": dict(self.details)} if self.details else said


def failure(errors: Iterable[Error], request_id: str) -> dict[str, Any]:
    return {"@type": _FAILURE, "errors": [each.said() for each in errors], "requestId": request_id}


class Refused(Exception):
    """A request that Google does not take; what is no request at all has no errors of Google Ads' own."""

    def __init__(self, status: int, *errors: Error, message: str = "") -> None:
        self._status, self._errors = status, errors
        self._message = message or errors[0].message

    def answer(self, *, streamed: bool) -> Response:
        """A stream puts it into an array."""
        request_id = secrets.token_urlsafe(12)
        error: dict[str, Any] = {
            "code": self._status,
            "message": self._message,
            "status": _STATUS.get(self._status, "INTERNAL"),
        }
        if self._errors:
            error["details"] = [failure(self._errors, request_id)]
        body = {"error": error}
        return JSONResponse(
            [body] if streamed else body, status_code=self._status, headers={"request-id": request_id}
        )


def bad_query(value: str, message: str) -> Refused:
    return Refused(400, Error("queryError", value, message))


def troubled(trouble: Trouble) -> Response:
    return _trouble(trouble).answer(streamed=True)


def _trouble(trouble: Trouble) -> Refused:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return Refused(401, Error("authenticationError", "OAUTH_TOKEN_EXPIRED", "OAuth token expired."))
        case Fault.RATE_LIMITED:
            quota = {"rateScope": "ACCOUNT", "rateName": "Requests per account"}
            if trouble.hint_seconds is not None:
                quota["retryDelay"] = f"{trouble.hint_seconds}s"
            return Refused(
                429,
                Error(
                    "quotaError",
                    "RESOURCE_TEMPORARILY_EXHAUSTED",
                    "Too many requests. Retry later.",
                    details={"quotaErrorDetails": quota},
                ),
            )
        case _:
            return Refused(500, Error("internalError", "INTERNAL_ERROR", "Internal error encountered."))
