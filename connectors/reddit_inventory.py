"""What stands in a Reddit ad account: campaigns, ad groups, which are ad sets here, and ads, each of which promotes a post."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from connectors import money
from connectors.days import start_of
from connectors.errors import UnexpectedAnswer
from connectors.inventory import Audience, ListedAd, ListedAdSet, ListedCampaign, Status
from connectors.reddit_accounts import GONE, Account, Micros, Moment, account_of
from connectors.reddit_api import WHERE, RedditApi
from connectors.reddit_campaigns import Campaign

_OWN = {"ACTIVE": Status.RUNNING, "PAUSED": Status.PAUSED}
_REVIEWED = {
    "PENDING_APPROVAL": Status.IN_REVIEW,
    "PROCESSING": Status.IN_REVIEW,
    "COMPLETED": Status.ENDED,
}
_REFUSED = "REJECTED"
_WHEREVER = "AUTO"
# What ends at midnight does not belong to the day that begins then.
_A_MOMENT = timedelta(seconds=1)
_COUNTRY = re.compile(r"[A-Z]{2}")


class _Ages(msgspec.Struct):
    min_age: int | None = None
    max_age: int | None = None


class _Targeting(msgspec.Struct):
    geolocations: list[str] | None = None
    excluded_geolocations: list[str] | None = None
    languages: list[str] | None = None
    age_targeting: _Ages | None = None
    custom_audience_ids: list[str] | None = None
    excluded_custom_audience_ids: list[str] | None = None
    excluded_communities: list[str] | None = None
    locations: list[str] | None = None

    def audience(self) -> Audience:
        """Communities, interests and keywords say where it is shown rather than to whom, and are not told."""
        there = self.geolocations or []
        ages = self.age_targeting or _Ages()
        return Audience(
            countries=tuple(it for it in there if _COUNTRY.fullmatch(it)),
            places=tuple(it for it in there if not _COUNTRY.fullmatch(it)),
            languages=tuple(it.lower() for it in self.languages or ()),
            youngest=ages.min_age,
            oldest=ages.max_age,
            lists=tuple(self.custom_audience_ids or ()),
            without=(
                *(self.excluded_custom_audience_ids or ()),
                *(self.excluded_geolocations or ()),
                *(self.excluded_communities or ()),
            ),
        )

    def placements(self) -> tuple[str, ...]:
        return tuple(it for it in self.locations or () if it != _WHEREVER)


class _AdGroup(msgspec.Struct):
    id: str
    campaign_id: str
    name: str | None = None
    configured_status: str | None = None
    effective_status: str | None = None
    goal_type: str | None = None
    goal_value: Micros | None = None
    bid_strategy: str | None = None
    bid_type: str | None = None
    bid_value: Micros | None = None
    is_campaign_budget_optimization: bool | None = None
    end_time: Moment | None = None
    targeting: _Targeting | None = None

    @property
    def daily_budget(self) -> Decimal | None:
        """What its campaign spreads over its ad groups is no budget of theirs."""
        is_own = self.goal_type == "DAILY_SPEND" and not self.is_campaign_budget_optimization
        return _amount(self.goal_value) if is_own else None


class _Ad(msgspec.Struct):
    id: str
    campaign_id: str
    ad_group_id: str
    name: str | None = None
    configured_status: str | None = None
    effective_status: str | None = None
    rejection_reason: str | None = None
    type: str | None = None
    click_url: str | None = None
    post_id: str | None = None


class RedditInventory:
    """What one person may see of the accounts in which they have a role."""

    def __init__(self, api: RedditApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock

    def campaigns(self, account: str) -> Iterator[ListedCampaign]:
        known, now = account_of(self._api, account), self._clock()
        for it in self._api.each(f"ad_accounts/{account}/campaigns", Campaign):
            if it.configured_status not in GONE:
                yield _campaign(it, known, now)

    def ad_sets(self, account: str) -> Iterator[ListedAdSet]:
        account_of(self._api, account)  # where an account is not ours, nobody says what its lists answer
        now = self._clock()
        for it in self._api.each(f"ad_accounts/{account}/ad_groups", _AdGroup):
            if it.configured_status not in GONE and it.effective_status not in GONE:
                yield _ad_set(it, now)

    def ads(self, account: str) -> Iterator[ListedAd]:
        account_of(self._api, account)
        for it in self._api.each(f"ad_accounts/{account}/ads", _Ad):
            if it.configured_status not in GONE and it.effective_status not in GONE:
                yield _ad(it)


def _campaign(it: Campaign, account: Account, now: datetime) -> ListedCampaign:
    status, said, why = _standing(it.configured_status, it.effective_status, it.end_time, now)
    return ListedCampaign(
        id=it.id,
        name=it.name or "",
        status=status,
        said=said,
        why=why,
        objective=it.objective or "",
        bid_strategy=it.bid_strategy or "",
        daily_budget=it.daily_budget,
        starts_on=_day(it.start_time, account),
        ends_on=_day(it.end_time, account, but=_A_MOMENT),
    )


def _ad_set(it: _AdGroup, now: datetime) -> ListedAdSet:
    status, said, why = _standing(it.configured_status, it.effective_status, it.end_time, now)
    targeting = it.targeting or _Targeting()
    return ListedAdSet(
        id=it.id,
        name=it.name or "",
        status=status,
        said=said,
        why=why,
        campaign_id=it.campaign_id,
        audience=targeting.audience(),
        placements=targeting.placements(),
        bid_strategy=it.bid_strategy or it.bid_type or "",
        highest_bid=_amount(it.bid_value),
        daily_budget=it.daily_budget,
    )


def _ad(it: _Ad) -> ListedAd:
    status, said, why = _standing(it.configured_status, it.effective_status, None, None)
    return ListedAd(
        id=it.id,
        name=it.name or "",
        status=status,
        said=said,
        why=(it.rejection_reason or "") if status is Status.REFUSED else why,
        campaign_id=it.campaign_id,
        ad_set_id=it.ad_group_id,
        format=it.type or "",
        leads_to=it.click_url or "",
        creative_id=it.post_id or "",
    )


def _standing(
    configured: str | None, effective: str | None, end: datetime | None, now: datetime | None
) -> tuple[Status, str, str]:
    """Its own, the word for it, and what else holds it back: what stands above it counts in the effective one alone."""
    own = _OWN.get(configured or "", Status.UNKNOWN)
    if effective == _REFUSED:
        return Status.REFUSED, effective, ""
    if own is not Status.RUNNING:
        return own, configured or "", ""
    if effective in _REVIEWED:
        return _REVIEWED[effective], effective, ""
    if end is not None and now is not None and end <= now:
        return Status.ENDED, configured or "", ""
    return own, configured or "", effective if effective and effective != configured else ""


def _amount(micros: int | None) -> Decimal | None:
    return money.of_minor_units(micros, 6) if micros else None


def _day(moment: datetime | None, account: Account, *, but: timedelta = timedelta()) -> date | None:
    """As the account counts its days."""
    if moment is None:
        return None
    zone = start_of(date(2026, 1, 1), account.time_zone_id, where=WHERE).tzinfo
    try:
        return (moment - but).astimezone(zone).date()
    except OverflowError as beyond:
        raise UnexpectedAnswer(what="a day beyond all calendars", where=WHERE) from beyond
