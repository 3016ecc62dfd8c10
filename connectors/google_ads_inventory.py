"""What stands in a Google Ads account: campaigns, ad groups and ads, each in one search, page by page."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from connectors import money
from connectors.answers import measuring, shaped
from connectors.google_ads_api import WHERE, GoogleAdsApi
from connectors.google_ads_audiences import Aimed, Audiences
from connectors.inventory import Audience, ListedAd, ListedAdSet, ListedCampaign, Status, distinct

_CAMPAIGNS = (
    "SELECT campaign.id, campaign.name, campaign.status, campaign.primary_status, "
    "campaign.primary_status_reasons, campaign.advertising_channel_type, campaign.bidding_strategy_type, "
    "campaign.start_date_time, campaign.end_date_time, campaign_budget.amount_micros, "
    "campaign_budget.explicitly_shared FROM campaign WHERE campaign.status != 'REMOVED' ORDER BY campaign.id"
)
_AD_GROUPS = (
    "SELECT campaign.id, campaign.bidding_strategy_type, campaign.target_spend.cpc_bid_ceiling_micros, "
    "campaign.network_settings.target_google_search, campaign.network_settings.target_search_network, "
    "campaign.network_settings.target_content_network, "
    "campaign.network_settings.target_partner_search_network, "
    "campaign.targeting_setting.target_restrictions, ad_group.id, ad_group.name, ad_group.status, "
    "ad_group.cpc_bid_micros, ad_group.cpm_bid_micros, ad_group.targeting_setting.target_restrictions "
    "FROM ad_group WHERE campaign.status != 'REMOVED' AND ad_group.status != 'REMOVED' ORDER BY ad_group.id"
)
_ADS = (
    "SELECT campaign.id, ad_group.id, ad_group_ad.status, ad_group_ad.ad.id, ad_group_ad.ad.name, "
    "ad_group_ad.ad.type, ad_group_ad.ad.final_urls, ad_group_ad.ad.responsive_search_ad.headlines, "
    "ad_group_ad.ad.responsive_search_ad.descriptions, ad_group_ad.ad.responsive_display_ad.headlines, "
    "ad_group_ad.ad.responsive_display_ad.descriptions, "
    "ad_group_ad.ad.responsive_display_ad.marketing_images, ad_group_ad.policy_summary.approval_status, "
    "ad_group_ad.policy_summary.review_status, ad_group_ad.policy_summary.policy_topic_entries "
    "FROM ad_group_ad WHERE campaign.status != 'REMOVED' AND ad_group.status != 'REMOVED' "
    "AND ad_group_ad.status != 'REMOVED' ORDER BY ad_group_ad.ad.id"
)

_OWN = {"ENABLED": Status.RUNNING, "PAUSED": Status.PAUSED}
_REVIEWED = {
    "DISAPPROVED": Status.REFUSED,
    "APPROVED": Status.RUNNING,
    "APPROVED_LIMITED": Status.RUNNING,
    "AREA_OF_INTEREST_ONLY": Status.RUNNING,
    # Nobody has decided yet.
    "": Status.RUNNING,
    "UNSPECIFIED": Status.RUNNING,
    "UNKNOWN": Status.RUNNING,
}
_UNDER_REVIEW = "REVIEW_IN_PROGRESS"

Id = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,19}$")]
Micros = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Ceiling(msgspec.Struct, rename="camel"):
    cpc_bid_ceiling_micros: Micros | None = None


class _Networks(msgspec.Struct, rename="camel"):
    target_google_search: bool = False
    target_search_network: bool = False
    target_content_network: bool = False
    target_partner_search_network: bool = False

    def chosen(self) -> tuple[str, ...]:
        return tuple(name.removeprefix("target_") for name in self.__struct_fields__ if getattr(self, name))


class _Restriction(msgspec.Struct, rename="camel"):
    targeting_dimension: str = ""
    bid_only: bool = False


class _Targeting(msgspec.Struct, rename="camel"):
    target_restrictions: list[_Restriction] = []

    @property
    def only_watches_audiences(self) -> bool:
        """Google counts them by itself then, and shows the ads to everybody else too."""
        return any(it.targeting_dimension == "AUDIENCE" and it.bid_only for it in self.target_restrictions)


class _Campaign(msgspec.Struct, rename="camel"):
    id: Id
    name: str = ""
    status: str = ""
    primary_status: str = ""
    primary_status_reasons: list[str] = []
    advertising_channel_type: str = ""
    bidding_strategy_type: str = ""
    start_date_time: str = ""
    end_date_time: str = ""
    target_spend: _Ceiling = msgspec.field(default_factory=_Ceiling)
    network_settings: _Networks = msgspec.field(default_factory=_Networks)
    targeting_setting: _Targeting = msgspec.field(default_factory=_Targeting)


class _Budget(msgspec.Struct, rename="camel"):
    amount_micros: Micros | None = None
    explicitly_shared: bool = False


class _CampaignRow(msgspec.Struct, rename="camel"):
    campaign: _Campaign
    campaign_budget: _Budget = msgspec.field(default_factory=_Budget)


class _AdGroup(msgspec.Struct, rename="camel"):
    id: Id
    name: str = ""
    status: str = ""
    cpc_bid_micros: Micros | None = None
    cpm_bid_micros: Micros | None = None
    targeting_setting: _Targeting = msgspec.field(default_factory=_Targeting)


class _AdGroupRow(msgspec.Struct, rename="camel"):
    campaign: _Campaign
    ad_group: _AdGroup


class _Text(msgspec.Struct):
    text: str = ""


class _Image(msgspec.Struct):
    asset: str = ""


class _Responsive(msgspec.Struct, rename="camel"):
    headlines: list[_Text] = []
    descriptions: list[_Text] = []
    marketing_images: list[_Image] = []


class _Ad(msgspec.Struct, rename="camel"):
    """Only some types have a name; what is said stands under the type's own."""

    id: Id
    name: str = ""
    type: str = ""
    final_urls: list[str] = []
    responsive_search_ad: _Responsive = msgspec.field(default_factory=_Responsive)
    responsive_display_ad: _Responsive = msgspec.field(default_factory=_Responsive)

    @property
    def responsive(self) -> _Responsive:
        return (
            self.responsive_search_ad if self.responsive_search_ad.headlines else self.responsive_display_ad
        )


