"""What stands in a LinkedIn ad account: groups, which are campaigns here, their campaigns, which are ad sets, and creatives."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connectors import money, restli
from connectors.answers import measuring
from connectors.face import Level
from connectors.inventory import ListedAd, ListedAdSet, ListedCampaign, Status, distinct
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import GONE, URN, Number, account_of, listed_of
from connectors.linkedin_targeting import Criteria, Geography

_OWN = {
    "ACTIVE": Status.RUNNING,
    "PAUSED": Status.PAUSED,
    "DRAFT": Status.PAUSED,
    "COMPLETED": Status.ENDED,
}
_REVIEWED = {
    "APPROVED": Status.RUNNING,
    "PENDING": Status.IN_REVIEW,
    "NEEDS_REVIEW": Status.IN_REVIEW,
    "REJECTED": Status.REFUSED,
}
_SERVING = "RUNNABLE"
_NO_TARGET = "NONE"


class _Money(msgspec.Struct):
    amount: Decimal = Decimal(0)


class _Schedule(msgspec.Struct):
    """In milliseconds; the end is the first moment that does not belong to it."""

    start: Number | None = None
    end: Number | None = None


class _Switched(msgspec.Struct, rename="camel"):
    id: Number
    name: str | None = None
    status: str = ""
    serving_statuses: list[str] | None = None
    objective_type: str | None = None
    daily_budget: _Money | None = None
    run_schedule: _Schedule | None = None

    @property
    def why(self) -> str:
        return ", ".join(each for each in self.serving_statuses or () if each != _SERVING)

    def standing(self, now: datetime) -> Status:
        """LinkedIn leaves on what has come to its end."""
        standing = _OWN.get(self.status, Status.UNKNOWN)
        end = self.run_schedule.end if self.run_schedule else None
        is_over = end is not None and end <= now.timestamp() * 1000
        return Status.ENDED if standing is Status.RUNNING and is_over else standing


class _Campaign(_Switched, rename="camel", kw_only=True):
    campaign_group: str
    format: str | None = None
    cost_type: str | None = None
    unit_cost: _Money | None = None
    optimization_target_type: str | None = None
    offsite_delivery_enabled: bool | None = None
    connected_television_only: bool | None = None
    targeting_criteria: Criteria = msgspec.field(default_factory=Criteria)

    @property
    def group(self) -> str:
        return restli.number_of(self.campaign_group, URN[Level.CAMPAIGN], where=WHERE)

    @property
    def bid_strategy(self) -> str:
        """Without a target of LinkedIn's own, the advertiser bids for what is paid."""
        target = self.optimization_target_type
        return target if target and target != _NO_TARGET else self.cost_type or ""

    def placements(self) -> tuple[str, ...]:
        if self.connected_television_only:
            return ("connected_television",)
        match self.offsite_delivery_enabled:
            case None:
                return ()
            case False:
                return ("linkedin",)
            case True:
                return ("linkedin", "linkedin_audience_network")


class _Review(msgspec.Struct, rename="camel"):
    status: str = ""
    rejection_reasons: list[Any] | None = None
    """Their names, as far as LinkedIn says; nobody documents of what type they are."""


class _Words(msgspec.Struct, rename="camel"):
    headline: str | dict[str, Any] = ""
    description: str | dict[str, Any] = ""
    landing_page: str = ""


class _Content(msgspec.Struct, rename="camel"):
    """A post that is promoted, or the words themselves; other kinds have neither."""

    reference: str = ""
    text_ad: _Words | None = None
    spotlight: _Words | None = None

    @property
    def words(self) -> _Words:
        return self.text_ad or self.spotlight or _Words()


class _Creative(msgspec.Struct, rename="camel"):
    id: str
    campaign: str
    name: str | None = None
    intended_status: str = ""
    review: _Review | None = None
    serving_hold_reasons: list[str] | None = None
    content: _Content = msgspec.field(default_factory=_Content)

    @property
    def why(self) -> str:
        rejected = (self.review.rejection_reasons if self.review else None) or ()
        named = (reason for reason in rejected if isinstance(reason, str))
        return ", ".join(distinct((*named, *(self.serving_hold_reasons or ()))))

    def standing(self) -> tuple[Status, str]:
        """What was never switched on was never reviewed."""
        own = _OWN.get(self.intended_status, Status.UNKNOWN)
        if self.review is None:
            return own, self.intended_status
        reviewed = _REVIEWED.get(self.review.status, Status.UNKNOWN)
        if reviewed is Status.REFUSED:
            return reviewed, self.review.status
        if own is not Status.RUNNING or reviewed is Status.RUNNING:
            return own, self.intended_status
        return reviewed, self.review.status


