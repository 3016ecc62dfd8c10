"""The Graph API as the sandbox plays it: who may ask, in which words it refuses, and lists that come page by page."""

import base64
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.publishing import Network
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.places import places_of
from connectors.sandbox.world import accounts_of

VERSION = "v26.0"
Said = dict[str, Any]

GONE = frozenset({"DELETED", "ARCHIVED"})
_FIRST_ACCOUNT = accounts_of(Channel.META)[0].id
_DEFAULT_LIMIT = 25
_LARGEST_LIMIT = 5000


class Refused(Exception):
    def __init__(self, status: int, code: int, message: str, *, subcode: int | None = None) -> None:
        self.answer = error(status, code, message, subcode=subcode)


_PAGE_TOKEN = "sandbox-meta-page-token-"  # noqa: S105 - the beginning of one, of the sandbox
_PAGES = {place.id for place in places_of(Channel.META) if place.network is Network.FACEBOOK}


def page_token(page: str, of: str = "") -> str:
    """A page's own, which may do no more than the person's whom it was given to."""
    return f"{_PAGE_TOKEN}{page}.{of}" if of else f"{_PAGE_TOKEN}{page}"


def _page_of(token: str) -> tuple[str, str]:
    """The page that speaks with a token, and whom the token was given to."""
    page, _, of = token.removeprefix(_PAGE_TOKEN).partition(".")
    return (page, of) if token.startswith(_PAGE_TOKEN) and page in _PAGES else ("", token)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its parameters, whether they stand in the address or in a form, and whose token it shows."""

    request: Request
    parameters: Mapping[str, str]
    token: str
    granted: str = ""

    @property
    def number(self) -> str:
        return str(self.request.path_params["number"])

    @property
    def page(self) -> str:
        """The page that speaks, or nobody where a person does."""
        return _page_of(self.token)[0]

    def may(self, permission: str) -> bool:
        """Who never was asked for anything in particular may everything."""
        return not self.granted or permission in self.granted.replace(",", " ").split()

    def get(self, name: str) -> str:
        return self.parameters.get(name, "")

    def required(self, name: str) -> str:
        if not (value := self.get(name)):
            raise Refused(400, 100, f"(#100) The parameter {name} is required")
        return value

    def fields(self) -> set[str]:
        """Their names, without what is wanted of each."""
        return {part.strip() for part in re.sub(r"\{[^{}]*\}", "", self.get("fields")).split(",")}

    def fields_of(self, name: str) -> set[str]:
        """What is wanted of one of them."""
        expanded = re.search(rf"(?:^|,)\s*{name}\{{([^{{}}]*)\}}", self.get("fields"))
        return {part.strip() for part in expanded[1].split(",")} if expanded else set()

    def json(self, name: str, shape: type[Any]) -> Any:
        try:
            return msgspec.json.decode(self.required(name), type=shape)
        except msgspec.DecodeError as wrong:
            raise Refused(400, 100, f"(#100) {name}: {wrong}") from wrong


class Door:
    """Lets in who shows a token, of a person or of a page, and proves the app where it says so."""

    def __init__(self, tokens: Tokens, app_secret: str) -> None:
        self._tokens, self._app_secret = tokens, app_secret

    def route(self, path: str, answer: Callable[[Asked], Said | list[Said]], method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            form = await request.form() if method == "POST" else {}
            given = {**request.query_params, **{name: str(value) for name, value in form.items()}}
            try:
                said = answer(self._admitted(request, given))
            except Refused as refused:
                return refused.answer
            account = str(request.path_params.get("number", _FIRST_ACCOUNT))
            return JSONResponse(said, headers=usage(account))

        return Route(f"/{VERSION}{path}", endpoint, methods=[method])

    def _admitted(self, request: Request, given: Mapping[str, str]) -> Asked:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = bearer or given.get("access_token", "")
        speaker, of = _page_of(token)
        granted = self._tokens.scope_of(of)
        if granted is None and not (speaker and not of):
            raise Refused(400, 190, "Invalid OAuth access token - Cannot parse access token", subcode=467)
        proof = given.get("appsecret_proof")
        expected = hmac.new(self._app_secret.encode(), token.encode(), "sha256").hexdigest()
        if proof is not None and not hmac.compare_digest(proof.encode(), expected.encode()):
            raise Refused(400, 100, "Invalid appsecret_proof provided in the API argument")
        return Asked(request, given, token, granted or "")


def page(asked: Asked, rows: Sequence[Any], most: int) -> Said:
    """So many of the rows, and how to go on; the address of the next page carries the token, as Meta's does."""
    start, limit = _offset(asked), min(_limit(asked), most)
    some = rows[start : start + limit]
    if not some:
        return {"data": some}
    following = _cursor(start + len(some))
    paging: Said = {"cursors": {"before": _cursor(start), "after": following}}
    if start + len(some) < len(rows):
        paging["next"] = str(
            asked.request.url.include_query_params(after=following, access_token=asked.token)
        )
    return {"data": some, "paging": paging}


