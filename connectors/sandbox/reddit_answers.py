"""How the sandbox's Reddit answers: pages and listings, refusals in the words of each of its doors, and routes behind them."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.world import AdAccount, account

Said = dict[str, Any]
Answering = Callable[[Request], Said]
Writing = Callable[[Request, Said], Said]
Submitting = Callable[[Request, dict[str, str]], Said]

_LARGEST_PAGE = 100
_ANSWERED = frozenset({"v3", "site"})


class Refused(Exception):
    def __init__(self, answer: Response) -> None:
        self.answer = answer


def route(
    path: str,
    admit: Callable[[Request], None],
    *,
    read: Answering | None = None,
    make: Writing | None = None,
    change: Writing | None = None,
) -> Route:
    """One of the Ads API, where a wrong verb is a wrong path."""

    async def answered(request: Request) -> Response:
        match request.method:
            case "GET" if read is not None:
                return JSONResponse(read(request))
            case "POST" if make is not None:
                return JSONResponse(make(request, _data(await request.body())))
            case "PATCH" if change is not None:
                return JSONResponse(change(request, _data(await request.body())))
            case _:
                raise missing()

    return Route(path, _behind(admit, answered), methods=["GET", "POST", "PATCH", "PUT"])


def site_route(
    path: str,
    admit: Callable[[Request], None],
    *,
    read: Answering | None = None,
    submit: Submitting | None = None,
) -> Route:
    async def answered(request: Request) -> Response:
        if submit is not None:
            form = {name: str(value) for name, value in (await request.form()).items()}
            return JSONResponse(submit(request, form))
        assert read is not None
        return JSONResponse(read(request))

    return Route(path, _behind(admit, answered), methods=["GET" if submit is None else "POST"])


def _behind(
    admit: Callable[[Request], None], answered: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            admit(request)
            return await answered(request)
        except Refused as refused:
            return refused.answer

    return endpoint


def page(entities: list[Said], request: Request, page_rows: int) -> tuple[list[Said], Said]:
    """A part of a list, and where the next one is: a whole address, with a token that nobody has to understand."""
    asked = request.query_params
    size = asked.get("page.size", str(_LARGEST_PAGE))
    token = asked.get("page.token", "=0")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", size) or not re.fullmatch(r"=[0-9]{1,9}", token):
        raise wrong("page", "invalid page")
    start, rows = int(token[1:]), min(int(size), page_rows)
    following = start + rows
    if following >= len(entities):
        return entities[start:], {}
    address = request.url.include_query_params(**{"page.token": f"={following}"})
    return entities[start:following], {"next_url": str(address), "previous_url": None}


def listing(things: list[Said], kind: str, request: Request, page_rows: int) -> Said:
    """One of the site's lists, which goes on after the name of its last thing."""
    asked = request.query_params
    names = [thing["name"] for thing in things]
    start = names.index(asked["after"]) + 1 if asked.get("after") in names else 0
    rows = min(int(asked.get("limit", "25")), _LARGEST_PAGE, page_rows)
    some = things[start : start + rows]
    return {
        "kind": "Listing",
        "data": {
            "children": [{"kind": kind, "data": thing} for thing in some],
            "after": some[-1]["name"] if start + rows < len(things) else None,
            "before": None,
            "dist": len(some),
        },
    }


def granted(request: Request) -> AdAccount:
    known = account(Channel.REDDIT, str(request.path_params["account"]))
    if known is None:
        raise missing()
    return known


def missing() -> Refused:
    return _ads(404, "The specified resource was not found")


def wrong(field: str, message: str) -> Refused:
    fields = [{"field": f"data.{field}", "message": message}]
    return Refused(
        JSONResponse(
            {"error": {"code": 400, "message": "Bad Request", "fields": fields}},
            status_code=400,
        )
    )


def gate(status: int, reason: str, explanation: str) -> Refused:
    """What stands before the Ads API has words of its own."""
    return Refused(
        JSONResponse(
            {"success": False, "error": {"reason": reason, "explanation": explanation}}, status_code=status
        )
    )


def site(status: int, message: str) -> Refused:
    return Refused(JSONResponse({"message": message, "error": status}, status_code=status))


async def elsewhere(request: Request) -> Response:
    """Nothing is there, or no more."""
    if request.path_params["version"] in _ANSWERED:
        return missing().answer
    return _ads(410, "This version of the API is no longer supported").answer


def refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.RATE_LIMITED:
            headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "600"}
            if trouble.hint_seconds:
                headers["x-ratelimit-reset"] = str(trouble.hint_seconds)
            return JSONResponse(
                {"message": "Too Many Requests", "error": 429}, status_code=429, headers=headers
            )
        case Fault.EXPIRED_TOKEN:
            return unauthorized().answer
        case Fault.TOO_MUCH_DATA:
            return _ads(413, "The report is too large").answer
        case _:
            return _ads(500, "Internal server error").answer


def unauthorized() -> Refused:
    """One that has expired and one that never was are told alike."""
    return Refused(JSONResponse({"message": "Unauthorized", "error": 401}, status_code=401))


def _ads(status: int, message: str) -> Refused:
    return Refused(JSONResponse({"error": {"code": status, "message": message}}, status_code=status))


def _data(body: bytes) -> Said:
    try:
        said = msgspec.json.decode(body, type=dict[str, dict[str, Any]])
    except msgspec.DecodeError:
        raise wrong("", "a body is a JSON object with data") from None
    if "data" not in said:
        raise wrong("", "data is required")
    return said["data"]
