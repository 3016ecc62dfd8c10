"""Meta's Graph API as the sandbox plays it: an ad account and its insights, page by page."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel, Level
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.performance import Figures, Served, World, main_units
from connectors.sandbox.places import Walls
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, account, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-meta-access-token",
    "app_secret": "sandbox-meta-app-secret",
}
VERSION = "v26.0"

_LEVELS = {"account": Level.ACCOUNT, "campaign": Level.CAMPAIGN, "adset": Level.AD_GROUP, "ad": Level.AD}
_DEFAULT_LIMIT = 25


class _Window(msgspec.Struct):
    since: date
    until: date


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str, *, subcode: int | None = None) -> None:
        self.answer = _error(status, code, message, subcode=subcode)


class MetaStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._world = world
        self._page_rows = page_rows
        self._book = Campaigns(Channel.META, accepted)
        self._walls = Walls(Channel.META, accepted)

    def provider(self) -> Provider:
        number = f"/{VERSION}/act_{{number:int}}"
        return Provider(
            Channel.META,
            api=[
                Route(f"/{VERSION}/me/adaccounts", self._accounts, methods=["GET"]),
                Route(number, self._account, methods=["GET"]),
                Route(f"{number}/insights", self._insights, methods=["GET"]),
                Route("/{version}/{path:path}", _unknown_path),
            ],
            sign_in=[],
            refusal=_refusal,
        )

    async def _accounts(self, request: Request) -> Response:
        try:
            _admitted(request)
            limit, start = self._limit(request), _offset(request)
        except _Refused as refused:
            return refused.answer
        seen = accounts_of(Channel.META)
        return JSONResponse(
            _page(request, [_described(known, request) for known in seen], start, limit),
            headers=_usage(seen[0]),
        )

    async def _account(self, request: Request) -> Response:
        try:
            known = _granted(request)
        except _Refused as refused:
            return refused.answer
        return JSONResponse(_described(known, request), headers=_usage(known))

    async def _insights(self, request: Request) -> Response:
        try:
            known = _granted(request)
            rows = self._served(request, known)
            limit, start = self._limit(request), _offset(request)
        except _Refused as refused:
            return refused.answer
        page = _page(request, rows, start, limit)
        fields = _list(request, "fields")
        viewed = "1d_view" in request.query_params.get("action_attribution_windows", "")
        page["data"] = [_chosen(_values(known, row, viewed=viewed), fields) for row in page["data"]]
        return JSONResponse(page, headers=_usage(known))

    def _served(self, request: Request, known: AdAccount) -> list[Served]:
        level = _LEVELS.get(request.query_params.get("level", "account"))
        if level is None:
            raise _Refused(400, 100, "(#100) level must be one of account, campaign, adset, ad")
        if request.query_params.get("time_increment") != "1":
            raise _Refused(400, 100, "(#100) the sandbox knows time_increment=1 only")
        try:
            window = msgspec.json.decode(request.query_params.get("time_range", ""), type=_Window)
        except msgspec.DecodeError as wrong:
            raise _Refused(400, 100, f"(#100) time_range: {wrong}") from wrong
        return list(self._world.served(known, window.since, window.until, level))

    def _limit(self, request: Request) -> int:
        limit = request.query_params.get("limit", str(_DEFAULT_LIMIT))
        if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= 5000:
            raise _Refused(400, 100, "(#100) limit must be a number up to 5000")
        return min(int(limit), self._page_rows)


async def _unknown_path(request: Request) -> Response:
    if request.path_params["version"] != VERSION:
        return _error(400, 2635, "(#2635) You are calling a deprecated version of the Ads API.")
    return _error(400, 2500, "Unknown path components")


def _described(known: AdAccount, request: Request) -> dict[str, Any]:
    values = {
        "account_id": known.id,
        "name": known.name,
        "currency": known.currency,
        "timezone_name": known.time_zone,
    }
    fields = _list(request, "fields")
    return {**{name: value for name, value in values.items() if name in fields}, "id": f"act_{known.id}"}


def _page(request: Request, rows: Sequence[Any], start: int, limit: int) -> dict[str, Any]:
    """So many of the rows, and how to go on; the address of the next page carries the token, as Meta's does."""
    page = rows[start : start + limit]
    if not page:
        return {"data": page}
    cursors = {"before": _cursor(start), "after": _cursor(start + len(page))}
    paging: dict[str, Any] = {"cursors": cursors}
    if start + len(page) < len(rows):
        following = request.url.include_query_params(
            after=_cursor(start + len(page)), access_token=CREDENTIALS["access_token"]
        )
        paging["next"] = str(following)
    return {"data": page, "paging": paging}


