"""LinkedIn's adAnalytics as the sandbox plays it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import unquote

from starlette.requests import Request

from connectors.face import Channel, Level
from connectors.sandbox.linkedin_answers import Asked, Said, wrong
from connectors.sandbox.performance import Figures, Served, World, main_units
from connectors.sandbox.world import AdAccount, accounts_of

URN = {
    Level.ACCOUNT: "urn:li:sponsoredAccount:",
    Level.CAMPAIGN: "urn:li:sponsoredCampaignGroup:",
    Level.AD_GROUP: "urn:li:sponsoredCampaign:",
    Level.AD: "urn:li:sponsoredCreative:",
}
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
_DAY = r"\(year:(\d{4}),month:(\d{1,2}),day:(\d{1,2})\)"
_DATE_RANGE = re.compile(rf"\(start:{_DAY},end:{_DAY}\)")
_LIST = re.compile(r"List\(([^():]*)\)")
_DEFAULT_FIELDS = "impressions,clicks"
_MOST_FIELDS = 20
_MOST_ELEMENTS = 15_000


class Reports:
    """What an account's advertising did, by day."""

    def __init__(self, world: World) -> None:
        self._world = world

    def analytics(self, _: Request, asked: Asked) -> Said:
        pivot = asked.get("pivot", "")
        if asked.get("q") != "analytics" or pivot not in _PIVOTS:
            raise wrong("pivot", "the sandbox knows q=analytics by account, group, campaign and creative")
        if asked.get("timeGranularity") != "DAILY":
            raise wrong("timeGranularity", "the sandbox knows DAILY only")
        since, until = _days(asked.get("dateRange", ""))
        facets = {level: _listed(asked[name], name) for name, level in _FACETS.items() if name in asked}
        if not facets:
            raise wrong("accounts", "at least one facet is required")
        fields = asked.get("fields", _DEFAULT_FIELDS).split(",")
        if len(fields) > _MOST_FIELDS:
            raise wrong("fields", "no more than 20 metrics")
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


def _days(value: str) -> tuple[date, date]:
    match = _DATE_RANGE.fullmatch(value)
    if match is None:
        raise wrong("dateRange", "Invalid value for param; wrong type or other syntax error")
    numbers = [int(number) for number in match.groups()]
    try:
        return date(*numbers[:3]), date(*numbers[3:])
    except ValueError:
        raise wrong("dateRange", "no such day") from None


def _listed(value: str, name: str) -> frozenset[str]:
    """URNs whose colons were encoded, and encoded once."""
    match = _LIST.fullmatch(value)
    urns = frozenset(map(unquote, match[1].split(","))) if match else frozenset[str]()
    if not urns or not all(urn.startswith(URN[_FACETS[name]]) for urn in urns):
        raise wrong(name, "Invalid value for param; wrong type or other syntax error")
    return urns


def _urns(known: AdAccount, row: Served) -> Iterator[tuple[Level, str]]:
    yield Level.ACCOUNT, f"{URN[Level.ACCOUNT]}{known.id}"
    for level, entity in ((Level.CAMPAIGN, row.campaign), (Level.AD_GROUP, row.ad_group), (Level.AD, row.ad)):
        if entity:
            yield level, f"{URN[level]}{entity.id}"


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
