"""The operations that the sandbox's Google Ads takes, field by field."""

from typing import Literal

import msgspec

from connectors.sandbox.google_ads_refusals import Refused


class _Strict(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What Google has no field of this name for is no JSON of a request."""


class Budget(_Strict):
    """Shared, unless it is said not to be."""

    resource_name: str = ""
    name: str = ""
    amount_micros: int | None = None
    delivery_method: Literal["STANDARD", "ACCELERATED"] = "STANDARD"
    explicitly_shared: bool = True


class ManualCpc(_Strict):
    enhanced_cpc_enabled: bool = False


class TargetSpend(_Strict):
    cpc_bid_ceiling_micros: int | None = None


class Networks(_Strict):
    target_google_search: bool = False
    target_search_network: bool = False
    target_content_network: bool = False
    target_partner_search_network: bool = False


class Campaign(_Strict):
    """Running, unless it is said not to be."""

    resource_name: str = ""
    name: str = ""
    status: Literal["ENABLED", "PAUSED"] = "ENABLED"
    advertising_channel_type: Literal["", "SEARCH", "DISPLAY", "PERFORMANCE_MAX"] = ""
    campaign_budget: str = ""
    manual_cpc: ManualCpc | None = None
    target_spend: TargetSpend | None = None
    network_settings: Networks | None = None
    contains_eu_political_advertising: Literal[
        "", "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING", "CONTAINS_EU_POLITICAL_ADVERTISING"
    ] = ""
    end_date_time: str = ""


class Location(_Strict):
    geo_target_constant: str


class Language(_Strict):
    language_constant: str


class Criterion(_Strict):
    campaign: str = ""
    location: Location | None = None
    language: Language | None = None

    @property
    def constant(self) -> str:
        if self.location:
            return self.location.geo_target_constant
        return self.language.language_constant if self.language else ""


class BudgetOperation(_Strict):
    create: Budget | None = None
    update: Budget | None = None
    update_mask: str = ""


class CampaignOperation(_Strict):
    create: Campaign | None = None
    update: Campaign | None = None
    update_mask: str = ""


class CriterionOperation(_Strict):
    create: Criterion


class Operation(_Strict):
    """One of them."""

    campaign_budget_operation: BudgetOperation | None = None
    campaign_operation: CampaignOperation | None = None
    campaign_criterion_operation: CriterionOperation | None = None


class Mutate(_Strict):
    mutate_operations: list[Operation]
    validate_only: bool = False


def read(body: bytes) -> Mutate:
    try:
        return msgspec.json.decode(body, type=Mutate, strict=False)
    except msgspec.DecodeError as wrong:
        raise Refused(400, message=f"Invalid JSON payload received. {wrong}") from wrong
