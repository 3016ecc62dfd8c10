"""Bitly as the sandbox plays it: two groups with links of the last months, which people follow less and less."""

import hashlib
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider

CREDENTIALS = {
    "access_token": "sandbox-bitly-access-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-bitly-client-secret",
}
VERSION = "v4"
GROUPS = {"Bk1lindgrn01": "Lindgrün", "Bk1lindgrn02": "Lindgrün Japan"}
DOMAINS = ("bit.ly", "lindgruen.link")
LINKS_OF_A_GROUP = 13
DAYS_BETWEEN = 9

_DAYS_TO_FADE = 40.0
_HOURS_UNTIL_COUNTED = 30.0
"""So long after it began a day is still counted on: the last one grows after it is over."""

_UTM_CAMPAIGNS = ("autumn-sale", "lookbook", "come-back")

Said = dict[str, Any]


class _Refused(Exception):
    def __init__(self, status: int, message: str, resource: str, *, field: str = "") -> None:
        self.answer = _error(status, message, resource, field=field)


@dataclass(frozen=True, slots=True)
class _Made:
    """A link as its group has it."""

    id: str
    group: str
    long_url: str
    title: str
    at: datetime
    is_archived: bool = False

    def told(self) -> Said:
        return {
            "created_at": self.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "id": self.id,
            "link": f"https://{self.id}",
            "long_url": self.long_url,
            "title": self.title,
            "archived": self.is_archived,
            "tags": [],
            "custom_bitlinks": [],
            "deeplinks": [],
            "references": {"group": f"https://api-ssl.bitly.com/{VERSION}/groups/{self.group}"},
        }


class _Wanted(msgspec.Struct):
    long_url: str = ""
    group_guid: str = ""
    domain: str = "bit.ly"


class BitlyStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._seed, self._clock = world.seed, world.clock
        self._page_rows, self._accepted = page_rows, accepted
        began = world.clock().replace(minute=0, second=0, microsecond=0)
        self._links = [
            _in_the_past(group, number, began) for group in GROUPS for number in range(LINKS_OF_A_GROUP)
        ]
        self._tokens = Tokens("Bitly", CREDENTIALS, lasts=0)

    def provider(self) -> Provider:
        ask, consent, issue = self._tokens.routes()

        async def token(request: Request) -> Response:
            return _as_asked(request, await issue.endpoint(request))

        return Provider(
            Channel.BITLY,
            api=[
                self._route(f"/{VERSION}/groups", "GET", self._groups, "groups"),
                self._route(f"/{VERSION}/groups/{{group}}/bitlinks", "GET", self._listed, "bitlinks"),
                self._route(f"/{VERSION}/shorten", "POST", self._shorten, "bitlinks"),
                self._route(
                    f"/{VERSION}/bitlinks/{{domain}}/{{half}}/clicks", "GET", self._clicks, "bitlinks"
                ),
            ],
            sign_in=[ask, consent, Route("/token", token, methods=["POST"])],
            refusal=_refusal,
        )

    def _route(
        self, path: str, method: str, answer: Callable[[Request, bytes], Response], resource: str
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            if not self._tokens.holds(request):
                return _error(403, "FORBIDDEN", resource)
            try:
                return answer(request, await request.body())
            except _Refused as refused:
                return refused.answer

        return Route(path, endpoint, methods=[method])

    def _groups(self, _: Request, __: bytes) -> Response:
        groups = [
            {"guid": guid, "name": name, "organization_guid": "Ok1lindgrn01", "is_active": True, "bsds": []}
            for guid, name in GROUPS.items()
        ]
        groups.append({"guid": "Bk1formerly1", "name": "Formerly", "is_active": False, "bsds": []})
        return JSONResponse({"groups": groups})

    def _listed(self, request: Request, _: bytes) -> Response:
        """Newest first; a page names the next one by its whole address, as long as there is one."""
        asked, group = request.query_params, _group(request.path_params["group"])
        size, start = _number(asked.get("size", "50")), _number(asked.get("search_after", "0"))
        after = _number(asked.get("created_after", "0"))
        found = [
            link
            for link in sorted(self._links, key=lambda link: link.at, reverse=True)
            if link.group == group
            and link.at <= self._clock()
            and int(link.at.timestamp()) > after
            and (asked.get("archived") == "both" or not link.is_archived)
        ]
        end = start + min(size, self._page_rows)
        more = end < len(found)
        following = str(request.url.include_query_params(search_after=end)) if more else ""
        pagination = {"next": following, "search_after": str(end) if more else "", "size": size}
        return JSONResponse({"links": [link.told() for link in found[start:end]], "pagination": pagination})

    def _shorten(self, _: Request, body: bytes) -> Response:
        try:
            wanted = msgspec.json.decode(body, type=_Wanted)
        except msgspec.DecodeError:
            raise _Refused(422, "UNPROCESSABLE_ENTITY", "bitlinks") from None
        group = _group(wanted.group_guid)
        if not wanted.long_url.startswith(("http://", "https://")):
            raise _Refused(400, "INVALID_ARG_LONG_URL", "bitlinks", field="long_url")
        if wanted.domain not in DOMAINS:
            raise _Refused(400, "INVALID_ARG_DOMAIN", "bitlinks", field="domain")
        half = hashlib.sha256(f"{group} {wanted.domain} {wanted.long_url}".encode()).hexdigest()[:7]
        number = f"{wanted.domain}/{half}"
        if (known := self._named(number)) is not None:
            return JSONResponse(known.told())
        made = _Made(number, group, wanted.long_url, "", self._clock())
        self._links.append(made)
        self._accepted.note(
            Channel.BITLY, "link", id=made.id, group=group, long_url=made.long_url, domain=wanted.domain
        )
        return JSONResponse(made.told(), status_code=201)

    def _clicks(self, request: Request, _: bytes) -> Response:
        asked, at = request.query_params, request.path_params
        link = self._named(f"{at['domain']}/{at['half']}")
        if link is None:
            raise _Refused(404, "NOT_FOUND", "bitlinks")
        if asked.get("unit", "day") != "day":
            raise _Refused(400, "INVALID_ARG_UNIT", "bitlinks", field="unit")
        reference = asked.get("unit_reference") or self._clock().isoformat()
        last, units = _day_of(reference), min(_number(asked.get("units", "50")), 50)
        days = [last - timedelta(days=back) for back in range(units)]
        counted = [
            {"clicks": self.clicks_of(link, day), "date": f"{day.isoformat()}T00:00:00+0000"} for day in days
        ]
        return JSONResponse(
            {"link_clicks": counted, "unit": "day", "units": units, "unit_reference": reference}
        )

    def clicks_of(self, link: _Made, day: date) -> int:
        """As counted by now: nothing before the link was there, and a part of a day that is not counted to its end."""
        age = (day - link.at.date()).days
        hours = (self._clock() - datetime.combine(day, time(), UTC)).total_seconds() / 3600
        if age < 0 or hours <= 0:
            return 0
        chance = random.Random(f"{self._seed}/bitly/{link.id}/{day}")  # noqa: S311 - a world, not a secret
        whole = chance.lognormvariate(4.0, 0.5) * math.exp(-age / _DAYS_TO_FADE)
        return int(whole * min(1.0, hours / _HOURS_UNTIL_COUNTED))

    def _named(self, number: str) -> _Made | None:
        return next((link for link in self._links if link.id == number), None)


def _in_the_past(group: str, number: int, began: datetime) -> _Made:
    """Every ninth day one, the first of them today; the oldest two are archived."""
    campaign = _UTM_CAMPAIGNS[number % len(_UTM_CAMPAIGNS)]
    asked = {"utm_source": "poster", "utm_medium": "offline", "utm_campaign": campaign}
    half = f"{'lg' if group.endswith('1') else 'lj'}{number:02}"
    return _Made(
        id=f"{DOMAINS[number % 2]}/{half}",
        group=group,
        long_url=f"https://shop.example/{campaign}?{urlencode(asked)}",
        title=f"Poster {number + 1}",
        at=began - timedelta(days=DAYS_BETWEEN * number, hours=3),
        is_archived=number >= LINKS_OF_A_GROUP - 2,
    )


def _group(number: str) -> str:
    if number not in GROUPS:
        raise _Refused(403, "FORBIDDEN", "groups")
    return number


def _number(said: str) -> int:
    if not (said.isascii() and said.isdigit()):
        raise _Refused(400, "INVALID_ARG", "bitlinks")
    return int(said)


def _day_of(reference: str) -> date:
    try:
        return datetime.fromisoformat(reference).astimezone(UTC).date()
    except ValueError:
        raise _Refused(400, "INVALID_ARG_UNIT_REFERENCE", "bitlinks", field="unit_reference") from None


def _as_asked(request: Request, answer: Response) -> Response:
    """A token alone, which never ends; as a form, unless JSON is asked for by name."""
    if answer.status_code != 200:
        return answer
    issued = {**msgspec.json.decode(bytes(answer.body)), "login": "lindgruen"}
    told = {name: str(issued[name]) for name in ("access_token", "login")}
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(told)
    return Response(urlencode(told), media_type="application/x-www-form-urlencoded")


def _error(status: int, message: str, resource: str, *, field: str = "") -> Response:
    described = {
        400: "The value provided is invalid.",
        401: "The token is not valid.",
        403: "You are currently forbidden to access this resource.",
        404: "What you are looking for cannot be found.",
        429: "You have exceeded your rate limit.",
        500: "An internal error has occurred.",
    }
    body: Said = {"message": message, "resource": resource, "description": described.get(status, message)}
    if field:
        body["errors"] = [{"field": field, "error_code": "invalid"}]
    return JSONResponse(body, status_code=status)


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return _error(401, "UNAUTHORIZED", "users")
        case Fault.RATE_LIMITED:
            limited = _error(429, "RATE_LIMIT_EXCEEDED", "bitlinks")
            if trouble.hint_seconds is not None:  # Bitly gives none; whatever stands before it may
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.TOO_MUCH_DATA:
            return _error(413, "REQUEST_ENTITY_TOO_LARGE", "bitlinks")
        case _:
            return _error(500, "INTERNAL_ERROR", "bitlinks")
