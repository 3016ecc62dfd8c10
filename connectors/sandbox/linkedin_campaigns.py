"""What LinkedIn's ad accounts hold, as the sandbox plays it: groups, campaigns and creatives, listed, made and changed."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from connectors.face import Channel, Level
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.linkedin_answers import (
    Asked,
    Said,
    changed,
    granted,
    made,
    missing,
    page,
    wrong,
)
from connectors.sandbox.linkedin_bodies import (
    LOCATIONS,
    PLACES,
    last_day_of,
    money_of,
    name_of,
    patched,
    require_audience,
    require_kind,
    require_own,
    status_of,
)
from connectors.sandbox.linkedin_insights import URN
from connectors.sandbox.linkedin_inventory import as_creative, schedule_until, told_of
from connectors.sandbox.world import AdAccount, accounts_of

_SEARCH = re.compile(
    r"\(status:\(values:List\(([A-Z_,]+)\)\)(?:,campaignGroup:\(values:List\(([^():,]+)\)\))?\)"
)
_LIST = re.compile(r"List\(([^():]+)\)")
_LARGEST_PAGE, _LARGEST_PAGE_OF_CREATIVES = 1000, 100


@dataclass(slots=True)
class _Campaign:
    """What LinkedIn calls a campaign, inside a group, with what it was told of it."""

    id: str
    name: str
    group: str
    status: str
    daily_budget: Decimal | None
    told: Said = field(default_factory=dict)


class AdAccounts:
    """A group that holds nothing yet is no campaign of the book's: it becomes one with its first campaign."""

    def __init__(self, page_rows: int, accepted: Accepted) -> None:
        self._page_rows = page_rows
        self._book = Campaigns(Channel.LINKEDIN, accepted)
        known = accounts_of(Channel.LINKEDIN)
        self._begun: dict[str, list[Standing]] = {each.id: [] for each in known}
        self._inside = {each.id: _of_the_world(each, self._book) for each in known}

    def groups(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        statuses, _ = _searched(asked)
        groups = [_as_group(known, each) for each in self._groups(known)]
        return self._page([each for each in groups if each["status"] in statuses], asked)

    def group(self, request: Request, _: Asked) -> Said:
        known = granted(request)
        return _as_group(known, self._group(known, str(request.path_params["group"])))

    def campaigns(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        statuses, group = _searched(asked)
        campaigns = [
            _as_campaign(known, each)
            for each in self._inside[known.id]
            if each.status in statuses and group in ("", f"{URN[Level.CAMPAIGN]}{each.group}")
        ]
        return self._page(campaigns, asked)

    def creatives(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        if request.headers.get("x-restli-method") != "FINDER" or asked.get("q") != "criteria":
            raise wrong("q", "creatives are found by the FINDER named criteria")
        statuses = _listed(asked.get("intendedStatuses", ""), "intendedStatuses")
        creatives = [
            told
            for group in (*known.campaigns, *known.gone)
            for campaign in group.ad_groups
            for creative in (*campaign.ads, *campaign.gone)
            if (told := as_creative(known, group, campaign, creative))["intendedStatus"] in statuses
            or not statuses
        ]
        return page(creatives, asked, largest=_LARGEST_PAGE_OF_CREATIVES, page_rows=self._page_rows)

    def locations(self, _: Request, asked: Asked) -> Said:
        """Whatever begins like the words that were typed, or has one of these URNs."""
        if asked.get("q") == "urns":
            urns = _listed(asked.get("urns", ""), "urns")
            return {"elements": [each for each in map(_place, PLACES) if each["urn"] in urns]}
        if asked.get("q") != "typeahead" or unquote(asked.get("facet", "")) != LOCATIONS:
            raise wrong("facet", "the sandbox types ahead in locations only")
        if asked.get("queryVersion") != "QUERY_USES_URNS":
            raise wrong("queryVersion", "the sandbox knows QUERY_USES_URNS only")
        typed = unquote(asked.get("query", "")).casefold()
        found = [
            _place(number)
            for number, name in PLACES.items()
            if typed and any(part.casefold().startswith(typed) for part in name.split(", "))
        ]
        return {"paging": {"start": 0, "count": 10, "links": []}, "elements": found}

    def make_group(self, request: Request, told: Said) -> Response:
        known = granted(request)
        require_own(known, told)
        schedule = last_day_of(told)
        number = self._book.new_id()
        begun = Standing(number, name_of(told), status_of(told) == "ACTIVE", None, schedule)
        begun.more["status"] = status_of(told)
        self._begun[known.id].append(begun)
        return made(number)

    def make_campaign(self, request: Request, told: Said) -> Response:
        known = granted(request)
        require_own(known, told)
        require_kind(told)
        require_audience(told)
        money_of(known, told, "unitCost")
        last_day_of(told)
        budget = money_of(known, told, "dailyBudget")
        standing = self._group(known, str(told.get("campaignGroup", "")).removeprefix(URN[Level.CAMPAIGN]))
        campaign = _Campaign(self._book.new_id(), name_of(told), standing.id, status_of(told), budget, told)
        self._inside[known.id].append(campaign)
        if standing in self._begun[known.id]:
            self._begun[known.id].remove(standing)
            standing.budget_micros = _micros(budget)
            self._book.make(known.id, standing)
        return made(campaign.id)

    def change_group(self, request: Request, told: Said) -> Response:
        known = granted(request)
        standing = self._group(known, str(request.path_params["group"]))
        fields = patched(request, told, {"status"})
        status = status_of(fields)
        standing.more["status"] = status
        if standing in self._begun[known.id]:
            standing.is_running = status == "ACTIVE"
        else:
            self._book.switch(known.id, standing, is_running=status == "ACTIVE")
        return changed()

    def change_campaign(self, request: Request, told: Said) -> Response:
        known = granted(request)
        number = str(request.path_params["campaign"])
        campaign = next((each for each in self._inside[known.id] if each.id == number), None)
        if campaign is None:
            raise missing(f"There is no campaign {number}")
        fields = patched(request, told, {"status", "dailyBudget"})
        if "dailyBudget" in fields:
            campaign.daily_budget = money_of(known, fields, "dailyBudget")
            standing = self._group(known, campaign.group)
            self._book.set_budget(known.id, standing, _micros(campaign.daily_budget))
        if "status" in fields:
            campaign.status = status_of(fields)
        return changed()

    def _groups(self, known: AdAccount) -> list[Standing]:
        archived = [
            Standing(each.id, each.name, is_running=False, budget_micros=None, more={"status": "ARCHIVED"})
            for each in known.gone
        ]
        return [*self._book.of(known.id), *self._begun[known.id], *archived]

    def _group(self, known: AdAccount, number: str) -> Standing:
        for each in self._groups(known):
            if each.id == number:
                return each
        raise missing(f"There is no campaign group {number}")

    def _page(self, entities: list[Said], asked: Asked) -> Said:
        return page(entities, asked, largest=_LARGEST_PAGE, page_rows=self._page_rows)


def _place(number: str) -> Said:
    return {"urn": f"urn:li:geo:{number}", "facetUrn": LOCATIONS, "name": PLACES[number]}


def _listed(value: str, name: str) -> frozenset[str]:
    """What was encoded once, inside a list; nothing where nothing was asked for."""
    if not value:
        return frozenset()
    inside = _LIST.fullmatch(value)
    if inside is None:
        raise wrong(name, "Invalid value for param; wrong type or other syntax error")
    return frozenset(map(unquote, inside[1].split(",")))


def _of_the_world(known: AdAccount, book: Campaigns) -> list[_Campaign]:
    """Those that were always there share what their group spends."""
    budgets = {each.id: Decimal(each.budget_micros or 0).scaleb(-6) for each in book.of(known.id)}
    return [
        _Campaign(
            campaign.id,
            campaign.name,
            group.id,
            "ACTIVE" if group.id in budgets else "ARCHIVED",
            budgets[group.id] / len(group.ad_groups) if group.id in budgets else None,
            told_of(known, campaign),
        )
        for group in (*known.campaigns, *known.gone)
        for campaign in group.ad_groups
    ]


def _as_group(known: AdAccount, standing: Standing) -> Said:
    status = "ACTIVE" if standing.is_running else str(standing.more.get("status", "PAUSED"))
    account = f"{URN[Level.ACCOUNT]}{known.id}"
    return {
        "id": int(standing.id),
        "name": standing.name,
        "account": account,
        "status": status,
        "servingStatuses": ["RUNNABLE"] if status == "ACTIVE" else ["STOPPED"],
        "runSchedule": schedule_until(standing.until),
    }


def _as_campaign(known: AdAccount, campaign: _Campaign) -> Said:
    told: Said = {
        **campaign.told,
        "id": int(campaign.id),
        "name": campaign.name,
        "campaignGroup": f"{URN[Level.CAMPAIGN]}{campaign.group}",
        "status": campaign.status,
        "servingStatuses": ["RUNNABLE"] if campaign.status == "ACTIVE" else ["STOPPED"],
    }
    if campaign.daily_budget is not None:
        amount = f"{campaign.daily_budget:.{known.decimals}f}"
        told["dailyBudget"] = {"amount": amount, "currencyCode": known.currency}
    return told


def _searched(asked: Asked) -> tuple[frozenset[str], str]:
    """The statuses, and the URN of a group whose colons were encoded, once."""
    search = _SEARCH.fullmatch(asked.get("search", ""))
    if asked.get("q") != "search" or search is None:
        raise wrong("search", "Invalid value for param; wrong type or other syntax error")
    group = unquote(search[2] or "")
    if group and not group.startswith(URN[Level.CAMPAIGN]):
        raise wrong("search/campaignGroup", "Invalid value for param; wrong type or other syntax error")
    return frozenset(search[1].split(",")), group


def _micros(amount: Decimal) -> int:
    return int(amount.scaleb(6))