@dataclass(frozen=True, slots=True)
class Statuses:
    """Those that are asked for; without any, whatever is not gone."""

    named: frozenset[str]

    def are_wanted(self, status: str) -> bool:
        return status in self.named if self.named else status not in GONE


def wanted_statuses(asked: Asked) -> Statuses:
    named = asked.json("effective_status", list[str]) if asked.get("effective_status") else []
    return Statuses(frozenset(named))


def chosen(values: Said, fields: set[str]) -> Said:
    return {name: value for name, value in values.items() if name in fields and value is not None}


def no_such_object(number: str) -> Refused:
    message = f"Unsupported request. Object with ID '{number}' does not exist or cannot be loaded"
    return Refused(400, 100, message, subcode=33)


def usage(account: str, minutes: int = 0) -> dict[str, str]:
    """The headers by which Meta says how much of the budget is used."""
    used = 100 if minutes else 3
    use = {
        "type": "ads_insights",
        "call_count": used,
        "total_cputime": used,
        "total_time": used,
        "estimated_time_to_regain_access": minutes,
        "ads_api_access_tier": "standard_access",
    }
    throttle = {"app_id_util_pct": used, "acc_id_util_pct": used, "ads_api_access_tier": "standard_access"}
    return {
        "x-business-use-case-usage": msgspec.json.encode({account: [use]}).decode(),
        "x-fb-ads-insights-throttle": msgspec.json.encode(throttle).decode(),
    }


def refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            message = "Error validating access token: Session has expired."
            return error(400, 190, message, subcode=463)
        case Fault.RATE_LIMITED:
            message = (
                "(#80000) There have been too many calls from this ad-account. Wait a bit and try again."
            )
            headers = {}
            if trouble.hint_seconds is not None:
                minutes = -(-trouble.hint_seconds // 60)
                headers = usage(_FIRST_ACCOUNT, minutes)
            return error(400, 80000, message, subcode=2446079, headers=headers)
        case Fault.TOO_MUCH_DATA:
            return error(
                500, 1, "Please reduce the amount of data you're asking for, then retry your request"
            )
        case _:
            return error(500, 2, "An unexpected error has occurred. Please retry your request later.")


def sign_in_refusal(status: int, name: str, description: str) -> Response:
    """The token endpoint refuses in the words of the API, not in those of OAuth."""
    del status
    return error(400, 101 if name == "invalid_client" else 100, description)


def error(
    status: int,
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    said: Said = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": code == 2,
        "fbtrace_id": secrets.token_urlsafe(8),
    }
    if subcode is not None:
        said["error_subcode"] = subcode
    return JSONResponse({"error": said}, status_code=status, headers=headers)


async def unknown_path(request: Request) -> Response:
    if request.path_params["version"] != VERSION:
        return error(400, 2635, "(#2635) You are calling a deprecated version of the Ads API.")
    return error(400, 2500, "Unknown path components")


def _limit(asked: Asked) -> int:
    limit = asked.get("limit") or str(_DEFAULT_LIMIT)
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= _LARGEST_LIMIT:
        raise Refused(400, 100, f"(#100) limit must be a number up to {_LARGEST_LIMIT}")
    return int(limit)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(asked: Asked) -> int:
    if not (after := asked.get("after")):
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(after.encode())))
    except ValueError:
        raise Refused(400, 100, "(#100) Invalid cursors values provided") from None
