"""Meta's campaigns: made paused, found by what their name carries, run, paused, and given another sum a day."""

from decimal import Decimal
from typing import Any

import msgspec

from connectors import money
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.answers import canonical, digits_only
from connectors.days import end_of
from connectors.errors import Invalid, UnknownOutcome
from connectors.meta_accounts import Account, account_of
from connectors.meta_graph import WHERE, Graph, number_of

_FIELDS = "id,name,status,daily_budget,account_id"
# Only campaigns have an objective: asked for it, the number of anything else is refused.
_FIELDS_OF_ONE = f"{_FIELDS},objective"
_GONE = frozenset({"DELETED", "ARCHIVED"})
_OF_AD_SETS = ("countries", "language", "highest_bid")


class _Campaign(msgspec.Struct):
    id: str
    name: str
    status: str
    account_id: str
    daily_budget: int | None = None
    """In the smallest unit of the account's currency; absent or 0 where the ad sets have budgets of their own."""


class _Made(msgspec.Struct):
    id: str


class _Done(msgspec.Struct):
    success: bool


class Campaigns:
    """The campaigns of the accounts that one token may change."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def now(self, account: str, campaign: str) -> CampaignNow:
        number, named = _numbers(account, campaign)
        found = self._found(number, named)
        return _standing(found, account_of(self._graph, number))

    def made_with(self, account: str, marker: str) -> CampaignNow | None:
        return self._made_with(digits_only(account, where=WHERE), marker)

    def create(self, account: str, wanted: NewCampaign) -> CampaignNow:
        number = digits_only(account, where=WHERE)
        _refuse_what_ad_sets_decide(wanted)
        if (there := self._made_with(number, wanted.marker)) is not None:
            return there
        paid_by = account_of(self._graph, number)
        made = self._graph.write(f"act_{number}/campaigns", _form(wanted, paid_by), _Made)
        return CampaignNow(
            id=made.id,
            name=wanted.marked_name,
            is_running=False,
            daily_budget=wanted.daily_budget,
            currency=paid_by.currency,
        )

    def check(self, account: str, wanted: NewCampaign) -> None:
        number = digits_only(account, where=WHERE)
        _refuse_what_ad_sets_decide(wanted)
        form = _form(wanted, account_of(self._graph, number))
        dry = {**form, "execution_options": '["validate_only"]'}
        self._graph.prepare(f"act_{number}/campaigns", dry, dict[str, Any])

    def switch(self, account: str, campaign: str, *, is_running: bool) -> None:
        number, named = _numbers(account, campaign)
        self._found(number, named)
        self._change(named, "status", "ACTIVE" if is_running else "PAUSED")

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        number, named = _numbers(account, campaign)
        if not self._found(number, named).daily_budget:
            what = "its ad sets have budgets of their own, which people set at Meta"
            raise Invalid(what=what, where=WHERE, field="campaign")
        self._change(named, "daily_budget", _coins(amount, account_of(self._graph, number)))

    def _found(self, account: str, campaign: str) -> _Campaign:
        found = self._graph.read(campaign, {"fields": _FIELDS_OF_ONE}, _Campaign)
        if found.account_id != account or found.status in _GONE:
            raise Invalid(what="there is no such campaign in the account", where=WHERE, field="campaign")
        return found

    def _made_with(self, account: str, marker: str) -> CampaignNow | None:
        """Meta looks for something like it; what is meant carries the very mark."""
        alike = canonical([{"field": "name", "operator": "CONTAIN", "value": mark(marker)}]).decode()
        asked = {"fields": _FIELDS, "filtering": alike}
        for each in self._graph.each(f"act_{account}/campaigns", asked, _Campaign):
            if mark(marker) in each.name and each.status not in _GONE:
                return _standing(each, account_of(self._graph, account))
        return None

    def _change(self, campaign: str, name: str, value: str) -> None:
        if not self._graph.write(campaign, {name: value}, _Done).success:
            raise UnknownOutcome(what="Meta does not say that it was done", where=WHERE)


def _numbers(account: str, campaign: str) -> tuple[str, str]:
    return digits_only(account, where=WHERE), number_of(campaign, field="campaign")


def _refuse_what_ad_sets_decide(wanted: NewCampaign) -> None:
    for name in _OF_AD_SETS:
        if getattr(wanted, name) not in ((), "", None):
            what = "Meta keeps it in a campaign's ad sets, where people set it"
            raise Invalid(what=what, where=WHERE, field=name)


def _form(wanted: NewCampaign, account: Account) -> dict[str, str]:
    form = {
        "name": wanted.marked_name,
        "objective": "OUTCOME_TRAFFIC",
        "status": "PAUSED",
        "special_ad_categories": "[]",
        "daily_budget": _coins(wanted.daily_budget, account),
    }
    if wanted.until is not None:
        form["stop_time"] = end_of(wanted.until, account.timezone_name, where=WHERE).isoformat()
    return form


def _coins(amount: Decimal, account: Account) -> str:
    try:
        return str(money.minor_units(amount, account.decimals))
    except ValueError as wrong:
        raise Invalid(what=str(wrong), where=WHERE, field="daily_budget") from None


def _standing(found: _Campaign, account: Account) -> CampaignNow:
    budget = money.of_minor_units(found.daily_budget, account.decimals) if found.daily_budget else None
    return CampaignNow(
        id=found.id,
        name=found.name,
        is_running=found.status == "ACTIVE",
        daily_budget=budget,
        currency=account.currency,
    )
