"""Google Ads as the sandbox plays it: search and searchStream over a part of GAQL, mutates of campaigns, uploads of conversions."""

import secrets
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel, Level
from connectors.sandbox import gaql
from connectors.sandbox import google_ads_rows as rows
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns
from connectors.sandbox.google_ads_campaigns import GoogleAdsCampaigns
from connectors.sandbox.google_ads_conversions import GoogleAdsConversions
from connectors.sandbox.google_ads_inventory import GoogleAdsInventory
from connectors.sandbox.google_ads_refusals import VERSION, Error, Refused, bad_query, troubled
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, account, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-google-access-token",
    "refresh_token": "sandbox-google-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-google-client-secret",
    "developer_token": "sandbox-developer-token",
}

_LEVELS = {
    "customer": Level.ACCOUNT,
    "campaign": Level.CAMPAIGN,
    "ad_group": Level.AD_GROUP,
    "ad_group_ad": Level.AD,
}


_AFTER = "after-"

Told = TypeVar("Told")


class _Ask(msgspec.Struct, forbid_unknown_fields=True):
    query: str


class _AskForPage(_Ask, rename="camel"):
    """The size of a page is Google's own."""

    page_token: str = ""


class GoogleAdsStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._world = world
        self._page_rows = page_rows
        self._campaigns = GoogleAdsCampaigns(Campaigns(Channel.GOOGLE_ADS, accepted), world.clock)
        self._inventory = GoogleAdsInventory(self._campaigns)
        self._conversions = GoogleAdsConversions(accepted, world.clock)
        self._tokens = Tokens("Google Ads", CREDENTIALS, lasts=3599)

    def provider(self) -> Provider:
        customers = f"/{VERSION}/customers"
        one = f"{customers}/{{customer}}/googleAds"
        return Provider(
            Channel.GOOGLE_ADS,
            api=[
                self._route(f"{customers}:listAccessibleCustomers", self._accessible, method="GET"),
                self._route(f"{one}:search", self._search),
                self._route(f"{one}:searchStream", self._search_stream, streamed=True),
                self._route(f"{one}:mutate", self._mutate),
                self._route(f"{customers}/{{customer}}:uploadClickConversions", self._upload),
            ],
            sign_in=self._tokens.routes(),
            refusal=troubled,
        )

    def _route(
        self,
        path: str,
        answer: Callable[[Request, bytes], Any],
        *,
        method: str = "POST",
        streamed: bool = False,
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._authenticate(request)
                return JSONResponse(answer(request, await request.body()))
            except Refused as refused:
                return refused.answer(streamed=streamed)

        return Route(path, endpoint, methods=[method])

    def _authenticate(self, request: Request) -> None:
        if not self._tokens.holds(request):
            raise Refused(401, Error("authenticationError", "OAUTH_TOKEN_INVALID", "Unknown OAuth token."))
        if request.headers.get("developer-token") != CREDENTIALS["developer_token"]:
            message = "The developer token is not valid."
            raise Refused(401, Error("authenticationError", "DEVELOPER_TOKEN_INVALID", message))

    def _accessible(self, _: Request, __: bytes) -> dict[str, Any]:
        return {"resourceNames": [f"customers/{known.id}" for known in accounts_of(Channel.GOOGLE_ADS)]}

    def _search_stream(self, request: Request, body: bytes) -> list[dict[str, Any]]:
        known = _granted(request)
        query = gaql.read(_told(body, _Ask).query)
        return self._chunks(query, query.results(self._rows(known, query)))

    def _search(self, request: Request, body: bytes) -> dict[str, Any]:
        """A page, and a token as long as there is more."""
        known, asked = _granted(request), _told(body, _AskForPage)
        query = gaql.read(asked.query)
        results = query.results(self._rows(known, query))
        start = _offset(asked.page_token)
        end = start + self._page_rows
        page = {"results": results[start:end]} if results[start:end] else {}
        following = {"nextPageToken": f"{_AFTER}{end}"} if end < len(results) else {}
        return {**page, **following, **_bookkeeping(query)}

    def _mutate(self, request: Request, body: bytes) -> dict[str, Any]:
        return self._campaigns.mutate(_granted(request), body)

    def _upload(self, request: Request, body: bytes) -> dict[str, Any]:
        return self._conversions.upload(_granted(request), body)

    def _chunks(self, query: gaql.Query, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Results in chunks; the stream's last chunk may hold nothing but its bookkeeping."""
        bookkeeping = _bookkeeping(query)
        starts = range(0, len(results), self._page_rows)
        chunks = [{"results": results[at : at + self._page_rows], **bookkeeping} for at in starts]
        return [*chunks, bookkeeping] if chunks else []

    def _rows(self, known: AdAccount, query: gaql.Query) -> Iterable[gaql.Row]:
        if query.resource in _LEVELS and _is_report(query):
            since, until = _window(query)
            level = _LEVELS[query.resource]
            return (rows.served(known, row) for row in self._world.served(known, since, until, level))
        match query.resource:
            case "customer":
                return [rows.customer(known)]
            case "customer_client":
                return [rows.client(known)]
            case "campaign":
                return self._campaigns.rows(known)
            case "ad_group":
                return self._inventory.ad_groups(known)
            case "ad_group_ad":
                return self._inventory.ads(known)
            case "campaign_criterion":
                return self._inventory.campaign_criteria(known)
            case "ad_group_criterion":
                return self._inventory.ad_group_criteria(known)
            case "conversion_action":
                return self._conversions.rows(known)
            case "geo_target_constant":
                return rows.geo_targets()
            case "language_constant":
                return rows.languages()
            case unknown:
                raise bad_query("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", unknown)


def _granted(request: Request) -> AdAccount:
    known = account(Channel.GOOGLE_ADS, request.path_params["customer"])
    if known is None:
        message = "User doesn't have permission."
        raise Refused(403, Error("authorizationError", "USER_PERMISSION_DENIED", message))
    return known


def _told(body: bytes, shape: type[Told]) -> Told:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as wrong:
        raise Refused(400, message=f"Invalid JSON payload received. {wrong}") from wrong


def _offset(token: str) -> int:
    number = token.removeprefix(_AFTER)
    if not token:
        return 0
    if number == token or not number.isdecimal():
        raise Refused(400, Error("requestError", "INVALID_PAGE_AFTER", "Page token was invalid."))
    return int(number)


def _bookkeeping(query: gaql.Query) -> dict[str, Any]:
    return {"fieldMask": query.mask(), "requestId": secrets.token_urlsafe(12)}


def _is_report(query: gaql.Query) -> bool:
    named = (*query.fields, *(condition.field for condition in query.conditions))
    return any(name.startswith(("segments.", "metrics.")) for name in named)


def _window(query: gaql.Query) -> tuple[date, date]:
    days = next((it.values for it in query.conditions if it.field == "segments.date"), ())
    if len(days) != 2:
        raise bad_query("EXPECTED_FILTERS_ON_DATE_RANGE", "the sandbox reads segments.date BETWEEN … AND …")
    try:
        return date.fromisoformat(days[0]), date.fromisoformat(days[1])
    except ValueError:
        raise bad_query("INVALID_VALUE_WITH_BETWEEN_OPERATOR", "no such day") from None
