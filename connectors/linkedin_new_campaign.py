"""A new campaign in LinkedIn's words: a campaign group, and one campaign in it that carries budget, bid and audience."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connectors import restli
from connectors.advertising import NewCampaign
from connectors.answers import shaped
from connectors.errors import Forbidden, Invalid
from connectors.face import Level
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import URN, Account

LONGEST_NAME = 255
LARGEST_AMOUNT = Decimal(10**9)
PAUSED = "PAUSED"

_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_LOCATIONS = "urn:li:adTargetingFacet:locations"
_GEO = "geo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Money as LinkedIn takes it: as many decimals as the account's currency has."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not 0 < self.amount < LARGEST_AMOUNT:
            raise ValueError("an amount is more than nothing, and less than a thousand million")
        if self.amount != round(self.amount, self._decimals):
            raise ValueError(f"{self.currency} has {self._decimals} decimals")

    def __str__(self) -> str:
        return f"{self.amount:.{self._decimals}f}"

    @property
    def said(self) -> dict[str, str]:
        return {"amount": str(self), "currencyCode": self.currency}

    @property
    def _decimals(self) -> int:
        from babel.numbers import get_currency_precision

        return get_currency_precision(self.currency)


def money_of(account: Account, amount: Decimal, *, field: str) -> Budget:
    try:
        return Budget(amount=amount, currency=account.currency)
    except (ValueError, ArithmeticError) as wrong:
        raise Invalid(what=str(wrong), where=WHERE, field=field) from wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was wanted, with all that LinkedIn has to be told beside; nothing of it is there yet."""

    account: str
    name: str
    daily_budget: Budget
    highest_bid: Budget
    locale: dict[str, str]
    locations: list[str]
    schedule: dict[str, int]

    @property
    def group(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "name": self.name,
            "status": PAUSED,
            "runSchedule": self.schedule,
        }

    def campaign_in(self, group: str) -> dict[str, Any]:
        """The bid is for a thousand impressions."""
        return {
            "account": self.account,
            "campaignGroup": restli.urn(URN[Level.CAMPAIGN], group),
            "name": self.name,
            "type": "SPONSORED_UPDATES",
            "objectiveType": "WEBSITE_VISIT",
            "format": "STANDARD_UPDATE",
            "costType": "CPM",
            "unitCost": self.highest_bid.said,
            "dailyBudget": self.daily_budget.said,
            "locale": self.locale,
            "runSchedule": self.schedule,
            "targetingCriteria": {"include": {"and": [{"or": {_LOCATIONS: self.locations}}]}},
            "audienceExpansionEnabled": False,
            "offsiteDeliveryEnabled": False,
            "creativeSelection": "OPTIMIZED",
            "politicalIntent": "NOT_POLITICAL",
            "status": PAUSED,
        }


def require_whole(wanted: NewCampaign, today: date) -> None:
    """What LinkedIn leaves to nobody has to be said; this is known before LinkedIn is asked anything."""
    if not wanted.name.strip() or len(wanted.marked_name) > LONGEST_NAME:
        raise _wrong("name", f"a name has up to {LONGEST_NAME} characters, with its mark")
    if not wanted.countries:
        raise _wrong("countries", "LinkedIn wants to know at least one country")
    if not all(map(_COUNTRY.fullmatch, wanted.countries)):
        raise _wrong("countries", "a country has two capital letters, as ISO 3166-1 names it")
    if not _LANGUAGE.fullmatch(wanted.language):
        raise _wrong("language", "LinkedIn wants to know a language, by its two letters of ISO 639-1")
    if wanted.highest_bid is None:
        raise _wrong("highest_bid", "LinkedIn wants to know the highest bid for a thousand impressions")
    if wanted.until is not None and wanted.until < today:
        raise _wrong("until", "the last day is over")


def plan_of(api: LinkedInApi, account: Account, wanted: NewCampaign, now: datetime) -> Plan:
    """Refused where something of it will not do, as far as that can be known before it is made."""
    if account.status not in (None, "ACTIVE"):
        raise Forbidden(what=f"the account is {account.status} and takes no campaigns", where=WHERE)
    assert wanted.highest_bid is not None
    return Plan(
        account=restli.urn(URN[Level.ACCOUNT], str(account.id)),
        name=wanted.marked_name,
        daily_budget=money_of(account, wanted.daily_budget, field="daily_budget"),
        highest_bid=money_of(account, wanted.highest_bid, field="highest_bid"),
        locale={"country": wanted.countries[0], "language": wanted.language},
        locations=[_location(api, country) for country in dict.fromkeys(wanted.countries)],
        schedule=_schedule(now, wanted.until),
    )


def _schedule(now: datetime, until: date | None) -> dict[str, int]:
    """The end is the first moment that does not belong to it."""
    if until is None:
        return {"start": _milliseconds(now)}
    end = datetime.combine(until + timedelta(days=1), time(), UTC)
    return {"start": _milliseconds(now), "end": _milliseconds(end)}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class _Location(msgspec.Struct):
    urn: str
    name: str = ""


class _Locations(msgspec.Struct):
    elements: list[_Location]


def _location(api: LinkedInApi, country: str) -> str:
    """LinkedIn numbers countries and knows them by their English names, beside towns and regions of like names."""
    from babel import Locale

    name = Locale("en").territories.get(country, "")
    if not name:
        raise _wrong("countries", f"{country} is no country")
    asked = {
        "q": restli.text("typeahead"),
        "queryVersion": restli.text("QUERY_USES_URNS"),
        "facet": restli.text(_LOCATIONS),
        "query": restli.text(name),
        "locale": restli.record(language=restli.text("en"), country=restli.text("US")),
    }
    offered = shaped(api.ask("adTargetingEntities", asked), _Locations, where=WHERE).elements
    found = {each.urn for each in offered if _alike(each.name, name)}
    if len(found) != 1:
        raise _wrong("countries", f"LinkedIn knows no one place that is called {name}")
    urn = found.pop()
    restli.number_of(urn, _GEO, where=WHERE)
    return urn


def _alike(offered: str, name: str) -> bool:
    return plain(offered) == plain(name)


def plain(name: str) -> str:
    """A country's name, whoever writes it."""
    return name.casefold().replace("&", "and").replace("’", "'").strip()


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
