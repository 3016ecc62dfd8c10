"""Rows of what stands in an ad account, each with no more said than the test is about."""

from decimal import Decimal
from typing import Any

from store.records.ads import Showing

EVERYBODY: dict[str, Any] = {}


def campaign(external_id: str, **said: Any) -> dict[str, Any]:
    of_campaigns = {
        "objective": "",
        "bid_strategy": "",
        "daily_budget": Decimal(40),
        "starts_on": None,
        "ends_on": None,
    }
    return _common(external_id) | of_campaigns | said


def ad_set(external_id: str, inside: str, **said: Any) -> dict[str, Any]:
    of_ad_sets = {
        "campaign": inside,
        "audience": EVERYBODY,
        "placements": [],
        "bid_strategy": "",
        "highest_bid": None,
        "daily_budget": None,
    }
    return _common(external_id) | of_ad_sets | said


def ad(external_id: str, inside: str, **said: Any) -> dict[str, Any]:
    of_ads = {"format": "", "headline": "", "text": "", "leads_to": "", "creative_id": ""}
    return _common(external_id) | {"ad_set": inside} | of_ads | said


def _common(external_id: str) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "name": f"Name of {external_id}",
        "status": Showing.RUNNING,
        "said": "",
        "why": "",
    }
