"""YouTube's words, as the sandbox says them: its refusals, and the pages of its lists."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.faults import Fault, Trouble

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}

Said = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, reason: str, message: str, *, domain: str = "youtube") -> None:
        self.answer = error(status, reason, message, domain=domain)


def error(status: int, reason: str, message: str, *, domain: str = "global") -> Response:
    told = {"message": message, "domain": domain, "reason": reason}
    body = {
        "code": status,
        "message": message,
        "errors": [told],
        "status": _STATUS.get(status, "INTERNAL"),
    }
    return JSONResponse({"error": body}, status_code=status)


def refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return error(401, "authError", "Request had invalid authentication credentials.")
        case Fault.RATE_LIMITED if trouble.hint_seconds is not None:
            limited = error(429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'.")
            limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.RATE_LIMITED:
            return error(403, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")
        case Fault.TOO_MUCH_DATA:
            return error(413, "uploadTooLarge", "Request is too large.")
        case _:
            return error(500, "backendError", "Backend Error")


def page(kind: str, items: Sequence[Said], asked: Mapping[str, str], *, page_rows: int, default: int) -> Said:
    """A page, and a token as long as there is more."""
    size = asked.get("maxResults", str(default))
    if not size.isdecimal() or not 0 <= int(size) <= 50:
        raise Refused(400, "invalidParameter", "Invalid value for maxResults: 0 to 50.", domain="global")
    start = _offset(asked.get("pageToken", ""))
    end = start + min(int(size), page_rows)
    following = {"nextPageToken": f"CAUQ{end}"} if end < len(items) else {}
    listed = [{"kind": kind, "etag": secrets.token_urlsafe(8), **item} for item in items[start:end]]
    info = {"totalResults": len(items), "resultsPerPage": min(int(size), page_rows)}
    return {"kind": f"{kind}ListResponse", **following, "pageInfo": info, "items": listed}


def _offset(token: str) -> int:
    number = token.removeprefix("CAUQ")
    if not token:
        return 0
    if number == token or not number.isdecimal():
        raise Refused(400, "invalidPageToken", "The request specifies an invalid page token.")
    return int(number)
