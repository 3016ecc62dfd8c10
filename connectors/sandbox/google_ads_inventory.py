"""Ad groups, ads and criteria of the sandbox's Google Ads, a row for each."""

from collections.abc import Iterator, Mapping

from connectors.sandbox import google_ads_rows as rows
from connectors.sandbox.gaql import Row
from connectors.sandbox.google_ads_campaigns import GoogleAdsCampaigns
from connectors.sandbox.world import LISTS, Ad, AdAccount, AdGroup, Campaign, Fate

_AGES = {25: "AGE_RANGE_25_34", 35: "AGE_RANGE_35_44", 45: "AGE_RANGE_45_54"}
_STATUS = {Fate.PAUSED: "PAUSED", Fate.GONE: "REMOVED"}
_REVIEW = {
    Fate.REFUSED: ("DISAPPROVED", "REVIEWED", [{"topic": "DESTINATION_NOT_WORKING", "type": "PROHIBITED"}]),
    Fate.IN_REVIEW: ("UNKNOWN", "REVIEW_IN_PROGRESS", None),
}
_REVIEWED = ("APPROVED", "REVIEWED", None)
_NO_CRITERION: Row = {
    "location.geo_target_constant": None,
    "language.language_constant": None,
    "age_range.type": None,
}


class GoogleAdsInventory:
    """By account, in the campaigns that it belongs to."""

    def __init__(self, campaigns: GoogleAdsCampaigns) -> None:
        self._campaigns = campaigns

    def ad_groups(self, known: AdAccount) -> Iterator[Row]:
        for above, ad_group, is_gone in self._groups(known):
            yield {**above, **_ad_group(known, ad_group, is_gone=is_gone)}

    def ads(self, known: AdAccount) -> Iterator[Row]:
        for above, ad_group, is_gone in self._groups(known):
            for ad in (*ad_group.ads, *ad_group.gone):
                yield {**above, **_ad_group(known, ad_group, is_gone=is_gone), **_ad(known, ad_group, ad)}

    def campaign_criteria(self, known: AdAccount) -> Iterator[Row]:
        """Places and languages: those of the world's campaigns, and those that were told since."""
        worlds = {each.id: each for each in (*known.campaigns, *known.gone)}
        for above in self._campaigns.rows(known):
            number = str(above["campaign.id"])
            constants = (
                _constants(worlds[number]) if number in worlds else self._campaigns.targets(known, number)
            )
            for constant in constants:
                kind = "location" if constant.startswith("geo") else "language"
                field = "geo_target_constant" if kind == "location" else "language_constant"
                yield {
                    **above,
                    **_criterion(
                        f"customers/{known.id}/campaignCriteria/{number}~",
                        "campaign_criterion",
                        constant.rpartition("/")[2],
                        kind.upper(),
                        rows.name_of(constant),
                        {f"{kind}.{field}": constant},
                    ),
                }

    def ad_group_criteria(self, known: AdAccount) -> Iterator[Row]:
        for above, ad_group, is_gone in self._groups(known):
            of_group = {**above, **_ad_group(known, ad_group, is_gone=is_gone)}
            name = f"customers/{known.id}/adGroupCriteria/{ad_group.id}~"
            for at, band in enumerate(_bands(ad_group)):
                told = {"age_range.type": band}
                yield {
                    **of_group,
                    **_criterion(name, "ad_group_criterion", f"50300{at + 2}", "AGE_RANGE", band, told),
                }
            lists = [(each, False) for each in ad_group.aim.lists] + [
                (each, True) for each in ad_group.aim.without
            ]
            for named, negative in lists:
                yield {
                    **of_group,
                    **_criterion(
                        name, "ad_group_criterion", LISTS[named], "USER_LIST", named, {}, negative=negative
                    ),
                }

    def _groups(self, known: AdAccount) -> Iterator[tuple[Row, AdGroup, bool]]:
        above = {str(row["campaign.id"]): row for row in self._campaigns.rows(known)}
        for campaign in (*known.campaigns, *known.gone):
            for ad_group in campaign.ad_groups:
                yield above[campaign.id], ad_group, campaign in known.gone


def _ad_group(known: AdAccount, ad_group: AdGroup, *, is_gone: bool) -> Row:
    coin = 10 ** (6 - known.decimals)
    return {
        "ad_group.resource_name": f"customers/{known.id}/adGroups/{ad_group.id}",
        "ad_group.id": ad_group.id,
        "ad_group.name": ad_group.name,
        "ad_group.status": "REMOVED" if is_gone else "ENABLED",
        "ad_group.type": "SEARCH_STANDARD",
        "ad_group.cpc_bid_micros": str(round(ad_group.highest_bid * 1_000_000 / coin) * coin),
        "ad_group.cpm_bid_micros": None,
        "ad_group.targeting_setting.target_restrictions": [
            {"targetingDimension": "AUDIENCE", "bidOnly": False}
        ],
    }


def _ad(known: AdAccount, ad_group: AdGroup, ad: Ad) -> Row:
    approval, review, topics = _REVIEW.get(ad.fate, _REVIEWED)
    return {
        "ad_group_ad.resource_name": f"customers/{known.id}/adGroupAds/{ad_group.id}~{ad.id}",
        "ad_group_ad.status": _STATUS.get(ad.fate, "ENABLED"),
        "ad_group_ad.ad.resource_name": f"customers/{known.id}/ads/{ad.id}",
        "ad_group_ad.ad.id": ad.id,
        "ad_group_ad.ad.name": ad.name,
        "ad_group_ad.ad.type": "RESPONSIVE_SEARCH_AD",
        "ad_group_ad.ad.final_urls": [ad.leads_to],
        "ad_group_ad.ad.responsive_search_ad.headlines": [{"text": ad.headline}, {"text": "Made to last"}],
        "ad_group_ad.ad.responsive_search_ad.descriptions": [{"text": ad.text}, {"text": "Mended for free."}],
        "ad_group_ad.ad.responsive_display_ad.headlines": None,
        "ad_group_ad.ad.responsive_display_ad.descriptions": None,
        "ad_group_ad.ad.responsive_display_ad.marketing_images": None,
        "ad_group_ad.policy_summary.approval_status": approval,
        "ad_group_ad.policy_summary.review_status": review,
        "ad_group_ad.policy_summary.policy_topic_entries": topics,
    }


def _criterion(
    name: str,
    it: str,
    number: str,
    kind: str,
    display_name: str,
    told: Mapping[str, object],
    *,
    negative: bool = False,
) -> Row:
    return {
        f"{it}.resource_name": f"{name}{number}",
        f"{it}.criterion_id": number,
        f"{it}.type": kind,
        f"{it}.negative": negative,
        f"{it}.display_name": display_name,
        f"{it}.status": "ENABLED",
        **{f"{it}.{field}": value for field, value in {**_NO_CRITERION, **told}.items()},
    }


def _constants(campaign: Campaign) -> Iterator[str]:
    """What its ad groups have in common: Google keeps it for the campaign."""
    aim = campaign.ad_groups[0].aim
    yield from map(rows.country, aim.countries)
    yield from map(rows.city, aim.cities)
    yield from map(rows.language, aim.languages)


def _bands(ad_group: AdGroup) -> Iterator[str]:
    if ad_group.aim.ages:
        youngest, oldest = ad_group.aim.ages
        yield from (band for first, band in _AGES.items() if youngest <= first <= oldest)
