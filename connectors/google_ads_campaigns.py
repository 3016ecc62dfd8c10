"""Google Ads' campaigns: found by number or by marker, made whole at once, and changed one thing at a time."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated

import msgspec

from connectors import gaql
from connectors import google_ads_mutates as mutates
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.answers import shaped
from connectors.errors import Duplicate, Invalid, UnexpectedAnswer, UnknownOutcome
from connectors.google_ads_api import WHERE, GoogleAdsApi, Operation

_CAMPAIGNS = (
    "SELECT campaign.id, campaign.name, campaign.status, campaign_budget.resource_name, "
    "campaign_budget.amount_micros, campaign_budget.explicitly_shared, customer.currency_code "
    "FROM campaign WHERE campaign.status != 'REMOVED'"
)
_CURRENCY = "SELECT customer.currency_code FROM customer"
_COUNTRIES = (
    "SELECT geo_target_constant.resource_name, geo_target_constant.country_code, "
    "geo_target_constant.target_type FROM geo_target_constant "
    "WHERE geo_target_constant.target_type = 'Country'"
)
_LANGUAGES = (
    "SELECT language_constant.resource_name, language_constant.code, language_constant.targetable "
    "FROM language_constant"
)

_MARKER = re.compile(r"[0-9a-z-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2}")

Micros = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Customer(msgspec.Struct, rename="camel"):
    currency_code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class _Owned(msgspec.Struct):
    customer: _Customer


class _Campaign(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,19}$")]
    name: str
    status: str


class _Budget(msgspec.Struct, rename="camel"):
    """A budget for a campaign's whole duration has no daily amount."""

    resource_name: str = ""
    amount_micros: Micros | None = None
    explicitly_shared: bool = False


class _Standing(_Owned, rename="camel"):
    campaign: _Campaign
    campaign_budget: _Budget = msgspec.field(default_factory=_Budget)

    def now(self) -> CampaignNow:
        budget = self.campaign_budget
        own = None if budget.explicitly_shared else budget.amount_micros
        return CampaignNow(
            id=self.campaign.id,
            name=self.campaign.name,
            is_running=self.campaign.status == "ENABLED",
            daily_budget=None if own is None else Decimal(own).scaleb(-6),
            currency=self.customer.currency_code,
        )


class _GeoTarget(msgspec.Struct, rename="camel"):
    resource_name: Annotated[str, msgspec.Meta(pattern="^geoTargetConstants/[0-9]{1,19}$")]
    country_code: str


class _Place(msgspec.Struct, rename="camel"):
    geo_target_constant: _GeoTarget


class _Language(msgspec.Struct, rename="camel"):
    resource_name: Annotated[str, msgspec.Meta(pattern="^languageConstants/[0-9]{1,19}$")]
    code: str
    targetable: bool = False


class _Tongue(msgspec.Struct, rename="camel"):
    language_constant: _Language


