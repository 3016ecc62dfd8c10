"""What the sandbox's Google Ads can be asked about, a row for each result."""

from collections.abc import Iterator
from datetime import date

from connectors.sandbox import google_ads_operations as operations
from connectors.sandbox.campaigns import Standing
from connectors.sandbox.gaql import Row
from connectors.sandbox.performance import Served
from connectors.sandbox.world import AdAccount

_COUNTRIES = {
    "AT": ("2040", "Austria"),
    "CH": ("2756", "Switzerland"),
    "DE": ("2276", "Germany"),
    "FR": ("2250", "France"),
    "GB": ("2826", "United Kingdom"),
    "JP": ("2392", "Japan"),
    "US": ("2840", "United States"),
}
_CITIES = {"DE": ("1003854", "Berlin"), "JP": ("1009310", "Tokyo")}
_LANGUAGES = {"de": "1001", "en": "1000", "es": "1003", "fr": "1002", "it": "1004", "ja": "1005"}

_NAMES = {
    f"geoTargetConstants/{number}": name for number, name in (*_COUNTRIES.values(), *_CITIES.values())
} | {f"languageConstants/{number}": code for code, number in _LANGUAGES.items()}

_USUAL = operations.Campaign(
    advertising_channel_type="SEARCH",
    network_settings=operations.Networks(target_google_search=True, target_search_network=True),
)

GEO_TARGETS = frozenset(
    f"geoTargetConstants/{number}" for number, _ in (*_COUNTRIES.values(), *_CITIES.values())
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


def campaign(
    known: AdAccount, standing: Standing, budget: str, micros: int, today: date, *, is_shared: bool
) -> Row:
    """Where nothing was told of it, clicks of Google's own search are bid for by hand."""
    told = standing.more.get("told")
    wanted = told if isinstance(told, operations.Campaign) else _USUAL
    networks = wanted.network_settings or operations.Networks()
    ceiling = wanted.target_spend.cpc_bid_ceiling_micros if wanted.target_spend else None
    is_over = standing.until is not None and standing.until < today
    primary = ("ENDED" if is_over else "ELIGIBLE") if standing.is_running else "PAUSED"
    return {
        **customer(known),
        "campaign.resource_name": f"customers/{known.id}/campaigns/{standing.id}",
        "campaign.id": standing.id,
        "campaign.name": standing.name,
        "campaign.status": "ENABLED" if standing.is_running else "PAUSED",
        "campaign.primary_status": primary,
        "campaign.primary_status_reasons": [] if primary == "ELIGIBLE" else [f"CAMPAIGN_{primary}"],
        "campaign.advertising_channel_type": wanted.advertising_channel_type,
        "campaign.bidding_strategy_type": "TARGET_SPEND" if wanted.target_spend else "MANUAL_CPC",
        "campaign.target_spend.cpc_bid_ceiling_micros": None if ceiling is None else str(ceiling),
        **{
            f"campaign.network_settings.{name}": getattr(networks, name)
            for name in networks.__struct_fields__
        },
        "campaign.targeting_setting.target_restrictions": None,
        "campaign.start_date_time": "2026-01-01 00:00:00",
        "campaign.end_date_time": f"{standing.until} 23:59:59" if standing.until else None,
        "campaign_budget.resource_name": f"customers/{known.id}/campaignBudgets/{budget}",
        "campaign_budget.amount_micros": str(micros),
        "campaign_budget.explicitly_shared": is_shared,
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


def country(code: str) -> str:
    return f"geoTargetConstants/{_COUNTRIES[code][0]}"


def city(name: str) -> str:
    [number] = (number for number, known in _CITIES.values() if known == name)
    return f"geoTargetConstants/{number}"


def language(code: str) -> str:
    return f"languageConstants/{_LANGUAGES[code]}"


def name_of(constant: str) -> str:
    return _NAMES[constant]


def geo_targets() -> Iterator[Row]:
    for kind, places in (("Country", _COUNTRIES), ("City", _CITIES)):
        for code, (number, name) in places.items():
            country = _COUNTRIES[code][1]
            yield {
                "geo_target_constant.resource_name": f"geoTargetConstants/{number}",
                "geo_target_constant.id": number,
                "geo_target_constant.country_code": code,
                "geo_target_constant.target_type": kind,
                "geo_target_constant.name": name,
                "geo_target_constant.canonical_name": name if kind == "Country" else f"{name},{country}",
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
