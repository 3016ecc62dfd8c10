"""What the sandbox's Google Ads can be asked about, a row for each result."""

from collections.abc import Iterator

from connectors.sandbox.gaql import Row
from connectors.sandbox.performance import Served
from connectors.sandbox.world import AdAccount

_COUNTRIES = {
    "AT": "2040",
    "CH": "2756",
    "DE": "2276",
    "FR": "2250",
    "GB": "2826",
    "JP": "2392",
    "US": "2840",
}
_CITIES = {"DE": "1003854", "JP": "1009310"}
_LANGUAGES = {"de": "1001", "en": "1000", "es": "1003", "fr": "1002", "it": "1004", "ja": "1005"}

GEO_TARGETS = frozenset(
    f"geoTargetConstants/{number}" for number in (*_COUNTRIES.values(), *_CITIES.values())
)
LANGUAGES = frozenset(f"languageConstants/{number}" for number in _LANGUAGES.values())


def customer(known: AdAccount) -> Row:
    return {
        "customer.resource_name": f"customers/{known.id}",
        "customer.id": known.id,
        "customer.descriptive_name": known.name,
        "customer.currency_code": known.currency,
        "customer.time_zone": known.time_zone,
    }


def client(known: AdAccount) -> Row:
    """An account that manages nobody is the only one below itself."""
    return {
        "customer_client.resource_name": f"customers/{known.id}/customerClients/{known.id}",
        "customer_client.id": known.id,
        "customer_client.level": "0",
        "customer_client.descriptive_name": known.name,
        "customer_client.currency_code": known.currency,
        "customer_client.time_zone": known.time_zone,
        "customer_client.manager": False,
    }


def geo_targets() -> Iterator[Row]:
    for kind, places in (("Country", _COUNTRIES), ("City", _CITIES)):
        for code, number in places.items():
            yield {
                "geo_target_constant.resource_name": f"geoTargetConstants/{number}",
                "geo_target_constant.id": number,
                "geo_target_constant.country_code": code,
                "geo_target_constant.target_type": kind,
            }


def languages() -> Iterator[Row]:
    for code, number in _LANGUAGES.items():
        yield {
            "language_constant.resource_name": f"languageConstants/{number}",
            "language_constant.id": number,
            "language_constant.code": code,
            "language_constant.targetable": True,
        }


def served(known: AdAccount, row: Served) -> Row:
    """An entity's day, as reports tell of it: int64 as strings, doubles as numbers."""
    figures = row.figures
    return {
        **customer(known),
        **dict(_entities(known, row)),
        "segments.date": row.day.isoformat(),
        "metrics.impressions": str(figures.impressions),
        "metrics.clicks": str(figures.clicks),
        "metrics.cost_micros": str(figures.spend_micros),
        "metrics.conversions": float(figures.conversions),
        "metrics.conversions_value": figures.conversions_value_micros / 1_000_000,
        "metrics.view_through_conversions": str(figures.view_through_conversions),
    }


def _entities(known: AdAccount, row: Served) -> Iterator[tuple[str, object]]:
    for resource, kind, entity in (
        ("campaign", "campaigns", row.campaign),
        ("ad_group", "adGroups", row.ad_group),
        ("ad_group_ad.ad", "ads", row.ad),
    ):
        if entity:
            yield f"{resource}.resource_name", f"customers/{known.id}/{kind}/{entity.id}"
            yield f"{resource}.id", entity.id
            yield f"{resource}.name", entity.name
