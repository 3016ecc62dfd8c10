"""How the sandbox's TikTok answers advertisers: always with a 200, and with a code that says what it means."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.world import AdAccount, account

VERSION = "v1.3"

Said = dict[str, Any]
Asked = Mapping[str, Any]
Work = Callable[[Request, Asked], Said | Response]

_LARGEST_PAGE = 1000
_NOT_GRANTED = 40001
_WRONG = 40002


class Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.answer = _answer(code, message, {})


def wrong(field: str, message: str) -> Refused:
    return Refused(_WRONG, f"{field}: {message}")


def route(method: str, path: str, admit: Callable[[Request], None], work: Work) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            admit(request)
            asked = request.query_params if method == "GET" else _body(await request.body())
            told = work(request, asked)
        except Refused as refused:
            return refused.answer
        return told if isinstance(told, Response) else _answer(0, "OK", told)

    return Route(f"/{VERSION}/{path}/", endpoint, methods=[method])


def granted(asked: Asked) -> AdAccount:
    """The advertiser that is asked about, who has to be one of those that gave the token."""
    number = str(asked.get("advertiser_id", ""))
    known = account(Channel.TIKTOK, number)
    if known is None:
        raise Refused(_NOT_GRANTED, f"No permission to operate advertiser {number}")
    return known


def listed(asked: Asked, name: str) -> list[str]:
    """JSON within an address, and a list within a body."""
    said = asked.get(name)
    try:
        return msgspec.convert(msgspec.json.decode(said) if isinstance(said, str) else said, list[str])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise wrong(name, "Not a valid list.") from None


def filtering(asked: Asked) -> Said:
    try:
        return msgspec.json.decode(asked.get("filtering", "{}"), type=dict[str, Any])
    except msgspec.DecodeError:
        raise wrong("filtering", "Not a valid object.") from None


def page(asked: Asked, rows: list[Said], page_rows: int) -> Said:
    number, size = _number(asked, "page", 1), _number(asked, "page_size", 10)
    if not 1 <= size <= _LARGEST_PAGE:
        raise wrong("page_size", f"Must be between 1 and {_LARGEST_PAGE}.")
    size = min(size, page_rows)
    return {
        "list": rows[(number - 1) * size : number * size],
        "page_info": {
            "page": number,
            "page_size": size,
            "total_number": len(rows),
            "total_page": -(-len(rows) // size),
        },
    }


def refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return _answer(40102, "Access token has expired.", {})
        case Fault.RATE_LIMITED:
            limited = _answer(40100, "Requests made too frequently.", {})
            if trouble.hint_seconds is not None:
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.TOO_MUCH_DATA:
            return _answer(40067, "The amount of data is too large.", {})
        case _:
            return _answer(50000, "System error.", {})


def _answer(code: int, message: str, data: Said) -> Response:
    trace = secrets.token_hex(16).upper()
    return JSONResponse({"code": code, "message": message, "request_id": trace, "data": data})


def _number(asked: Asked, name: str, usual: int) -> int:
    said = str(asked.get(name, usual))
    if not said.isdecimal() or len(said) > 6:
        raise wrong(name, "Not a valid integer.")
    return int(said)


def _body(body: bytes) -> Said:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Refused(_WRONG, "Invalid JSON.") from None
