"""How the sandbox's X answers: to signed requests about advertising, to bearers of a token about posts, and by cursors."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.face import Channel, utc_now
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.world import AdAccount, account
from connectors.x_signing import Keys, signature

VERSION = "12"

_TOLERANCE = 300
_MOST_NONCES = 100_000
_LARGEST_PAGE, _USUAL_PAGE = 1000, 200
_HEADER = re.compile(r'(oauth_[a-z_]+)="([^"]*)"')

Said = dict[str, Any]
Asked = Mapping[str, str]


class Refused(Exception):
    def __init__(self, answer: Response) -> None:
        self.answer = answer


class SignedDoor:
    """Lets in who signs with the app's keys and the user's, now, and with a nonce that nobody has shown yet."""

    def __init__(self, credentials: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._keys = Keys(
            consumer_key=credentials["consumer_key"],
            consumer_secret=credentials["consumer_secret"],
            token=credentials["ads_token"],
            token_secret=credentials["ads_token_secret"],
        )
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def route(self, path: str, **answers: Callable[[Request, Asked], Any]) -> Route:
        """Answers by method; what is answered is echoed beside, and lists say themselves how they go on."""

        async def endpoint(request: Request) -> Response:
            try:
                asked = self._admitted(request)
                said = answers[request.method.lower()](request, asked)
            except Refused as refused:
                return refused.answer
            whole = said if isinstance(said, dict) and "data" in said else {"data": said}
            return JSONResponse({"request": {"params": dict(asked)}, **whole})

        return Route(f"/{VERSION}{path}", endpoint, methods=[method.upper() for method in answers])

    def _admitted(self, request: Request) -> Asked:
        pairs = parse_qsl(request.url.query, keep_blank_values=True, strict_parsing=bool(request.url.query))
        asked = dict(pairs)
        if len(asked) != len(pairs):
            raise wrong("", "a parameter was given twice")
        told = {
            name: unquote(value) for name, value in _HEADER.findall(request.headers.get("authorization", ""))
        }
        shown = told.pop("oauth_signature", "")
        address = str(request.url.replace(query=""))
        if shown != signature(self._keys, request.method, address, {**asked, **told}):
            raise unauthorized("Could not authenticate you")
        if (told["oauth_consumer_key"], told["oauth_token"]) != (self._keys.consumer_key, self._keys.token):
            raise unauthorized("Invalid or expired token")
        if not self._is_now(int(told["oauth_timestamp"])):
            raise unauthorized("Timestamp out of bounds.")
        if told["oauth_nonce"] in self._nonces:
            raise unauthorized("The nonce was used before")
        self._nonces[told["oauth_nonce"]] = None
        while len(self._nonces) > _MOST_NONCES:
            self._nonces.popitem(last=False)
        return asked

    def _is_now(self, timestamp: int) -> bool:
        """By the sandbox's clock, which may stand still, or by everybody's."""
        now = (self._clock(), utc_now())
        return any(abs(timestamp - each.timestamp()) <= _TOLERANCE for each in now)


def granted(request: Request) -> AdAccount:
    """The account in a path, which has to be one of the user's."""
    number = str(request.path_params["account"])
    known = account(Channel.X, number)
    if known is None:
        message = f"User does not have access to account {number}"
        raise Refused(refusal(403, "ACCOUNT_NOT_FOUND", message))
    return known


def listed(entities: list[Said], asked: Asked, page_rows: int) -> Said:
    """A page by its cursor; what was deleted is told only to who asks for it."""
    if asked.get("with_deleted") != "true":
        entities = [each for each in entities if not each.get("deleted")]
    count, cursor = asked.get("count", str(_USUAL_PAGE)), asked.get("cursor", "c0")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", count) or int(count) > _LARGEST_PAGE:
        raise wrong("count", f"Expected 1 to {_LARGEST_PAGE}")
    if not re.fullmatch(r"c[0-9]{1,6}", cursor):
        raise wrong("cursor", "no such page")
    start = int(cursor[1:])
    end = start + min(int(count), page_rows)
    return {"data": entities[start:end], "next_cursor": f"c{end}" if end < len(entities) else None}


def required(asked: Asked, name: str) -> str:
    if not asked.get(name):
        raise wrong(name, f"Missing parameter {name}", code="MISSING_PARAMETER")
    return asked[name]


def unauthorized(message: str) -> Refused:
    return Refused(refusal(401, "UNAUTHORIZED_ACCESS", message))


def missing(what: str) -> Refused:
    return Refused(refusal(404, "NOT_FOUND", f"{what} was not found"))


def wrong(parameter: str, message: str, code: str = "INVALID_PARAMETER") -> Refused:
    return Refused(refusal(400, code, message, parameter=parameter))


def refusal(status: int, code: str, message: str, **more: str) -> Response:
    error = {"code": code, "message": message, **more}
    return JSONResponse({"errors": [error], "request": {"params": {}}}, status_code=status)


def problem(status: int, title: str, detail: str, kind: str = "", **more: Any) -> Response:
    where = f"https://api.twitter.com/2/problems/{kind}" if kind else "about:blank"
    said = {"title": title, "detail": detail, "type": where, "status": status, **more}
    return JSONResponse(said, status_code=status, media_type="application/problem+json")


class _InItsWords(Response):
    """A refusal in the words of whichever interface was asked."""

    def __init__(self, of_ads: Response, of_posts: Response) -> None:
        super().__init__()
        self._of_ads, self._of_posts = of_ads, of_posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_posts = "/2/" in scope["path"]
        await (self._of_posts if is_posts else self._of_ads)(scope, receive, send)


def refusals(clock: Callable[[], datetime]) -> Callable[[Trouble], Response]:
    def of(trouble: Trouble) -> Response:
        match trouble.fault:
            case Fault.EXPIRED_TOKEN:
                of_ads = refusal(401, "UNAUTHORIZED_ACCESS", "Invalid or expired token")
                of_posts = problem(401, "Unauthorized", "Unauthorized")
            case Fault.RATE_LIMITED:
                of_ads = refusal(429, "TOO_MANY_REQUESTS", "Too many requests for this resource.")
                of_posts = problem(429, "Too Many Requests", "Too Many Requests")
                if trouble.hint_seconds is not None:
                    reset = str(int(clock().timestamp()) + trouble.hint_seconds)
                    of_ads.headers["x-account-rate-limit-reset"] = reset
                    of_ads.headers["x-rate-limit-reset"] = str(int(reset) + 900)
                    of_posts.headers["x-rate-limit-reset"] = reset
            case Fault.TOO_MUCH_DATA:
                of_ads = refusal(400, "REQUEST_TOO_COMPLEX", "Request is too complex")
                of_posts = problem(413, "Payload Too Large", "Payload Too Large")
            case _:
                of_ads = refusal(500, "INTERNAL_ERROR", "An internal error occurred")
                of_posts = problem(500, "Internal Server Error", "Something is broken")
        return _InItsWords(of_ads, of_posts)

    return of
