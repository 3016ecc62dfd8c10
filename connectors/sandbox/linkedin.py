"""LinkedIn's advertising API as the sandbox plays it: accounts, what they are made of, and adAnalytics."""

import base64
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel, Level
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import Figures, Served, World, main_units
from connectors.sandbox.places import Walls
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, account, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-linkedin-access-token",
    "refresh_token": "sandbox-linkedin-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-linkedin-client-secret",
}
VERSION = "202607"

_PIVOTS = {
    "ACCOUNT": Level.ACCOUNT,
    "CAMPAIGN_GROUP": Level.CAMPAIGN,
    "CAMPAIGN": Level.AD_GROUP,
    "CREATIVE": Level.AD,
}
_FACETS = {
    "accounts": Level.ACCOUNT,
    "campaignGroups": Level.CAMPAIGN,
    "campaigns": Level.AD_GROUP,
    "creatives": Level.AD,
}
_URN = {
    Level.ACCOUNT: "urn:li:sponsoredAccount:",
    Level.CAMPAIGN: "urn:li:sponsoredCampaignGroup:",
    Level.AD_GROUP: "urn:li:sponsoredCampaign:",
    Level.AD: "urn:li:sponsoredCreative:",
}
_DAY = r"\(year:(\d{4}),month:(\d{1,2}),day:(\d{1,2})\)"
_DATE_RANGE = re.compile(rf"\(start:{_DAY},end:{_DAY}\)")
_LIST = re.compile(r"List\(([^():]*)\)")
_SEARCH = re.compile(r"\(status:\(values:List\([A-Z_,]+\)\)\)")
_DEFAULT_FIELDS = "impressions,clicks"
_MOST_FIELDS = 20
_MOST_ELEMENTS = 15_000
_LONGEST_QUERY = 4096
_LARGEST_PAGES = {"adAccounts": 1000, "adCampaignGroups": 1000, "adCampaigns": 1000, "creatives": 100}
_DEFAULT_PAGE = 100

Said = dict[str, Any]


class _Refused(Exception):
    def __init__(self, answer: Response) -> None:
        self.answer = answer


class LinkedInStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._world = world
        self._page_rows = page_rows
        self._book = Campaigns(Channel.LINKEDIN, accepted)
        self._walls = Walls(Channel.LINKEDIN, accepted)
        self._tokens = Tokens("LinkedIn", CREDENTIALS, lasts=5183999, refresh_lasts=31535999)

    def provider(self) -> Provider:
        number = "/adAccounts/{number:int}"
        return Provider(
            Channel.LINKEDIN,
            api=[
                self._route("/adAccounts", self._accounts),
                self._route(number, self._account),
                self._route(f"{number}/adCampaignGroups", self._groups),
                self._route(f"{number}/adCampaigns", self._campaigns),
                self._route(f"{number}/creatives", self._creatives),
                self._route("/adAnalytics", self._analytics),
            ],
            sign_in=self._tokens.routes(),
            refusal=_refusal,
        )

    def _route(self, path: str, answer: Callable[[Request, Mapping[str, str]], Said]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._admit(request)
                return JSONResponse(answer(request, _parameters(await _query(request))), headers=_trace())
            except _Refused as refused:
                return refused.answer

        return Route(path, endpoint, methods=["GET", "POST"])

    def _admit(self, request: Request) -> None:
        if not self._tokens.holds(request):
            raise _Refused(_error(401, "INVALID_ACCESS_TOKEN", "Invalid access token", service_code=65600))
        version = request.headers.get("linkedin-version", "")
        if version != VERSION:
            raise _Refused(_error(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active"))
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise _wrong("X-RestLi-Protocol-Version", "the sandbox speaks 2.0.0")

    def _accounts(self, _: Request, asked: Mapping[str, str]) -> Said:
        if asked.get("q") != "search":
            raise _wrong("q", "accounts are found by the finder named search")
        return self._page("adAccounts", [_described(known) for known in accounts_of(Channel.LINKEDIN)], asked)

    def _account(self, request: Request, _: Mapping[str, str]) -> Said:
        return _described(_granted(request))

    def _groups(self, request: Request, asked: Mapping[str, str]) -> Said:
        known = _granted(request)
        _require_search(asked)
        groups = [
            {
                "id": int(group.id),
                "name": group.name,
                "account": f"{_URN[Level.ACCOUNT]}{known.id}",
                "status": "ACTIVE",
            }
            for group in known.campaigns
        ]
        return self._page("adCampaignGroups", groups, asked)

    def _campaigns(self, request: Request, asked: Mapping[str, str]) -> Said:
        known = _granted(request)
        _require_search(asked)
        campaigns = [
            {
                "id": int(campaign.id),
                "name": campaign.name,
                "campaignGroup": f"{_URN[Level.CAMPAIGN]}{group.id}",
                "status": "ACTIVE",
            }
            for group in known.campaigns
            for campaign in group.ad_groups
        ]
        return self._page("adCampaigns", campaigns, asked)

    def _creatives(self, request: Request, asked: Mapping[str, str]) -> Said:
        known = _granted(request)
        if request.headers.get("x-restli-method") != "FINDER" or asked.get("q") != "criteria":
            raise _wrong("q", "creatives are found by the FINDER named criteria")
        creatives = [
            {
                "id": f"{_URN[Level.AD]}{creative.id}",
                "name": creative.name,
                "campaign": f"{_URN[Level.AD_GROUP]}{campaign.id}",
                "intendedStatus": "ACTIVE",
            }
            for group in known.campaigns
            for campaign in group.ad_groups
            for creative in campaign.ads
        ]
        return self._page("creatives", creatives, asked)

    def _page(self, path: str, entities: list[Said], asked: Mapping[str, str]) -> Said:
        size = asked.get("pageSize", str(_DEFAULT_PAGE))
        if not re.fullmatch(r"[1-9][0-9]{0,8}", size):
            raise _wrong("pageSize", "a page has a size")
        if int(size) > _LARGEST_PAGES[path]:
            raise _Refused(_too_many())
        start = _offset(asked.get("pageToken"))
        end = start + min(int(size), self._page_rows)
        following = {"nextPageToken": _token(end)} if end < len(entities) else {}
        return {"elements": entities[start:end], "metadata": following}

    def _analytics(self, _: Request, asked: Mapping[str, str]) -> Said:
        pivot = asked.get("pivot", "")
        if asked.get("q") != "analytics" or pivot not in _PIVOTS:
            raise _wrong("pivot", "the sandbox knows q=analytics by account, group, campaign and creative")
        if asked.get("timeGranularity") != "DAILY":
            raise _wrong("timeGranularity", "the sandbox knows DAILY only")
        since, until = _days(asked.get("dateRange", ""))
        facets = {level: _listed(asked[name], name) for name, level in _FACETS.items() if name in asked}
        if not facets:
            raise _wrong("accounts", "at least one facet is required")
        fields = asked.get("fields", _DEFAULT_FIELDS).split(",")
        if len(fields) > _MOST_FIELDS:
            raise _wrong("fields", "no more than 20 metrics")
        elements = [
            {name: value for name, value in element.items() if name in fields}
            for element in self._elements(_PIVOTS[pivot], facets, since, until)
        ]
        return {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements[:_MOST_ELEMENTS]}

    def _elements(
        self, level: Level, facets: Mapping[Level, frozenset[str]], since: date, until: date
    ) -> Iterator[Said]:
        """Rows of the accounts that the member may see; whatever else was asked for has none, and nobody says so."""
        for known in accounts_of(Channel.LINKEDIN):
            for row in self._world.served(known, since, until, level):
                urns = dict(_urns(known, row))
                if all(urns.get(facet) in chosen for facet, chosen in facets.items()):
                    yield _values(known, row, urns[level])


async def _query(request: Request) -> str:
    """The query string, or the form of a POST that stands in for a GET."""
    if request.method == "GET":
        if len(request.url.query) > _LONGEST_QUERY:
            raise _Refused(_error(414, "URI_TOO_LONG", "Request-URI Too Long"))
        return request.url.query
    form = request.headers.get("content-type") == "application/x-www-form-urlencoded"
    if request.headers.get("x-http-method-override") != "GET" or not form:
        raise _Refused(_error(405, "METHOD_NOT_ALLOWED", "POST is not allowed here"))
    return (await request.body()).decode("ascii", errors="replace")


def _parameters(query: str) -> dict[str, str]:
    """Values as they were sent: what is structure and what is held can only be told apart while it is encoded."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {name: value for name, _, value in pairs}


def _described(known: AdAccount) -> Said:
    return {
        "id": int(known.id),
        "name": known.name,
        "currency": known.currency,
        "status": "ACTIVE",
        "type": "BUSINESS",
        "test": False,
    }


def _granted(request: Request) -> AdAccount:
    known = account(Channel.LINKEDIN, str(request.path_params["number"]))
    if known is None:
        message = "Not enough permissions to access: GET /adAccounts"
        raise _Refused(_error(403, "ACCESS_DENIED", message, service_code=100))
    return known


def _require_search(asked: Mapping[str, str]) -> None:
    if asked.get("q") != "search" or not _SEARCH.fullmatch(asked.get("search", "")):
        raise _wrong("search", "Invalid value for param; wrong type or other syntax error")


def _days(value: str) -> tuple[date, date]:
    match = _DATE_RANGE.fullmatch(value)
    if match is None:
        raise _wrong("dateRange", "Invalid value for param; wrong type or other syntax error")
    numbers = [int(number) for number in match.groups()]
    try:
        return date(*numbers[:3]), date(*numbers[3:])
    except ValueError:
        raise _wrong("dateRange", "no such day") from None


def _listed(value: str, name: str) -> frozenset[str]:
    """URNs whose colons were encoded, and encoded once."""
    match = _LIST.fullmatch(value)
    urns = frozenset(map(unquote, match[1].split(","))) if match else frozenset[str]()
    if not urns or not all(urn.startswith(_URN[_FACETS[name]]) for urn in urns):
        raise _wrong(name, "Invalid value for param; wrong type or other syntax error")
    return urns


def _urns(known: AdAccount, row: Served) -> Iterator[tuple[Level, str]]:
    yield Level.ACCOUNT, f"{_URN[Level.ACCOUNT]}{known.id}"
    for level, entity in ((Level.CAMPAIGN, row.campaign), (Level.AD_GROUP, row.ad_group), (Level.AD, row.ad)):
        if entity:
            yield level, f"{_URN[level]}{entity.id}"


def _values(known: AdAccount, row: Served, urn: str) -> Said:
    """Every field the sandbox knows of a row; amounts are strings, and what never happened is absent."""
    figures = row.figures
    day = {"year": row.day.year, "month": row.day.month, "day": row.day.day}
    return {
        "dateRange": {"start": day, "end": day},
        "pivotValues": [urn],
        "impressions": figures.impressions,
        "clicks": figures.clicks,
        "landingPageClicks": figures.clicks,
        "costInLocalCurrency": main_units(figures.spend_micros, known.decimals),
        **(_conversions(figures, known.decimals) if figures.conversions else {}),
    }


def _conversions(figures: Figures, decimals: int) -> Said:
    """One in three leaves their details in a form of LinkedIn's own; the others convert on the advertiser's site."""
    leads = int(figures.conversions) // 3
    return {
        "externalWebsiteConversions": int(figures.conversions) - leads,
        "externalWebsitePostViewConversions": figures.view_through_conversions,
        "oneClickLeads": leads,
        "conversionValueInLocalCurrency": main_units(figures.conversions_value_micros, decimals),
    }


def _token(offset: int) -> str:
    return base64.b64encode(f"after {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(unquote(token)).decode().removeprefix("after "))
    except ValueError:
        raise _wrong("pageToken", "no such page") from None


def _trace() -> dict[str, str]:
    return {"x-li-uuid": secrets.token_urlsafe(16), "x-li-request-id": secrets.token_hex(8)}


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            message = "The token used in the request has expired"
            return _error(401, "EXPIRED_ACCESS_TOKEN", message, service_code=65602)
        case Fault.RATE_LIMITED:
            limited = _error(429, "TOO_MANY_REQUESTS", "Too many requests")
            if trouble.hint_seconds is not None:
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.TOO_MUCH_DATA:
            return _too_many()
        case _:
            return _error(500, "INTERNAL_SERVER_ERROR", "Internal Server Error")


def _too_many() -> Response:
    return JSONResponse(
        {"message": "Request would return too many entities. ", "status": 400},
        status_code=400,
        headers=_trace(),
    )


def _wrong(field: str, description: str) -> _Refused:
    wrong = {
        "description": description,
        "input": {"inputPath": {"fieldPath": field}},
        "code": "PARAM_INVALID",
    }
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "Invalid param. Please see errorDetails for more information.",
        "errorDetails": {"inputErrors": [wrong]},
        "status": 400,
    }
    return _Refused(JSONResponse(body, status_code=400, headers=_trace()))


def _error(status: int, code: str, message: str, *, service_code: int | None = None) -> Response:
    body: Said = {"status": status, "code": code, "message": message}
    if service_code is not None:
        body["serviceErrorCode"] = service_code
    return JSONResponse(body, status_code=status, headers=_trace())
