"""TikTok's campaigns: made paused, found by what their name carries, run, paused, and given another sum a day.

They are made for traffic: from 2027 on TikTok lets nobody make campaigns by hand for sales, leads or apps. What Smart+
runs is changed at doors of its own.
"""

import hashlib
import re
from decimal import Decimal
from typing import Any

import msgspec

from connectors import money
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.answers import canonical, digits_only, measuring
from connectors.errors import ChannelError, Forbidden, Invalid, UnknownOutcome
from connectors.inventory import within_reason
from connectors.tiktok_advertisers import ENABLED, Advertiser, advertiser_of
from connectors.tiktok_api import WHERE, Page, TikTokApi
from connectors.tiktok_inventory import DAILY

LONGEST_NAME = 512

_ENABLE, _DISABLE = "ENABLE", "DISABLE"
_GONE = "CAMPAIGN_STATUS_DELETE"
_OF_AD_GROUPS = ("until", "countries", "language", "highest_bid")
_DOORS = {"UPGRADED_SMART_PLUS": "smart_plus/campaign"}
_BY_HAND = "campaign"
_CLOSED = "SMART_PLUS"


class _Campaign(msgspec.Struct):
    """`campaign_automation_type` says who runs it: people, or Smart+, of which there is an older kind."""

    campaign_id: str
    campaign_name: str = ""
    operation_status: str = ""
    secondary_status: str = ""
    budget_mode: str = ""
    budget: Decimal | None = None
    campaign_automation_type: str = ""

    @property
    def is_running(self) -> bool:
        return self.operation_status == _ENABLE

    @property
    def door(self) -> str:
        if self.campaign_automation_type == _CLOSED:
            what = "it is of the older Smart+, which is changed at TikTok alone"
            raise Invalid(what=what, where=WHERE, field="campaign")
        return _DOORS.get(self.campaign_automation_type, _BY_HAND)


class _Made(msgspec.Struct):
    campaign_id: str


class TikTokCampaigns:
    """The campaigns of the advertisers that one token may change."""

    def __init__(self, api: TikTokApi) -> None:
        self._api = api

    def now(self, account: str, campaign: str) -> CampaignNow:
        number, named = _numbers(account, campaign)
        found = self._found(number, named)
        return _standing(found, advertiser_of(self._api, number))

    def made_with(self, account: str, marker: str) -> CampaignNow | None:
        number = digits_only(account, where=WHERE)
        found = self._marked(number, marker)
        return _standing(found, advertiser_of(self._api, number)) if found else None

    def check(self, account: str, wanted: NewCampaign) -> None:
        """By its documented rules: TikTok looks through nothing without making it."""
        self._planned(digits_only(account, where=WHERE), wanted)

    def create(self, account: str, wanted: NewCampaign) -> CampaignNow:
        number = digits_only(account, where=WHERE)
        advertiser, body = self._planned(number, wanted)
        there = self._marked(number, wanted.marker)
        if there is None:
            there = self._seen(number, self._api.write("campaign/create", body, _Made).campaign_id)
        if there.is_running:
            # TikTok heeds the wish to make it paused only of those whom it has let do so.
            self._switch(number, there, _DISABLE)
            there = msgspec.structs.replace(there, operation_status=_DISABLE)
        return _standing(there, advertiser)

    def switch(self, account: str, campaign: str, *, is_running: bool) -> None:
        number, named = _numbers(account, campaign)
        self._switch(number, self._found(number, named), _ENABLE if is_running else _DISABLE)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        number, named = _numbers(account, campaign)
        found = self._found(number, named)
        if _daily_budget(found) is None:
            what = "it has no daily budget of its own: its ad groups have theirs, which people set at TikTok"
            raise Invalid(what=what, where=WHERE, field="campaign")
        budget = _sum(amount, advertiser_of(self._api, number))
        body = {"advertiser_id": number, "campaign_id": named, "budget": budget}
        self._api.write(f"{found.door}/update", body, msgspec.Raw)

    def _planned(self, number: str, wanted: NewCampaign) -> tuple[Advertiser, dict[str, Any]]:
        _require_fit(wanted)
        advertiser = advertiser_of(self._api, number)
        if advertiser.status not in ("", ENABLED):
            what = f"the advertiser is {advertiser.status} and takes no campaigns"
            raise Forbidden(what=what, where=WHERE)
        return advertiser, {
            "advertiser_id": number,
            "request_id": _request_number(number, wanted.marker),
            "campaign_name": wanted.marked_name,
            "objective_type": "TRAFFIC",
            "budget_optimize_on": True,
            "budget_mode": "BUDGET_MODE_DAY",
            "budget": _sum(wanted.daily_budget, advertiser),
            "operation_status": _DISABLE,
        }

    def _found(self, account: str, campaign: str) -> _Campaign:
        filtering = canonical({"campaign_ids": [campaign]}).decode()
        asked = {"advertiser_id": account, "filtering": filtering}
        for found in self._api.read("campaign/get", asked, Page[_Campaign]).rows:
            if found.campaign_id == campaign and found.secondary_status != _GONE:
                return found
        raise Invalid(what="there is no such campaign in the account", where=WHERE, field="campaign")

    def _seen(self, account: str, campaign: str) -> _Campaign:
        """How it stands after it was made, which is a matter of its own."""
        try:
            return self._found(account, campaign)
        except ChannelError as unseen:
            what = f"made as {campaign}, but not seen: {unseen.what}"
            raise UnknownOutcome(what=what, where=WHERE, code=unseen.code) from unseen

    def _marked(self, account: str, marker: str) -> _Campaign | None:
        """All of them are looked through: TikTok does not say how it looks for what is in brackets."""
        listed = self._api.each("campaign/get", {"advertiser_id": account}, Page[_Campaign])
        for each in within_reason(listed, where=WHERE):
            if mark(marker) in each.campaign_name and each.secondary_status != _GONE:
                return each
        return None

    def _switch(self, account: str, campaign: _Campaign, status: str) -> None:
        body = {
            "advertiser_id": account,
            "campaign_ids": [campaign.campaign_id],
            "operation_status": status,
        }
        self._api.write(f"{campaign.door}/status/update", body, msgspec.Raw)