def _admitted(request: Request) -> None:
    """Whoever shows the token and the app's proof."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    token = bearer or request.query_params.get("access_token", "")
    if token != CREDENTIALS["access_token"]:
        raise _Refused(400, 190, "Invalid OAuth access token - Cannot parse access token", subcode=467)
    proof = request.query_params.get("appsecret_proof")
    expected = hmac.new(CREDENTIALS["app_secret"].encode(), token.encode(), "sha256").hexdigest()
    if proof is not None and not hmac.compare_digest(proof.encode(), expected.encode()):
        raise _Refused(400, 100, "Invalid appsecret_proof provided in the API argument")


def _granted(request: Request) -> AdAccount:
    """The account that the bearer may see."""
    _admitted(request)
    known = account(Channel.META, str(request.path_params["number"]))
    if known is None:
        message = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
        raise _Refused(403, 200, message)
    return known


def _values(known: AdAccount, row: Served, *, viewed: bool) -> dict[str, Any]:
    """Every field the sandbox knows of a row; numbers are strings, and actions that never were are absent."""
    figures = row.figures
    values: dict[str, Any] = {
        "account_id": known.id,
        "account_name": known.name,
        "account_currency": known.currency,
        "impressions": str(figures.impressions),
        "clicks": str(figures.all_clicks),
        "inline_link_clicks": str(figures.clicks),
        "reach": str(round(figures.impressions * 0.85)),
        "spend": main_units(figures.spend_micros, known.decimals),
        "attribution_setting": "7d_click_1d_view",
    }
    for name, entity in (("campaign", row.campaign), ("adset", row.ad_group), ("ad", row.ad)):
        if entity:
            values |= {f"{name}_id": entity.id, f"{name}_name": entity.name}
    return {
        **values,
        **_actions(figures, known.decimals, viewed=viewed),
        "date_start": row.day.isoformat(),
        "date_stop": row.day.isoformat(),
    }


def _actions(figures: Figures, decimals: int, *, viewed: bool) -> dict[str, Any]:
    """A purchase comes back under three names, as it does from Meta."""
    purchases = ("offsite_conversion.fb_pixel_purchase", "omni_purchase", "purchase")
    found: dict[str, Any] = {}
    clicked = [{"action_type": "link_click", "value": str(figures.clicks)}] if figures.clicks else []
    bought: list[dict[str, str]] = []
    if figures.conversions:
        counts = {"value": str(int(figures.conversions))}
        if viewed and figures.view_through_conversions:
            counts["1d_view"] = str(figures.view_through_conversions)
        bought = [{"action_type": name, **counts} for name in purchases]
        worth = main_units(figures.conversions_value_micros, decimals)
        found["action_values"] = [{"action_type": name, "value": worth} for name in purchases]
    if clicked or bought:
        found["actions"] = clicked + bought
    return found


def _chosen(values: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in fields or name.startswith("date_")}


def _list(request: Request, name: str) -> set[str]:
    return {part.strip() for part in request.query_params.get(name, "").split(",")}


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(request: Request) -> int:
    after = request.query_params.get("after")
    if after is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(after.encode())))
    except ValueError:
        raise _Refused(400, 100, "(#100) Invalid cursors values provided") from None


def _usage(known: AdAccount, minutes: int = 0) -> dict[str, str]:
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
        "x-business-use-case-usage": msgspec.json.encode({known.id: [use]}).decode(),
        "x-fb-ads-insights-throttle": msgspec.json.encode(throttle).decode(),
    }


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            message = "Error validating access token: Session has expired."
            return _error(400, 190, message, subcode=463)
        case Fault.RATE_LIMITED:
            message = (
                "(#80000) There have been too many calls from this ad-account. Wait a bit and try again."
            )
            headers = {}
            if trouble.hint_seconds is not None:
                minutes = -(-trouble.hint_seconds // 60)
                headers = _usage(accounts_of(Channel.META)[0], minutes)
            return _error(400, 80000, message, subcode=2446079, headers=headers)
        case _:
            return _error(500, 2, "An unexpected error has occurred. Please retry your request later.")


def _error(
    status: int,
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    error: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": code == 2,
        "fbtrace_id": secrets.token_urlsafe(8),
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return JSONResponse({"error": error}, status_code=status, headers=headers)