class Campaigns:
    """What one user may do about the campaigns of a customer."""

    def __init__(self, api: GoogleAdsApi) -> None:
        self._api = api

    def numbered(self, customer: str, campaign: str) -> CampaignNow:
        return self._standing(customer, campaign).now()

    def made_with(self, customer: str, marker: str) -> CampaignNow | None:
        """The oldest that carries the marker: copies that people make of it at Google carry it too."""
        if not _MARKER.fullmatch(marker):
            raise _wrong("marker", "may be small letters, digits and dashes")
        carrying = f"campaign.name LIKE {gaql.containing(mark(marker))} ORDER BY campaign.id"
        found = (each.now() for each in self._standings(customer, carrying))
        return next((now for now in found if mark(marker) in now.name), None)

    def make(self, customer: str, wanted: NewCampaign) -> CampaignNow:
        plan = mutates.creation(customer, wanted)
        if (found := self.made_with(customer, wanted.marker)) is not None:
            return found
        currency = self._currency(customer)
        try:
            names = self._api.mutate(customer, [*plan, *self._targets(customer, wanted)])
        except Duplicate:  # somebody else has made it since
            if (found := self.made_with(customer, wanted.marker)) is not None:
                return found
            raise
        return CampaignNow(
            id=_number_of(names[mutates.CAMPAIGN_AT], customer),
            name=wanted.marked_name,
            is_running=False,
            daily_budget=wanted.daily_budget,
            currency=currency,
        )

    def check(self, customer: str, wanted: NewCampaign) -> None:
        """Refused as `make` would refuse it."""
        plan = mutates.creation(customer, wanted)
        if self.made_with(customer, wanted.marker) is None:
            self._api.check(customer, [*plan, *self._targets(customer, wanted)])

    def switch(self, customer: str, campaign: str, *, on: bool) -> None:
        self._api.mutate(customer, [mutates.switching(customer, _number(campaign), on=on)])

    def set_daily_budget(self, customer: str, campaign: str, amount: Decimal) -> None:
        micros = mutates.micros(amount, "amount")
        budget = self._standing(customer, campaign).campaign_budget
        if budget.explicitly_shared:
            raise _wrong("campaign", "spends a budget that it shares with others")
        if budget.amount_micros is None:
            raise _wrong("campaign", "has no daily budget")
        if not re.fullmatch(rf"customers/{customer}/campaignBudgets/[0-9]{{1,19}}", budget.resource_name):
            raise UnexpectedAnswer(what="a budget that is not the account's own", where=WHERE)
        self._api.mutate(customer, [mutates.budgeting(budget.resource_name, micros)])

    def _standing(self, customer: str, campaign: str) -> _Standing:
        number = _number(campaign)
        found = self._standings(customer, f"campaign.id = {number}")
        standing = next((each for each in found if each.campaign.id == number), None)
        if standing is None:
            raise _wrong("campaign", "the account has no such campaign")
        return standing

    def _standings(self, customer: str, condition: str) -> Iterator[_Standing]:
        for result in self._api.search(customer, f"{_CAMPAIGNS} AND {condition}"):
            yield shaped(result, _Standing, where=WHERE)

    def _currency(self, customer: str) -> str:
        for result in self._api.search(customer, _CURRENCY):
            return shaped(result, _Owned, where=WHERE).customer.currency_code
        raise UnexpectedAnswer(what="the account says nothing of itself", where=WHERE)

    def _targets(self, customer: str, wanted: NewCampaign) -> list[Operation]:
        countries = self._countries(customer, wanted.countries) if wanted.countries else ()
        languages = self._languages(customer, wanted.language) if wanted.language else ()
        return [
            *(mutates.location(customer, constant) for constant in countries),
            *(mutates.language(customer, constant) for constant in languages),
        ]

    def _countries(self, customer: str, codes: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(codes))
        if not all(map(_COUNTRY.fullmatch, wanted)):
            raise _wrong("countries", "are named by ISO 3166-1 alpha-2")
        query = f"{_COUNTRIES} AND geo_target_constant.country_code IN {gaql.listed(wanted)}"
        found = (
            shaped(result, _Place, where=WHERE).geo_target_constant
            for result in self._api.search(customer, query)
        )
        return _all_of(wanted, {each.country_code: each.resource_name for each in found}, "countries")

    def _languages(self, customer: str, code: str) -> list[str]:
        if not _LANGUAGE.fullmatch(code):
            raise _wrong("language", "is named by ISO 639-1")
        query = f"{_LANGUAGES} WHERE language_constant.code = {gaql.text(code)}"
        found = (
            shaped(result, _Tongue, where=WHERE).language_constant
            for result in self._api.search(customer, query)
        )
        known = {each.code: each.resource_name for each in found if each.targetable}
        return _all_of([code], known, "language")


def _all_of(wanted: list[str], known: Mapping[str, str], field: str) -> list[str]:
    unknown = [code for code in wanted if code not in known]
    if unknown:
        raise _wrong(field, f"Google Ads does not know {', '.join(unknown)}")
    return [known[code] for code in wanted]


def _number(campaign: str) -> str:
    if not _NUMBER.fullmatch(campaign):
        raise _wrong("campaign", "a campaign is named by its number")
    return campaign


def _number_of(name: str, customer: str) -> str:
    """The number that Google gave to what it made; without it there is a campaign, and only looking finds it."""
    number = name.removeprefix(mutates.named(customer, ""))
    if not _NUMBER.fullmatch(number):
        raise UnknownOutcome(what=f"{name!r} is no campaign of the account", where=WHERE)
    return number


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