class _Topic(msgspec.Struct):
    topic: str = ""


class _Policy(msgspec.Struct, rename="camel"):
    approval_status: str = ""
    review_status: str = ""
    policy_topic_entries: list[_Topic] = []


class _AdGroupAd(msgspec.Struct, rename="camel"):
    ad: _Ad
    status: str = ""
    policy_summary: _Policy = msgspec.field(default_factory=_Policy)


class _Named(msgspec.Struct):
    id: Id


class _AdRow(msgspec.Struct, rename="camel"):
    campaign: _Named
    ad_group: _Named
    ad_group_ad: _AdGroupAd


class Inventory:
    """What one user may see of the accounts they have."""

    def __init__(self, api: GoogleAdsApi) -> None:
        self._api = api
        self._audiences = Audiences(api)

    def campaigns(self, customer: str) -> Iterator[ListedCampaign]:
        for result in self._api.pages(customer, _CAMPAIGNS):
            yield _campaign(shaped(result, _CampaignRow, where=WHERE))

    def ad_sets(self, customer: str) -> Iterator[ListedAdSet]:
        rows = [shaped(result, _AdGroupRow, where=WHERE) for result in self._api.pages(customer, _AD_GROUPS)]
        aimed = self._audiences.of(customer) if rows else Aimed()
        for row in rows:
            yield _ad_set(row, _audience(row, aimed))

    def ads(self, customer: str) -> Iterator[ListedAd]:
        for result in self._api.pages(customer, _ADS):
            yield _ad(shaped(result, _AdRow, where=WHERE))


