"""Google Ads as the sandbox plays it: searchStream over a small part of GAQL."""

import re
import secrets
from collections.abc import Iterator
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
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import Served, World
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, account, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-google-access-token",
    "refresh_token": "sandbox-google-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-google-client-secret",
    "developer_token": "sandbox-developer-token",
}
VERSION = "v25"

_LEVELS = {
    "customer": Level.ACCOUNT,
    "campaign": Level.CAMPAIGN,
    "ad_group": Level.AD_GROUP,
    "ad_group_ad": Level.AD,
}
_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>[\w.,\s]+?)\s+FROM\s+(?P<resource>\w+)"
    r"\s+WHERE\s+segments\.date\s+BETWEEN\s+'(?P<since>\d{4}-\d\d-\d\d)'\s+AND\s+'(?P<until>\d{4}-\d\d-\d\d)'"
    r"(\s+ORDER\s+BY\s+segments\.date)?\s*",
    re.IGNORECASE,
)
_FAILURE = f"type.googleapis.com/google.ads.googleads.{VERSION}.errors.GoogleAdsFailure"


class _Ask(msgspec.Struct, forbid_unknown_fields=True):
    query: str


class _Refused(Exception):
    def __init__(self, status: int, family: str, value: str, message: str) -> None:
        self.answer = _failure(status, family, value, message)


class GoogleAdsStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._world = world
        self._page_rows = page_rows
        self._book = Campaigns(Channel.GOOGLE_ADS, accepted)
        self._tokens = Tokens("Google Ads", CREDENTIALS, lasts=3599)

    def provider(self) -> Provider:
        customers = f"/{VERSION}/customers"
        return Provider(
            Channel.GOOGLE_ADS,
            api=[
                Route(f"{customers}:listAccessibleCustomers", self._accessible, methods=["GET"]),
                Route(
                    f"{customers}/{{customer}}/googleAds:searchStream", self._search_stream, methods=["POST"]
                ),
            ],
            sign_in=self._tokens.routes(),
            refusal=_refusal,
        )

    async def _search_stream(self, request: Request) -> Response:
        try:
            self._authenticate(request)
            known = account(Channel.GOOGLE_ADS, request.path_params["customer"])
            if known is None:
                raise _Refused(
                    403, "authorizationError", "USER_PERMISSION_DENIED", "User doesn't have permission."
                )
            body = await request.body()
            if _asks_for_clients(body):
                return JSONResponse([{"results": [_client(known)], "requestId": secrets.token_urlsafe(12)}])
            return JSONResponse(self._chunks(known, _query_of(body)))
        except _Refused as refused:
            return refused.answer

    async def _accessible(self, request: Request) -> Response:
        try:
            self._authenticate(request)
        except _Refused as refused:
            return refused.answer
        names = [f"customers/{known.id}" for known in accounts_of(Channel.GOOGLE_ADS)]
        return JSONResponse({"resourceNames": names})

    def _authenticate(self, request: Request) -> None:
        if not self._tokens.holds(request):
            raise _Refused(401, "authenticationError", "OAUTH_TOKEN_INVALID", "Unknown OAuth token.")
        if request.headers.get("developer-token") != CREDENTIALS["developer_token"]:
            raise _Refused(
                401, "authenticationError", "DEVELOPER_TOKEN_INVALID", "The developer token is not valid."
            )

    def _chunks(self, known: AdAccount, query: re.Match[str]) -> list[dict[str, Any]]:
        """Results in chunks; the stream's last chunk may hold nothing but its bookkeeping."""
        level = _LEVELS.get(query["resource"].lower())
        if level is None:
            raise _bad_query("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", query["resource"])
        try:
            since, until = date.fromisoformat(query["since"]), date.fromisoformat(query["until"])
        except ValueError:
            raise _bad_query("INVALID_VALUE_WITH_BETWEEN_OPERATOR", "no such day") from None
        fields = [name.strip() for name in query["fields"].split(",")]
        results = [_result(known, row, fields) for row in self._world.served(known, since, until, level)]
        mask = ",".join(_camel(name) for name in fields)
        request_id = secrets.token_urlsafe(12)
        starts = range(0, len(results), self._page_rows)
        chunks: list[dict[str, Any]] = [
            {"results": results[start : start + self._page_rows], "fieldMask": mask, "requestId": request_id}
            for start in starts
        ]
        return [*chunks, {"fieldMask": mask, "requestId": request_id}] if chunks else []


