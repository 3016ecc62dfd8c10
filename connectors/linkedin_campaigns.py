"""LinkedIn's campaigns, told what to do.

What the house calls a campaign is a campaign group there, and its daily budget is that of the one campaign inside.
Nothing inside serves before the group is active, so that the group's change is the one that counts.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors import money, restli
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.answers import Answer, digits_only, measuring, shaped
from connectors.errors import Invalid, UnknownOutcome
from connectors.face import Level
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import GONE, URN, Account, Number, account_of, listed_of
from connectors.linkedin_new_campaign import Plan, money_of, plan_of, require_whole

ACTIVE, PAUSED, DRAFT = "ACTIVE", "PAUSED", "DRAFT"
_GROUPS, _CAMPAIGNS = "adCampaignGroups", "adCampaigns"


class _Money(msgspec.Struct, rename="camel"):
    amount: Decimal


class _Group(msgspec.Struct):
    id: Number
    name: str | None = None
    status: str | None = None


class _Campaign(msgspec.Struct, rename="camel"):
    id: Number
    name: str | None = None
    status: str | None = None
    daily_budget: _Money | None = None


class LinkedInCampaigns:
    """One connection's word in its accounts."""

    def __init__(self, api: LinkedInApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock

    def campaign(self, account: str, campaign: str) -> CampaignNow:
        number, group = digits_only(account, where=WHERE), _campaign_number(campaign)
        known = account_of(self._api, number)
        path = f"adAccounts/{number}/{_GROUPS}/{group}"
        there = shaped(self._api.ask(path, missing=Invalid), _Group, where=WHERE)
        return _now(known, there, self._inside(number, group))

    def made_with(self, account: str, marker: str) -> CampaignNow | None:
        """A group without its campaign is not whole."""
        number = digits_only(account, where=WHERE)
        known = account_of(self._api, number)
        group = self._group_marked(number, marker)
        inside = self._inside(number, str(group.id)) if group else []
        return _now(known, group, inside) if group and _any_marked(inside, marker) else None

    def check(self, account: str, wanted: NewCampaign) -> None:
        self._planned(digits_only(account, where=WHERE), wanted)

    def create(self, account: str, wanted: NewCampaign) -> CampaignNow:
        """Two requests make it: where the second was never heard, the next attempt goes on from the first."""
        number = digits_only(account, where=WHERE)
        known, plan = self._planned(number, wanted)
        group = self._group_marked(number, wanted.marker)
        inside = self._inside(number, str(group.id)) if group else []
        group = group or self._make_group(number, plan)
        if not _any_marked(inside, wanted.marker):
            inside = [*inside, self._make_campaign(number, str(group.id), plan)]
        return _now(known, group, inside)

    def run(self, account: str, campaign: str) -> None:
        """What is inside goes first: should the group's answer be lost, nothing serves that was not to."""
        number, group = digits_only(account, where=WHERE), _campaign_number(campaign)
        living = _living(self._inside(number, group))
        if not living:
            raise Invalid(what="is not there, or holds nothing that could run", where=WHERE, field="campaign")
        if len(living) == 1 and living[0].status in (PAUSED, DRAFT):
            self._set(number, _CAMPAIGNS, str(living[0].id), {"status": ACTIVE})
        self._set(number, _GROUPS, group, {"status": ACTIVE})

    def pause(self, account: str, campaign: str) -> None:
        number, group = digits_only(account, where=WHERE), _campaign_number(campaign)
        self._set(number, _GROUPS, group, {"status": PAUSED})

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        number, group = digits_only(account, where=WHERE), _campaign_number(campaign)
        known = account_of(self._api, number)
        one = _the_one_with_a_budget(self._inside(number, group))
        if one is None:
            raise Invalid(
                what="has no one daily budget: not exactly one campaign inside has its own",
                where=WHERE,
                field="campaign",
            )
        budget = money_of(known, amount, field="daily_budget")
        self._set(number, _CAMPAIGNS, str(one.id), {"dailyBudget": budget.said})

    def _planned(self, number: str, wanted: NewCampaign) -> tuple[Account, Plan]:
        now = self._clock()
        require_whole(wanted, now.astimezone(UTC).date())
        known = account_of(self._api, number)
        return known, plan_of(self._api, known, wanted, now)

    def _group_marked(self, number: str, marker: str) -> _Group | None:
        """The oldest: whoever copies a group in LinkedIn's own pages copies its name."""
        groups = listed_of(self._api, number, Level.CAMPAIGN, _Group)
        marked = (group for group in groups if mark(marker) in (group.name or ""))
        return min(marked, key=lambda group: group.id, default=None)

    def _inside(self, number: str, group: str) -> list[_Campaign]:
        named = restli.listed([restli.urn(URN[Level.CAMPAIGN], group)])
        within = restli.record(values=named)
        return list(listed_of(self._api, number, Level.AD_GROUP, _Campaign, campaignGroup=within))

    def _make_group(self, number: str, plan: Plan) -> _Group:
        made = self._api.make(f"adAccounts/{number}/{_GROUPS}", plan.group)
        return _Group(_number_made(made), plan.name, PAUSED)

    def _make_campaign(self, number: str, group: str, plan: Plan) -> _Campaign:
        made = self._api.make(f"adAccounts/{number}/{_CAMPAIGNS}", plan.campaign_in(group))
        return _Campaign(_number_made(made), plan.name, PAUSED, _Money(plan.daily_budget.amount))

    def _set(self, number: str, kind: str, entity: str, fields: dict[str, Any]) -> None:
        self._api.change(f"adAccounts/{number}/{kind}/{entity}", fields)


def _now(account: Account, group: _Group, inside: list[_Campaign]) -> CampaignNow:
    one = _the_one_with_a_budget(inside)
    return CampaignNow(
        id=str(group.id),
        name=group.name or "",
        is_running=group.status == ACTIVE,
        daily_budget=_amount(one.daily_budget) if one and one.daily_budget else None,
        currency=account.currency,
    )


def _the_one_with_a_budget(inside: list[_Campaign]) -> _Campaign | None:
    living = _living(inside)
    return living[0] if len(living) == 1 and living[0].daily_budget else None


def _living(inside: list[_Campaign]) -> list[_Campaign]:
    return [campaign for campaign in inside if campaign.status not in GONE]


def _any_marked(inside: list[_Campaign], marker: str) -> bool:
    return any(mark(marker) in (campaign.name or "") for campaign in inside)


def _amount(said: _Money) -> Decimal:
    with measuring(where=WHERE):
        return Decimal(money.micros(said.amount)).scaleb(-6)


def _campaign_number(campaign: str) -> str:
    if not re.fullmatch(r"[0-9]{1,18}", campaign):
        raise Invalid(what="a campaign is named by its number", where=WHERE, field="campaign")
    return campaign


def _number_made(answer: Answer) -> int:
    number = answer.headers.get("x-restli-id") or answer.headers.get("x-linkedin-id", "")
    if not re.fullmatch(r"[0-9]{1,18}", number):
        raise UnknownOutcome(what="made, but its number was not told", where=WHERE)
    return int(number)