def _campaign(row: _CampaignRow) -> ListedCampaign:
    campaign, budget = row.campaign, row.campaign_budget
    status = _OWN.get(campaign.status, Status.UNKNOWN)
    is_on = status is Status.RUNNING
    if is_on and campaign.primary_status == "ENDED":
        status = Status.ENDED
    return ListedCampaign(
        id=campaign.id,
        name=campaign.name,
        status=status,
        said=(campaign.primary_status if is_on else "") or campaign.status,
        why=", ".join(campaign.primary_status_reasons) if is_on else "",
        objective=campaign.advertising_channel_type,
        bid_strategy=campaign.bidding_strategy_type,
        daily_budget=None if budget.explicitly_shared else _amount(budget.amount_micros),
        starts_on=_day(campaign.start_date_time),
        ends_on=_day(campaign.end_date_time),
    )


def _ad_set(row: _AdGroupRow, audience: Audience) -> ListedAdSet:
    campaign, ad_group = row.campaign, row.ad_group
    return ListedAdSet(
        id=ad_group.id,
        name=ad_group.name,
        status=_OWN.get(ad_group.status, Status.UNKNOWN),
        said=ad_group.status,
        campaign_id=campaign.id,
        audience=audience,
        placements=campaign.network_settings.chosen(),
        bid_strategy=campaign.bidding_strategy_type,
        highest_bid=_amount(_bid(row)),
    )


def _bid(row: _AdGroupRow) -> int | None:
    """What an ad group bids is kept, and means nothing, when the campaign leaves bidding to Google."""
    match row.campaign.bidding_strategy_type:
        case "MANUAL_CPC" | "ENHANCED_CPC":
            return row.ad_group.cpc_bid_micros
        case "MANUAL_CPM":
            return row.ad_group.cpm_bid_micros
        case "TARGET_SPEND":
            return row.campaign.target_spend.cpc_bid_ceiling_micros
        case _:
            return None


def _audience(row: _AdGroupRow, aimed: Aimed) -> Audience:
    """The campaign's and the ad group's own together, without the lists that only are watched."""
    return aimed.audience(
        of_campaign=row.campaign.id,
        of_ad_group=row.ad_group.id,
        campaigns_lists=not row.campaign.targeting_setting.only_watches_audiences,
        ad_groups_lists=not row.ad_group.targeting_setting.only_watches_audiences,
    )


def _ad(row: _AdRow) -> ListedAd:
    ad = row.ad_group_ad.ad
    status, said = _standing(row.ad_group_ad)
    shown = ad.responsive
    return ListedAd(
        id=ad.id,
        name=ad.name,
        status=status,
        said=said,
        why=", ".join(distinct(each.topic for each in row.ad_group_ad.policy_summary.policy_topic_entries)),
        campaign_id=row.campaign.id,
        ad_set_id=row.ad_group.id,
        format=ad.type,
        headline=" | ".join(_texts(shown.headlines)),
        text="\n".join(_texts(shown.descriptions)),
        leads_to=next(iter(ad.final_urls), ""),
        creative_id=next((each.asset.rpartition("/")[2] for each in shown.marketing_images), ""),
    )


def _standing(shown: _AdGroupAd) -> tuple[Status, str]:
    policy, own = shown.policy_summary, _OWN.get(shown.status, Status.UNKNOWN)
    reviewed = _REVIEWED.get(policy.approval_status, Status.UNKNOWN)
    if reviewed is Status.REFUSED:
        return reviewed, policy.approval_status
    if own is not Status.RUNNING:
        return own, shown.status
    if reviewed is Status.UNKNOWN:
        return reviewed, policy.approval_status
    if policy.review_status == _UNDER_REVIEW:
        return Status.IN_REVIEW, policy.review_status
    return own, shown.status


def _texts(parts: Iterable[_Text]) -> Iterator[str]:
    return (part.text for part in parts if part.text)


def _amount(micros: int | None) -> Decimal | None:
    return None if micros is None else money.of_minor_units(micros, 6)


def _day(moment: str) -> date | None:
    """Of a moment in the account's own zone, as versions from v23 on have it."""
    if not moment:
        return None
    with measuring(where=WHERE):
        return date.fromisoformat(moment[:10])
