"""Ad sets and ads of the sandbox's Meta, in the fields that are asked for."""

from collections.abc import Iterator

from starlette.routing import Route

from connectors.sandbox.campaigns import Standing
from connectors.sandbox.meta_campaigns import MetaCampaigns, granted
from connectors.sandbox.meta_graph import Asked, Door, Refused, Said, chosen, page, wanted_statuses
from connectors.sandbox.world import LISTS, Ad, AdAccount, AdGroup, Aim, Campaign, Fate

_LANGUAGES = {"de": (5, "German"), "ja": (11, "Japanese"), "en": (24, "English (UK)")}
_CITIES = {"Berlin": ("622168", "DE"), "Tokyo": ("1172205", "JP")}
_CHOSEN_PLACEMENTS: Said = {
    "publisher_platforms": ["facebook", "instagram", "audience_network"],
    "facebook_positions": ["feed", "story"],
    "instagram_positions": ["stream"],
}
_IN_EFFECT = {
    Fate.PAUSED: "PAUSED",
    Fate.IN_REVIEW: "PENDING_REVIEW",
    Fate.REFUSED: "DISAPPROVED",
    Fate.GONE: "ARCHIVED",
}
_STATUS = {Fate.PAUSED: "PAUSED", Fate.GONE: "ARCHIVED"}
_FEEDBACK = {
    "global": {"MISLEADING_CLAIMS": "Ads must not promise what nobody can keep."},
    "placement_specific": {"instagram": {"TEXT_IN_IMAGE": "The picture holds too much text."}},
}


class MetaInventory:
    """By account, in the campaigns that it belongs to."""

    def __init__(self, campaigns: MetaCampaigns, page_rows: int) -> None:
        self._campaigns, self._page_rows = campaigns, page_rows

    def routes(self, door: Door) -> list[Route]:
        return [
            door.route("/act_{number:int}/adsets", self._ad_sets),
            door.route("/act_{number:int}/ads", self._ads),
            door.route("/search", self._locales),
        ]

    def _ad_sets(self, asked: Asked) -> Said:
        known = granted(asked)
        rows = (
            _ad_set(known, above, campaign, ad_group)
            for above, campaign in self._above(known)
            for ad_group in campaign.ad_groups
        )
        return self._page(asked, rows, "campaign")

    def _ads(self, asked: Asked) -> Said:
        known = granted(asked)
        rows = (
            _ad(known, above, campaign, ad_group, ad)
            for above, campaign in self._above(known)
            for ad_group in campaign.ad_groups
            for ad in (*ad_group.ads, *ad_group.gone)
        )
        return self._page(asked, rows, "creative")

    def _page(self, asked: Asked, rows: Iterator[Said], within: str) -> Said:
        """The fields of one thing within are chosen as well; what is gone comes only where its status is asked for."""
        statuses, inner = wanted_statuses(asked), asked.fields_of(within) | {"id"}
        told = [
            chosen({**row, within: chosen(row[within], inner)}, asked.fields() | {"id"})
            for row in rows
            if statuses.are_wanted(row["effective_status"])
        ]
        return page(asked, told, self._page_rows)

    def _locales(self, asked: Asked) -> Said:
        if asked.required("type") != "adlocale":
            raise Refused(400, 100, "(#100) the sandbox searches languages only")
        typed = asked.get("q").lower()
        rows = [{"key": key, "name": name} for key, name in _LANGUAGES.values() if typed in name.lower()]
        return {"data": rows}

    def _above(self, known: AdAccount) -> Iterator[tuple[Standing | None, Campaign]]:
        yield from ((self._campaigns.named(known, each.id), each) for each in known.campaigns)
        yield from ((None, each) for each in known.gone)


def _ad_set(known: AdAccount, above: Standing | None, campaign: Campaign, ad_group: AdGroup) -> Said:
    """The campaign has the budget, so that its ad sets have none."""
    in_effect = "ARCHIVED" if above is None else "ACTIVE" if above.is_running else "CAMPAIGN_PAUSED"
    return {
        "id": ad_group.id,
        "name": ad_group.name,
        "account_id": known.id,
        "campaign_id": campaign.id,
        "status": "ARCHIVED" if above is None else "ACTIVE",
        "effective_status": in_effect,
        "daily_budget": "0",
        "bid_amount": round(ad_group.highest_bid * 10**known.decimals),
        "targeting": _targeting(ad_group.aim)
        | (_CHOSEN_PLACEMENTS if ad_group.placements_are_chosen else {}),
        "campaign": {"id": campaign.id, "name": campaign.name, "bid_strategy": "LOWEST_COST_WITH_BID_CAP"},
    }


def _targeting(aim: Aim) -> Said:
    youngest, oldest = aim.ages or (18, 65)
    told: Said = {
        "age_min": youngest,
        "age_max": oldest,
        "geo_locations": {
            "countries": [*aim.countries],
            "location_types": ["home", "recent"],
            **({"cities": [_city(name) for name in aim.cities]} if aim.cities else {}),
        },
        "locales": [_LANGUAGES[code][0] for code in aim.languages],
        "targeting_automation": {"advantage_audience": 0},
    }
    for name, lists in (("custom_audiences", aim.lists), ("excluded_custom_audiences", aim.without)):
        if lists:
            told[name] = [{"id": LISTS[each], "name": each} for each in lists]
    return told


def _city(name: str) -> Said:
    key, country = _CITIES[name]
    return {"key": key, "name": name, "country": country, "radius": 25, "distance_unit": "kilometer"}


def _ad(known: AdAccount, above: Standing | None, campaign: Campaign, ad_group: AdGroup, ad: Ad) -> Said:
    in_effect = _IN_EFFECT.get(ad.fate, "ACTIVE")
    if above is None:
        in_effect = "ARCHIVED"
    elif in_effect == "ACTIVE" and not above.is_running:
        in_effect = "CAMPAIGN_PAUSED"
    story = {"message": ad.text, "name": ad.headline, "link": ad.leads_to}
    return {
        "id": ad.id,
        "name": ad.name,
        "account_id": known.id,
        "campaign_id": campaign.id,
        "adset_id": ad_group.id,
        "status": "ARCHIVED" if above is None else _STATUS.get(ad.fate, "ACTIVE"),
        "effective_status": in_effect,
        "ad_review_feedback": _FEEDBACK if ad.fate is Fate.REFUSED else None,
        "creative": {
            "id": f"9{ad.id}",
            "object_type": "SHARE",
            "title": ad.headline,
            "body": ad.text,
            "object_story_spec": {"page_id": "333000111", "link_data": story},
        },
    }
