"""Ad groups and ads of the sandbox's TikTok, in the words and numbers of TikTok."""

from collections.abc import Iterator

from starlette.requests import Request

from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.tiktok_answers import Asked, Said, filtering, granted, listed, page
from connectors.sandbox.world import LISTS, Ad, AdAccount, AdGroup, Aim, Campaign, Fate

# As GeoNames numbers them.
_REGIONS = {
    "DE": ("2921044", "Germany", "DE", "COUNTRY"),
    "AT": ("2782113", "Austria", "AT", "COUNTRY"),
    "JP": ("1861060", "Japan", "JP", "COUNTRY"),
    "Berlin": ("2950157", "Berlin", "DE", "PROVINCE"),
    "Tokyo": ("1850144", "Tokyo", "JP", "PROVINCE"),
}
_BANDS = ((13, 17), (18, 24), (25, 34), (35, 44), (45, 54), (55, 100))
_FATES = {
    Fate.SHOWN: ("ENABLE", "AD_STATUS_DELIVERY_OK"),
    Fate.PAUSED: ("DISABLE", "AD_STATUS_DISABLE"),
    Fate.IN_REVIEW: ("ENABLE", "AD_STATUS_AUDIT"),
    Fate.REFUSED: ("ENABLE", "AD_STATUS_AUDIT_DENY"),
    Fate.GONE: ("DISABLE", "AD_STATUS_DELETE"),
}
_ALL = "STATUS_ALL"


class Inventory:
    """By account, in the campaigns that it belongs to."""

    def __init__(self, campaigns: Campaigns, page_rows: int) -> None:
        self._campaigns, self._page_rows = campaigns, page_rows

    def ad_groups(self, _: Request, asked: Asked) -> Said:
        known = granted(asked)
        rows = (
            _ad_group(above, campaign, ad_group)
            for above, campaign in self._above(known)
            for ad_group in campaign.ad_groups
        )
        return self._page(asked, rows)

    def ads(self, _: Request, asked: Asked) -> Said:
        known = granted(asked)
        rows = (
            _ad(above, campaign, ad_group, ad)
            for above, campaign in self._above(known)
            for ad_group in campaign.ad_groups
            for ad in (*ad_group.ads, *ad_group.gone)
        )
        return self._page(asked, rows)

    def regions(self, _: Request, asked: Asked) -> Said:
        granted(asked)
        listed(asked, "placements")
        return {
            "region_info": [
                {"location_id": number, "name": name, "region_code": code, "level": level}
                for number, name, code, level in _REGIONS.values()
            ]
        }

    def _page(self, asked: Asked, rows: Iterator[Said]) -> Said:
        """What was deleted comes only where all are asked for."""
        with_gone = filtering(asked).get("primary_status") == _ALL
        told = [row for row in rows if with_gone or not row["secondary_status"].endswith("_DELETE")]
        return page(asked, told, self._page_rows)

    def _above(self, known: AdAccount) -> Iterator[tuple[Standing | None, Campaign]]:
        yield from ((self._campaigns.named(known.id, each.id), each) for each in known.campaigns)
        yield from ((None, each) for each in known.gone)


def _ad_group(above: Standing | None, campaign: Campaign, ad_group: AdGroup) -> Said:
    """The campaign has the budget, so that its ad groups have none."""
    second = "DELETE" if above is None else "DELIVERY_OK" if above.is_running else "CAMPAIGN_DISABLE"
    aim = ad_group.aim
    return {
        "adgroup_id": ad_group.id,
        "adgroup_name": ad_group.name,
        "campaign_id": campaign.id,
        "campaign_name": campaign.name,
        "operation_status": "DISABLE" if above is None else "ENABLE",
        "secondary_status": f"ADGROUP_STATUS_{second}",
        "budget_mode": "BUDGET_MODE_INFINITE",
        "budget": 0.0,
        "bid_type": "BID_TYPE_CUSTOM",
        "bid_price": ad_group.highest_bid,
        "conversion_bid_price": 0.0,
        "placement_type": "PLACEMENT_TYPE_NORMAL"
        if ad_group.placements_are_chosen
        else "PLACEMENT_TYPE_AUTOMATIC",
        "placements": ["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"] if ad_group.placements_are_chosen else None,
        "location_ids": [_REGIONS[name][0] for name in (*aim.countries, *aim.cities)],
        "languages": list(aim.languages),
        "age_groups": _ages(aim),
        "audience_ids": [LISTS[name] for name in aim.lists],
        "excluded_audience_ids": [LISTS[name] for name in aim.without],
    }


def _ages(aim: Aim) -> list[str] | None:
    if aim.ages is None:
        return None
    youngest, oldest = aim.ages
    return [f"AGE_{first}_{last}" for first, last in _BANDS if youngest <= first and last <= oldest]


def _ad(above: Standing | None, campaign: Campaign, ad_group: AdGroup, ad: Ad) -> Said:
    switched, second = _FATES[ad.fate]
    if above is None:
        switched, second = _FATES[Fate.GONE]
    elif ad.fate is Fate.SHOWN and not above.is_running:
        second = "AD_STATUS_CAMPAIGN_DISABLE"
    return {
        "ad_id": ad.id,
        "ad_name": ad.name,
        "adgroup_id": ad_group.id,
        "campaign_id": campaign.id,
        "operation_status": switched,
        "secondary_status": second,
        "ad_format": "SINGLE_VIDEO",
        "display_name": ad.headline,
        "ad_text": ad.text,
        "ad_texts": None,
        "landing_page_url": ad.leads_to,
        "video_id": f"v10033g50000{ad.id}",
        "image_ids": [],
    }
