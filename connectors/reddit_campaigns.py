"""Reddit's campaigns, told what to do: made paused with a budget of their own, found by what their name carries."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connectors import money
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.days import end_of
from connectors.errors import Forbidden, Invalid, UnknownOutcome
from connectors.reddit_accounts import GONE, Account, Micros, Moment, account_named, account_of, number_of
from connectors.reddit_api import WHERE, RedditApi

_DAILY = "DAILY_SPEND"
_SHORTEST_NAME = 3
_OF_AD_GROUPS = ("countries", "language", "highest_bid")


class Campaign(msgspec.Struct):
    """`goal_value` is its budget where it has one of its own, which its ad groups share (`is_campaign_budget_optimization`)."""

    id: str
    ad_account_id: str = ""
    name: str | None = None
    configured_status: str = ""
    effective_status: str | None = None
    objective: str | None = None
    is_campaign_budget_optimization: bool | None = None
    goal_type: str | None = None
    goal_value: Micros | None = None
    bid_strategy: str | None = None
    start_time: Moment | None = None
    end_time: Moment | None = None

    @property
    def daily_budget(self) -> Decimal | None:
        if not self.is_campaign_budget_optimization or self.goal_type != _DAILY or not self.goal_value:
            return None
        return money.of_minor_units(self.goal_value, 6)


class _FundingInstrument(msgspec.Struct):
    id: str
    is_servable: bool = True


class _Pixel(msgspec.Struct):
    id: str


class RedditCampaigns:
    """One connection's word in its accounts."""

    def __init__(self, api: RedditApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock

    def now(self, account: str, campaign: str) -> CampaignNow:
        found = self._found(account, campaign)
        return _standing(found, account_of(self._api, account))

    def made_with(self, account: str, marker: str) -> CampaignNow | None:
        """The oldest: whoever copies a campaign in Reddit's own pages copies its name."""
        listed = self._api.each(f"ad_accounts/{account_named(account)}/campaigns", Campaign)
        marked = [it for it in listed if mark(marker) in (it.name or "") and it.configured_status not in GONE]
        if not marked:
            return None
        oldest = min(marked, key=lambda it: (len(it.id), it.id))
        return _standing(oldest, account_of(self._api, account))

    def check(self, account: str, wanted: NewCampaign) -> None:
        """As far as Reddit says beforehand: it makes nothing on trial."""
        self._planned(account_of(self._api, account), wanted)

    def create(self, account: str, wanted: NewCampaign) -> CampaignNow:
        _refuse_what_ad_groups_decide(wanted)
        if (there := self.made_with(account, wanted.marker)) is not None:
            return there
        known = account_of(self._api, account)
        made = self._api.make(f"ad_accounts/{account}/campaigns", self._planned(known, wanted), Campaign)
        return CampaignNow(
            id=made.id,
            name=wanted.marked_name,
            is_running=False,
            daily_budget=wanted.daily_budget,
            currency=known.currency,
        )

    def switch(self, account: str, campaign: str, *, is_running: bool) -> None:
        found = self._found(account, campaign)
        status = "ACTIVE" if is_running else "PAUSED"
        changed = self._api.change(f"campaigns/{found.id}", {"configured_status": status}, Campaign)
        if changed.configured_status != status:
            raise UnknownOutcome(what="Reddit does not say that it was done", where=WHERE)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        found = self._found(account, campaign)
        if found.daily_budget is None:
            what = "has no daily budget of its own: its ad groups have, or it is one for good, which people set at Reddit"
            raise Invalid(what=what, where=WHERE, field="campaign")
        goal = _micros(amount, account_of(self._api, account))
        changed = self._api.change(f"campaigns/{found.id}", {"goal_value": goal}, Campaign)
        if changed.goal_value != goal:
            raise UnknownOutcome(what="Reddit does not say that it was done", where=WHERE)

    def _found(self, account: str, campaign: str) -> Campaign:
        """Named without its account, so that whose it is has to be looked at."""
        account_named(account)
        number = number_of(campaign, field="campaign")
        found = self._api.one(f"campaigns/{number}", Campaign, missing=Invalid)
        if found.id != number or found.ad_account_id != account or found.configured_status in GONE:
            raise Invalid(what="there is no such campaign in the account", where=WHERE, field="campaign")
        return found

    def _planned(self, account: Account, wanted: NewCampaign) -> dict[str, Any]:
        _refuse_what_ad_groups_decide(wanted)
        if len(wanted.name) < _SHORTEST_NAME:
            raise Invalid(what=f"has fewer than {_SHORTEST_NAME} letters", where=WHERE, field="name")
        plan: dict[str, Any] = {
            "name": wanted.marked_name,
            "configured_status": "PAUSED",
            "objective": "CLICKS",
            "is_campaign_budget_optimization": True,
            "goal_type": _DAILY,
            "goal_value": _micros(wanted.daily_budget, account),
            "bid_strategy": "BIDLESS",
            "bid_type": "CPC",
        }
        if wanted.until is not None:
            last = end_of(wanted.until, account.time_zone_id, where=WHERE)
            starts = self._clock().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            starts += timedelta(hours=1)
            if last <= starts:
                raise Invalid(what="is over before it could begin", where=WHERE, field="until")
            # An end without a beginning is refused.
            plan |= {"start_time": starts.isoformat(), "end_time": last.isoformat()}
        return plan | self._named(account.id)

    def _named(self, account: str) -> dict[str, str]:
        """What pays and what counts, where there is nothing to choose: which of several it is, a person says at Reddit."""
        paying = [
            it for it in self._all(account, "funding_instruments", _FundingInstrument) if it.is_servable
        ]
        pixels = self._all(account, "pixels", _Pixel)
        named = (("funding_instrument_id", paying), ("conversion_pixel_id", pixels))
        return {name: found[0].id for name, found in named if len(found) == 1}

    def _all(self, account: str, kind: str, shape: type[Any]) -> list[Any]:
        """Whoever may make campaigns need not see these; then Reddit says what is missing."""
        try:
            return list(self._api.each(f"ad_accounts/{account}/{kind}", shape))
        except (Forbidden, Invalid):
            return []


def _refuse_what_ad_groups_decide(wanted: NewCampaign) -> None:
    for name in _OF_AD_GROUPS:
        if getattr(wanted, name) not in ((), "", None):
            what = "Reddit keeps it in a campaign's ad groups, where people set it"
            raise Invalid(what=what, where=WHERE, field=name)


def _micros(amount: Decimal, account: Account) -> int:
    try:
        coins = money.minor_units(amount, money.decimals(account.currency))
    except ValueError as wrong:
        raise Invalid(what=str(wrong), where=WHERE, field="daily_budget") from None
    return coins * money.smallest_unit(account.currency)


def _standing(found: Campaign, account: Account) -> CampaignNow:
    return CampaignNow(
        id=found.id,
        name=found.name or "",
        is_running=found.configured_status == "ACTIVE",
        daily_budget=found.daily_budget,
        currency=account.currency,
    )