def _numbers(account: str, campaign: str) -> tuple[str, str]:
    if not re.fullmatch(r"[0-9]{1,20}", campaign):
        raise Invalid(what="a campaign is named by its number", where=WHERE, field="campaign")
    return digits_only(account, where=WHERE), campaign


def _require_fit(wanted: NewCampaign) -> None:
    for name in _OF_AD_GROUPS:
        if getattr(wanted, name) not in ((), "", None):
            what = "TikTok keeps it in a campaign's ad groups, where people set it"
            raise Invalid(what=what, where=WHERE, field=name)
    if not wanted.name.strip() or _length(wanted.marked_name) > LONGEST_NAME:
        what = f"a name has up to {LONGEST_NAME} letters, with its mark"
        raise Invalid(what=what, where=WHERE, field="name")


def _length(name: str) -> int:
    """What is no Latin letter is counted as two, as TikTok does with Chinese and Japanese words."""
    return sum(1 if letter < "\u0250" else 2 for letter in name)


def _request_number(account: str, marker: str) -> str:
    """The same wish has the same number, by which TikTok refuses a copy that comes at once."""
    digest = hashlib.sha256(f"{account}/{marker}".encode()).digest()
    return str(int.from_bytes(digest[:7]) + 1)


def _sum(amount: Decimal, advertiser: Advertiser) -> msgspec.Raw:
    """A number in its very digits."""
    try:
        money.minor_units(amount, money.decimals(advertiser.currency))
    except ValueError as wrong:
        raise Invalid(what=str(wrong), where=WHERE, field="daily_budget") from None
    return msgspec.Raw(f"{amount:f}".encode())


def _daily_budget(found: _Campaign) -> Decimal | None:
    if found.budget_mode not in DAILY or not found.budget:
        return None
    with measuring(where=WHERE):
        return Decimal(money.micros(found.budget)).scaleb(-6)


def _standing(found: _Campaign, advertiser: Advertiser) -> CampaignNow:
    return CampaignNow(
        id=found.campaign_id,
        name=found.campaign_name,
        is_running=found.is_running,
        daily_budget=_daily_budget(found),
        currency=advertiser.currency,
    )
