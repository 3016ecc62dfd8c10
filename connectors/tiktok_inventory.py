"""What stands in a TikTok ad account: its auction campaigns, their ad groups, which are ad sets here, and their ads."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec

from connectors import money
from connectors.answers import measuring
from connectors.errors import Forbidden, Invalid
from connectors.inventory import (
    Audience,
    ListedAd,
    ListedAdSet,
    ListedCampaign,
    Status,
    distinct,
)
from connectors.tiktok_api import WHERE, Page, TikTokApi

DAILY = frozenset({"BUDGET_MODE_DAY", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"})
# What is said of a thing itself; what is above it has its name in between, as in AD_STATUS_CAMPAIGN_DISABLE.
_OWN = re.compile(r"(?:CAMPAIGN|ADGROUP|AD)_STATUS_([A-Z_]+)")
_REVIEWED = {
    "AUDIT_DENY": Status.REFUSED,
    "AUDIT": Status.IN_REVIEW,
    "REAUDIT": Status.IN_REVIEW,
    "CREATE": Status.IN_REVIEW,
    "DONE": Status.ENDED,
    "TIME_DONE": Status.ENDED,
}
_PLAIN = frozenset({"", "DELIVERY_OK", "ENABLE", "DISABLE"})
_GONE = "DELETE"
_BY_HAND = "BID_TYPE_CUSTOM"
_WHEREVER = "PLACEMENT_TYPE_AUTOMATIC"
_AGES = re.compile(r"AGE_([0-9]{1,3})_([0-9]{1,3})")
_NO_END = 100
_COUNTRY = "COUNTRY"

Number = Annotated[str, msgspec.Meta(max_length=64)] | int
Amount = Decimal | None
Each = TypeVar("Each")


class _Switched(msgspec.Struct):
    operation_status: str = ""
    secondary_status: str = ""

    @property
    def own(self) -> str:
        told = _OWN.fullmatch(self.secondary_status)
        return told[1] if told else self.secondary_status

    @property
    def why(self) -> str:
        return "" if self.own in _PLAIN else self.secondary_status

    def standing(self) -> tuple[Status, str]:
        """What a review has refused is that, switched on or off."""
        reviewed = _REVIEWED.get(self.own)
        if reviewed is Status.REFUSED:
            return reviewed, self.secondary_status
        match self.operation_status:
            case "DISABLE":
                return Status.PAUSED, self.operation_status
            case "ENABLE" if reviewed:
                return reviewed, self.secondary_status
            case "ENABLE":
                return Status.RUNNING, self.operation_status
            case other:
                return Status.UNKNOWN, other


class _Campaign(_Switched, kw_only=True):
    campaign_id: Number
    campaign_name: str | None = None
    objective_type: str | None = None
    bid_type: str | None = None
    budget_mode: str | None = None
    budget: Amount = None


class _AdGroup(_Switched, kw_only=True):
    adgroup_id: Number
    campaign_id: Number
    adgroup_name: str | None = None
    budget_mode: str | None = None
    budget: Amount = None
    bid_type: str | None = None
    bid_price: Amount = None
    conversion_bid_price: Amount = None
    placement_type: str | None = None
    placements: list[str] | None = None
    location_ids: list[Number] | None = None
    excluded_location_ids: list[Number] | None = None
    languages: list[str] | None = None
    age_groups: list[str] | None = None
    audience_ids: list[Number] | None = None
    excluded_audience_ids: list[Number] | None = None

    def places(self) -> Iterator[str]:
        yield from map(str, (*(self.location_ids or ()), *(self.excluded_location_ids or ())))

    @property
    def highest_bid(self) -> Decimal | None:
        if self.bid_type != _BY_HAND:
            return None
        return _amount(self.bid_price) or _amount(self.conversion_bid_price)

    @property
    def shown_in(self) -> tuple[str, ...]:
        if self.placement_type == _WHEREVER:
            return ()
        return distinct(each.removeprefix("PLACEMENT_").lower() for each in self.placements or ())


class _Ad(_Switched, kw_only=True):
    ad_id: Number
    adgroup_id: Number
    campaign_id: Number
    ad_name: str | None = None
    ad_format: str | None = None
    display_name: str | None = None
    ad_text: str | None = None
    ad_texts: list[str] | None = None
    landing_page_url: str | None = None
    video_id: str | None = None
    image_ids: list[str] | None = None

    @property
    def shows(self) -> str:
        return self.video_id or next(iter(self.image_ids or ()), "")


class _Region(msgspec.Struct):
    """`region_code` is that of the country that it is or lies in."""

    location_id: Number
    name: str = ""
    region_code: str = ""
    level: str = ""


class _Regions(msgspec.Struct):
    region_info: list[_Region] = []


class TikTokInventory:
    """What the advertisers that one token is for have at TikTok."""

    def __init__(self, api: TikTokApi) -> None:
        self._api = api

    def campaigns(self, account: str) -> Iterator[ListedCampaign]:
        for campaign in self._listed("campaign", account, Page[_Campaign]):
            if campaign.own != _GONE:
                yield _campaign(campaign)

    def ad_sets(self, account: str) -> Iterator[ListedAdSet]:
        listed = self._listed("adgroup", account, Page[_AdGroup])
        ad_groups = [ad_group for ad_group in listed if ad_group.own != _GONE]
        regions = self._regions(account) if any(next(it.places(), "") for it in ad_groups) else {}
        for ad_group in ad_groups:
            yield _ad_set(ad_group, regions)

    def ads(self, account: str) -> Iterator[ListedAd]:
        for ad in self._listed("ad", account, Page[_Ad]):
            if ad.own != _GONE:
                yield _ad(ad)

    def _listed(self, kind: str, account: str, page: type[Page[Each]]) -> Iterator[Each]:
        """Deleted ones are left out, unless they are asked for."""
        return self._api.each(f"{kind}/get", {"advertiser_id": account}, page)

    def _regions(self, account: str) -> Mapping[str, _Region]:
        """By their numbers; a listing does not fail for want of their names."""
        asked = {
            "advertiser_id": account,
            "objective_type": "TRAFFIC",
            "placements": ["PLACEMENT_TIKTOK"],
        }
        try:
            told = self._api.read("tool/region", asked, _Regions).region_info
        except (Forbidden, Invalid):
            return {}
        return {str(each.location_id): each for each in told}


def _campaign(it: _Campaign) -> ListedCampaign:
    status, said = it.standing()
    return ListedCampaign(
        id=str(it.campaign_id),
        name=it.campaign_name or "",
        status=status,
        said=said,
        why=it.why,
        objective=it.objective_type or "",
        bid_strategy=it.bid_type or "",
        daily_budget=_daily(it.budget_mode, it.budget),
    )


def _ad_set(it: _AdGroup, regions: Mapping[str, _Region]) -> ListedAdSet:
    status, said = it.standing()
    return ListedAdSet(
        id=str(it.adgroup_id),
        name=it.adgroup_name or "",
        status=status,
        said=said,
        why=it.why,
        campaign_id=str(it.campaign_id),
        audience=_audience(it, regions),
        placements=it.shown_in,
        bid_strategy=it.bid_type or "",
        highest_bid=it.highest_bid,
        daily_budget=_daily(it.budget_mode, it.budget),
    )


def _ad(it: _Ad) -> ListedAd:
    status, said = it.standing()
    return ListedAd(
        id=str(it.ad_id),
        name=it.ad_name or "",
        status=status,
        said=said,
        why=it.why,
        campaign_id=str(it.campaign_id),
        ad_set_id=str(it.adgroup_id),
        format=it.ad_format or "",
        headline=it.display_name or "",
        text=it.ad_text or "\n".join(it.ad_texts or ()),
        leads_to=it.landing_page_url or "",
        creative_id=it.shows,
    )


def _audience(it: _AdGroup, regions: Mapping[str, _Region]) -> Audience:
    countries, places = _places(it.location_ids or (), regions)
    youngest, oldest = _ages(it.age_groups or ())
    without_countries, without_places = _places(it.excluded_location_ids or (), regions)
    return Audience(
        countries=countries,
        places=places,
        languages=distinct(it.languages or ()),
        youngest=youngest,
        oldest=oldest,
        lists=distinct(map(str, it.audience_ids or ())),
        without=distinct((*map(str, it.excluded_audience_ids or ()), *without_countries, *without_places)),
    )


def _places(
    numbers: Iterable[Number], regions: Mapping[str, _Region]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Countries by their letters, and what is finer by its name; what has no name keeps its number."""
    countries: list[str] = []
    places: list[str] = []
    for number in map(str, numbers):
        region = regions.get(number)
        if region and region.level == _COUNTRY and region.region_code:
            countries.append(region.region_code)
        else:
            places.append(region.name if region and region.name else number)
    return distinct(countries), distinct(places)


def _ages(groups: Iterable[str]) -> tuple[int | None, int | None]:
    """From the youngest to the oldest that is chosen; the last group has no end."""
    bands = [(int(found[1]), int(found[2])) for found in map(_AGES.fullmatch, groups) if found is not None]
    if not bands:
        return None, None
    oldest = max(last for _, last in bands)
    return min(first for first, _ in bands), None if oldest >= _NO_END else oldest


def _daily(mode: str | None, budget: Amount) -> Decimal | None:
    return _amount(budget) if mode in DAILY else None


def _amount(told: Amount) -> Decimal | None:
    """Nothing is said as 0."""
    if not told:
        return None
    with measuring(where=WHERE):
        return Decimal(money.micros(told)).scaleb(-6)
