"""What the sandbox's LinkedIn has always known of its campaigns and creatives, in LinkedIn's words."""

from datetime import UTC, date, datetime, time, timedelta

from connectors.face import Level
from connectors.sandbox.linkedin_answers import Said
from connectors.sandbox.linkedin_bodies import LOCATIONS, PLACES
from connectors.sandbox.linkedin_insights import URN
from connectors.sandbox.world import LISTS, Ad, AdAccount, AdGroup, Aim, Campaign, Fate

_FACET = "urn:li:adTargetingFacet:"
_BANDS = ((18, 24), (25, 34), (35, 54), (55, 2147483647))
_COUNTRIES = {"DE": "Germany", "AT": "Austria", "JP": "Japan"}
_LOCALES = {"de": "de_DE", "ja": "ja_JP", "en": "en_US"}
_NUMBERS = {name: number for number, name in PLACES.items()}
_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)

_STATUS = {Fate.PAUSED: "PAUSED", Fate.GONE: "ARCHIVED"}
_REVIEW = {
    Fate.IN_REVIEW: {"status": "PENDING"},
    Fate.REFUSED: {"status": "REJECTED", "rejectionReasons": ["MISLEADING_OR_FRAUDULENT"]},
}
_HELD = {Fate.PAUSED: "STOPPED", Fate.IN_REVIEW: "UNDER_REVIEW", Fate.REFUSED: "REJECTED"}


def told_of(known: AdAccount, campaign: AdGroup) -> Said:
    """As if somebody had made it here."""
    return {
        "account": f"{URN[Level.ACCOUNT]}{known.id}",
        "type": "SPONSORED_UPDATES",
        "objectiveType": "WEBSITE_VISIT",
        "format": "STANDARD_UPDATE",
        "costType": "CPC",
        "optimizationTargetType": "NONE",
        "unitCost": {
            "amount": f"{campaign.highest_bid:.{known.decimals}f}",
            "currencyCode": known.currency,
        },
        "runSchedule": schedule_until(None),
        "targetingCriteria": _criteria(campaign.aim),
        "offsiteDeliveryEnabled": not campaign.placements_are_chosen,
    }


def schedule_until(last: date | None) -> Said:
    """The end is the first moment that does not belong to it."""
    started = {"start": _milliseconds(_BEGUN)}
    if last is None:
        return started
    return {**started, "end": _milliseconds(datetime.combine(last + timedelta(days=1), time(), UTC))}


def as_creative(known: AdAccount, group: Campaign, campaign: AdGroup, creative: Ad) -> Said:
    """Of a post that is promoted; what LinkedIn holds back it says only while it does."""
    status = "ARCHIVED" if group in known.gone else _STATUS.get(creative.fate, "ACTIVE")
    told: Said = {
        "id": f"{URN[Level.AD]}{creative.id}",
        "account": f"{URN[Level.ACCOUNT]}{known.id}",
        "name": creative.name,
        "campaign": f"{URN[Level.AD_GROUP]}{campaign.id}",
        "intendedStatus": status,
        "isServing": creative.fate is Fate.SHOWN and status == "ACTIVE",
        "isTest": False,
        "content": {"reference": f"urn:li:share:7{creative.id}"},
        "review": _REVIEW.get(creative.fate, {"status": "APPROVED"}),
    }
    if creative.fate in _HELD:
        told["servingHoldReasons"] = [_HELD[creative.fate]]
    return told


def _criteria(aim: Aim) -> Said:
    places = [f"urn:li:geo:{number}" for number in _places(aim)]
    narrowed = {
        LOCATIONS: places,
        f"{_FACET}interfaceLocales": [f"urn:li:locale:{_LOCALES[code]}" for code in aim.languages],
        f"{_FACET}ageRanges": _ages(aim),
        f"{_FACET}audienceMatchingSegments": _segments(aim.lists),
    }
    criteria: Said = {"include": {"and": [{"or": {facet: urns}} for facet, urns in narrowed.items() if urns]}}
    if aim.without:
        criteria["exclude"] = {"or": {f"{_FACET}audienceMatchingSegments": _segments(aim.without)}}
    return criteria


def _places(aim: Aim) -> list[str]:
    cities = [name for name in PLACES.values() if name.partition(", ")[0] in aim.cities]
    return [_NUMBERS[name] for name in (*(_COUNTRIES[code] for code in aim.countries), *cities)]


def _ages(aim: Aim) -> list[str]:
    if aim.ages is None:
        return []
    youngest, oldest = aim.ages
    return [
        f"urn:li:ageRange:({first},{last})" for first, last in _BANDS if youngest <= first and last <= oldest
    ]


def _segments(names: tuple[str, ...]) -> list[str]:
    return [f"urn:li:adSegment:{LISTS[name]}" for name in names]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
