"""How the sandbox's LinkedIn answers: pages, refusals in its words, and routes that read or write."""

import base64
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.world import AdAccount, account

_LONGEST_QUERY = 4096
_DEFAULT_PAGE = 100

Said = dict[str, Any]
Asked = Mapping[str, str]
Read = Callable[[Request, Asked], Said]
Write = Callable[[Request, Said], Response]


class Refused(Exception):
    def __init__(self, answer: Response) -> None:
        self.answer = answer


def route(
    path: str, admit: Callable[[Request], None], *, read: Read | None = None, write: Write | None = None
) -> Route:
    """A GET, or the POST that stands in for one, reads; any other POST writes."""

    async def endpoint(request: Request) -> Response:
        try:
            admit(request)
            stands_in = request.headers.get("x-http-method-override") == "GET"
            if read is not None and (request.method == "GET" or stands_in):
                return JSONResponse(read(request, _parameters(await _query(request))), headers=trace())
            if write is not None and request.method == "POST" and not stands_in:
                return write(request, _body(await request.body()))
            raise Refused(error(405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed here"))
        except Refused as refused:
            return refused.answer

    return Route(path, endpoint, methods=["GET", "POST"])


def page(entities: list[Said], asked: Asked, *, largest: int, page_rows: int) -> Said:
    """A page by token; its size is the one asked for, or `page_rows` if that is smaller."""
    size = asked.get("pageSize", str(_DEFAULT_PAGE))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", size):
        raise wrong("pageSize", "a page has a size")
    if int(size) > largest:
        raise Refused(too_many())
    start = _offset(asked.get("pageToken"))
    end = start + min(int(size), page_rows)
    following = {"nextPageToken": _token(end)} if end < len(entities) else {}
    return {"elements": entities[start:end], "metadata": following}


def window(entities: list[Said], asked: Asked, *, page_rows: int) -> Said:
    """A page by start and count, which says how many it holds at most."""
    start, count = asked.get("start", "0"), asked.get("count", "10")
    if not re.fullmatch(r"[0-9]{1,6}", start) or not re.fullmatch(r"[1-9][0-9]{0,2}", count):
        raise wrong("start", "start and count are numbers")
    size = min(int(count), 100, page_rows)
    paging = {"start": int(start), "count": size, "links": [], "total": len(entities)}
    return {"elements": entities[int(start) : int(start) + size], "paging": paging}


def granted(request: Request) -> AdAccount:
    """The account in a path, which has to be one of the member's."""
    known = account(Channel.LINKEDIN, str(request.path_params["number"]))
    if known is None:
        message = "Not enough permissions to access: GET /adAccounts"
        raise Refused(error(403, "ACCESS_DENIED", message, service_code=100))
    return known


def require_finder(request: Request, asked: Asked, name: str) -> None:
    if request.headers.get("x-restli-method") != "FINDER" or asked.get("q") != name:
        raise wrong("q", f"found by the FINDER named {name}")


def made(number: str) -> Response:
    return Response(status_code=201, headers={**trace(), "x-restli-id": number})


def changed() -> Response:
    return Response(status_code=204, headers=trace())


def refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            message = "The token used in the request has expired"
            return error(401, "EXPIRED_ACCESS_TOKEN", message, service_code=65602)
        case Fault.RATE_LIMITED:
            limited = error(429, "TOO_MANY_REQUESTS", "Too many requests")
            if trouble.hint_seconds is not None:
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.TOO_MUCH_DATA:
            return too_many()
        case _:
            return error(500, "INTERNAL_SERVER_ERROR", "Internal Server Error")


def too_many() -> Response:
    return JSONResponse(
        {"message": "Request would return too many entities. ", "status": 400},
        status_code=400,
        headers=trace(),
    )


def missing(message: str) -> Refused:
    return Refused(error(404, "RESOURCE_NOT_FOUND", message))


def wrong(
    field: str,
    description: str,
    *,
    code: str = "PARAM_INVALID",
    status: int = 400,
    message: str = "Invalid param. Please see errorDetails for more information.",
) -> Refused:
    place = {"inputPath": {"fieldPath": field}} if field else {}
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": message,
        "errorDetails": {"inputErrors": [{"description": description, "input": place, "code": code}]},
        "status": status,
    }
    return Refused(JSONResponse(body, status_code=status, headers=trace()))


def error(status: int, code: str, message: str, *, service_code: int | None = None) -> Response:
    body: Said = {"status": status, "code": code, "message": message}
    if service_code is not None:
        body["serviceErrorCode"] = service_code
    return JSONResponse(body, status_code=status, headers=trace())


def trace() -> dict[str, str]:
    return {"x-li-uuid": secrets.token_urlsafe(16), "x-li-request-id": secrets.token_hex(8)}


async def _query(request: Request) -> str:
    """The query string, or the form of a POST that stands in for a GET."""
    if request.method == "GET":
        if len(request.url.query) > _LONGEST_QUERY:
            raise Refused(error(414, "URI_TOO_LONG", "Request-URI Too Long"))
        return request.url.query
    if request.headers.get("content-type") != "application/x-www-form-urlencoded":
        raise Refused(error(405, "METHOD_NOT_ALLOWED", "POST is not allowed here"))
    return (await request.body()).decode("ascii", errors="replace")


def _parameters(query: str) -> dict[str, str]:
    """Values as they were sent: what is structure and what is held can only be told apart while it is encoded."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {name: value for name, _, value in pairs}


def _body(body: bytes) -> Said:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as broken:
        raise wrong("", f"no JSON object: {broken}") from None


def _token(offset: int) -> str:
    return base64.b64encode(f"after {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(unquote(token)).decode().removeprefix("after "))
    except ValueError:
        raise wrong("pageToken", "no such page") from None