class LinkedInInventory:
    """What one member may see of the accounts in which they have a role."""

    def __init__(self, api: LinkedInApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock

    def campaigns(self, account: str) -> Iterator[ListedCampaign]:
        account_of(self._api, account)  # the lists of an account that is not ours may be empty, and no error
        now, inside = self._clock(), defaultdict[str, list[_Campaign]](list)
        for campaign in self._campaigns(account):
            inside[campaign.group].append(campaign)
        for group in listed_of(self._api, account, Level.CAMPAIGN, _Switched, only_living=True):
            if group.status not in GONE:
                yield _campaign(group, inside[str(group.id)], now)

    def ad_sets(self, account: str) -> Iterator[ListedAdSet]:
        account_of(self._api, account)
        campaigns, now = self._campaigns(account), self._clock()
        geography = Geography(self._api, [it.targeting_criteria for it in campaigns])
        for campaign in campaigns:
            yield _ad_set(campaign, geography, now)

    def ads(self, account: str) -> Iterator[ListedAd]:
        """A creative names its campaign alone; what stands in one that is gone is gone with it."""
        account_of(self._api, account)
        campaigns = {str(campaign.id): campaign for campaign in self._campaigns(account)}
        for creative in listed_of(self._api, account, Level.AD, _Creative, only_living=True):
            number = restli.number_of(creative.campaign, URN[Level.AD_GROUP], where=WHERE)
            if number in campaigns and creative.intended_status not in GONE:
                yield _ad(creative, campaigns[number])

    def _campaigns(self, account: str) -> list[_Campaign]:
        listed = listed_of(self._api, account, Level.AD_GROUP, _Campaign, only_living=True)
        return [campaign for campaign in listed if campaign.status not in GONE]


def _campaign(group: _Switched, inside: list[_Campaign], now: datetime) -> ListedCampaign:
    """What all inside have in common is the group's; its budget is its own, or that of the one campaign inside."""
    budget = group.daily_budget or (inside[0].daily_budget if len(inside) == 1 else None)
    return ListedCampaign(
        id=str(group.id),
        name=group.name or "",
        status=group.standing(now),
        said=group.status,
        why=group.why,
        objective=group.objective_type or _common({it.objective_type or "" for it in inside}),
        bid_strategy=_common({it.bid_strategy for it in inside}),
        daily_budget=_amount(budget),
        starts_on=_first_day(group.run_schedule),
        ends_on=_last_day(group.run_schedule),
    )


def _ad_set(campaign: _Campaign, geography: Geography, now: datetime) -> ListedAdSet:
    return ListedAdSet(
        id=str(campaign.id),
        name=campaign.name or "",
        status=campaign.standing(now),
        said=campaign.status,
        why=campaign.why,
        campaign_id=campaign.group,
        audience=campaign.targeting_criteria.audience(geography),
        placements=campaign.placements(),
        bid_strategy=campaign.bid_strategy,
        highest_bid=_amount(campaign.unit_cost),
        daily_budget=_amount(campaign.daily_budget),
    )


def _ad(creative: _Creative, campaign: _Campaign) -> ListedAd:
    status, said = creative.standing()
    words = creative.content.words
    return ListedAd(
        id=restli.number_of(creative.id, URN[Level.AD], where=WHERE),
        name=creative.name or "",
        status=status,
        said=said,
        why=creative.why,
        campaign_id=campaign.group,
        ad_set_id=str(campaign.id),
        format=campaign.format or "",
        headline=_plain(words.headline),
        text=_plain(words.description),
        leads_to=words.landing_page,
        creative_id=creative.content.reference,
    )


def _plain(words: str | dict[str, Any]) -> str:
    """Some kinds of creatives choose among LinkedIn's own words, and keep theirs as `custom`."""
    if isinstance(words, str):
        return words
    custom = words.get("custom")
    return custom if isinstance(custom, str) else ""


def _common(words: set[str]) -> str:
    return words.pop() if len(words) == 1 else ""


def _amount(said: _Money | None) -> Decimal | None:
    if said is None:
        return None
    with measuring(where=WHERE):
        return money.of_minor_units(money.micros(said.amount), 6) or None


def _first_day(schedule: _Schedule | None) -> date | None:
    return _day(schedule.start) if schedule and schedule.start is not None else None


def _last_day(schedule: _Schedule | None) -> date | None:
    return _day(schedule.end - 1) if schedule and schedule.end else None


def _day(milliseconds: int) -> date:
    """LinkedIn's days are UTC's."""
    with measuring(where=WHERE):
        try:
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).date()
        except OverflowError as beyond:
            raise ValueError("a day beyond all calendars") from beyond
