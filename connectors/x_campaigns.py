"""X's campaigns: made paused, found by what their name carries, run, paused, and given another sum a day."""

from decimal import Decimal
from typing import Annotated

import msgspec

from connectors import money
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.errors import Invalid
from connectors.x_ads_api import WHERE, XAdsApi, entity_id
from connectors.x_entities import Funding, account_of, fundings_of

_ACTIVE, _PAUSED = "ACTIVE", "PAUSED"
_LONGEST_NAME = 255
_OF_LINE_ITEMS = ("until", "countries", "language", "highest_bid")

Micros = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Campaign(msgspec.Struct):
    id: str
    entity_status: str
    currency: str
    name: str | None = None
    daily_budget_amount_local_micro: Micros | None = None
    deleted: bool = False

    def now(self) -> CampaignNow:
        """Where its line items have budgets of their own, it has none."""
        micros = self.daily_budget_amount_local_micro
        return CampaignNow(
            id=self.id,
            name=self.name or "",
            is_running=self.entity_status == _ACTIVE,
            daily_budget=money.of_minor_units(micros, 6) if micros else None,
            currency=self.currency,
        )


class XCampaigns:
    """One user's word in their accounts."""

    def __init__(self, api: XAdsApi) -> None:
        self._api = api

    def campaign(self, account: str, campaign: str) -> CampaignNow:
        return self._found(_path(account, campaign)).now()

    def made_with(self, account: str, marker: str) -> CampaignNow | None:
        """X looks for beginnings of names alone, and the mark stands at the end."""
        number = entity_id(account, field="account")
        listed = self._api.listed(f"accounts/{number}/campaigns", _Campaign)
        marked = (each for each in listed if mark(marker) in (each.name or "") and not each.deleted)
        found = next(marked, None)
        return found.now() if found else None

    def check(self, account: str, wanted: NewCampaign) -> None:
        self._planned(entity_id(account, field="account"), wanted)

    def create(self, account: str, wanted: NewCampaign) -> CampaignNow:
        """Without line items it shows nothing yet: people add them at X, where they say to whom and until when."""
        number = entity_id(account, field="account")
        told = self._planned(number, wanted)
        if (there := self.made_with(number, wanted.marker)) is not None:
            return there
        return self._api.write("POST", f"accounts/{number}/campaigns", told, _Campaign).now()

    def switch(self, account: str, campaign: str, *, is_running: bool) -> None:
        self._change(_path(account, campaign), "entity_status", _ACTIVE if is_running else _PAUSED)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        path = _path(account, campaign)
        there = self._found(path)
        if not there.daily_budget_amount_local_micro:
            what = "has no daily budget of its own: its line items have, which people set at X"
            raise Invalid(what=what, where=WHERE, field="campaign")
        self._change(path, "daily_budget_amount_local_micro", _micros(amount, there.currency))

    def _found(self, path: str) -> _Campaign:
        return self._api.one(path, _Campaign)

    def _planned(self, number: str, wanted: NewCampaign) -> dict[str, str]:
        _refuse_what_line_items_decide(wanted)
        if len(wanted.marked_name) > _LONGEST_NAME:
            what = f"is longer than {_LONGEST_NAME} characters, with its mark"
            raise Invalid(what=what, where=WHERE, field="name")
        account_of(self._api, number)
        funding = self._paid_by(number)
        return {
            "funding_instrument_id": funding.id,
            "name": wanted.marked_name,
            "budget_optimization": "CAMPAIGN",
            "daily_budget_amount_local_micro": _micros(wanted.daily_budget, funding.currency),
            "entity_status": _PAUSED,
        }

    def _paid_by(self, number: str) -> Funding:
        """Whoever signs a campaign does not name who pays, so that there may be one alone."""
        able = [it for it in fundings_of(self._api, number) if it.able_to_fund and not it.deleted]
        if len(able) != 1:
            what = f"the account has {len(able)} funding instruments that could pay, and it takes one"
            raise Invalid(what=what, where=WHERE, field="account")
        return able[0]

    def _change(self, path: str, name: str, value: str) -> None:
        self._api.write("PUT", path, {name: value}, _Campaign)


def _path(account: str, campaign: str) -> str:
    number, named = entity_id(account, field="account"), entity_id(campaign, field="campaign")
    return f"accounts/{number}/campaigns/{named}"


def _refuse_what_line_items_decide(wanted: NewCampaign) -> None:
    for name in _OF_LINE_ITEMS:
        if getattr(wanted, name) not in ((), "", None):
            what = "X keeps it in a campaign's line items, where people set it"
            raise Invalid(what=what, where=WHERE, field=name)


def _micros(amount: Decimal, currency: str) -> str:
    """X takes micros of every currency, and coins of each."""
    places = money.decimals(currency)
    try:
        return str(money.minor_units(amount, places) * 10 ** (6 - places))
    except ValueError as wrong:
        raise Invalid(what=str(wrong), where=WHERE, field="daily_budget") from None