def _asks_for_clients(body: bytes) -> bool:
    return b" FROM customer_client WHERE customer_client.level <= " in body


def _client(known: AdAccount) -> dict[str, Any]:
    """An account that manages nobody is the only one below itself."""
    client = {
        "resourceName": f"customers/{known.id}/customerClients/{known.id}",
        "id": known.id,
        "descriptiveName": known.name,
        "currencyCode": known.currency,
        "timeZone": known.time_zone,
        "manager": False,
    }
    return {"customerClient": client}


def _query_of(body: bytes) -> re.Match[str]:
    try:
        query = msgspec.json.decode(body, type=_Ask).query
    except msgspec.DecodeError as wrong:
        raise _Refused(400, "requestError", "UNKNOWN", f"Invalid JSON payload: {wrong}") from wrong
    match = _QUERY.fullmatch(query)
    if match is None:
        raise _bad_query(
            "UNEXPECTED_INPUT", "the sandbox reads SELECT … FROM … WHERE segments.date BETWEEN …"
        )
    return match


def _result(known: AdAccount, row: Served, fields: list[str]) -> dict[str, Any]:
    """The chosen fields as nested camelCase, each object under its resource name."""
    values = dict(_values(known, row))
    result: dict[str, Any] = {}
    for name in fields:
        if name not in values:
            raise _bad_query("UNRECOGNIZED_FIELD", name)
        *parents, leaf = _camel(name).split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = values[name]
    for resource in ("customer", "campaign", "ad_group"):
        if _camel(resource) in result:
            result[_camel(resource)]["resourceName"] = _resource_name(known, row, resource)
    return result


def _values(known: AdAccount, row: Served) -> Iterator[tuple[str, object]]:
    """Every field the sandbox knows of a row: int64 as strings, doubles as numbers."""
    figures = row.figures
    yield "customer.id", known.id
    yield "customer.descriptive_name", known.name
    yield "customer.currency_code", known.currency
    yield "customer.time_zone", known.time_zone
    yield "segments.date", row.day.isoformat()
    for resource, entity in (
        ("campaign", row.campaign),
        ("ad_group", row.ad_group),
        ("ad_group_ad.ad", row.ad),
    ):
        if entity:
            yield f"{resource}.id", entity.id
            yield f"{resource}.name", entity.name
    yield "metrics.impressions", str(figures.impressions)
    yield "metrics.clicks", str(figures.clicks)
    yield "metrics.cost_micros", str(figures.spend_micros)
    yield "metrics.conversions", float(figures.conversions)
    yield "metrics.conversions_value", figures.conversions_value_micros / 1_000_000
    yield "metrics.view_through_conversions", str(figures.view_through_conversions)


def _resource_name(known: AdAccount, row: Served, resource: str) -> str:
    name = f"customers/{known.id}"
    if resource == "campaign" and row.campaign:
        return f"{name}/campaigns/{row.campaign.id}"
    if resource == "ad_group" and row.ad_group:
        return f"{name}/adGroups/{row.ad_group.id}"
    return name


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def _bad_query(value: str, message: str) -> _Refused:
    return _Refused(400, "queryError", value, message)


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return _failure(401, "authenticationError", "OAUTH_TOKEN_EXPIRED", "OAuth token expired.")
        case Fault.RATE_LIMITED:
            quota = {"rateScope": "ACCOUNT", "rateName": "Requests per account"}
            if trouble.hint_seconds is not None:
                quota["retryDelay"] = f"{trouble.hint_seconds}s"
            return _failure(
                429,
                "quotaError",
                "RESOURCE_TEMPORARILY_EXHAUSTED",
                "Too many requests. Retry later.",
                details={"quotaErrorDetails": quota},
            )
        case _:
            return _failure(500, "internalError", "INTERNAL_ERROR", "Internal error encountered.")


_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
}


def _failure(
    status: int, family: str, value: str, message: str, details: dict[str, Any] | None = None
) -> Response:
    """A GoogleAdsFailure, in the array that searchStream wraps it in."""
    error: dict[str, Any] = {"errorCode": {family: value}, "message": message}
    if details:
        error["details"] = details
    request_id = secrets.token_urlsafe(12)
    failure = {"@type": _FAILURE, "errors": [error], "requestId": request_id}
    body = {
        "error": {
            "code": status,
            "message": message,
            "status": _STATUS.get(status, "INTERNAL"),
            "details": [failure],
        }
    }
    return JSONResponse([body], status_code=status, headers={"request-id": request_id})
