"""Google Ads: insights by searchStream, what stands in an account by search, campaigns by mutate, and conversions by upload."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Self

import msgspec

from connectors import google_ads_conversions, google_ads_insights, google_sign_in
from connectors.advertising import CampaignNow, NewCampaign
from connectors.answers import credentials_as, digits_only, shaped
from connectors.budgets import DAY, CallBudget, in_path
from connectors.conversions import Conversion, ConversionTarget, Reported
from connectors.days import require_window
from connectors.errors import Scope
from connectors.face import (
    Ask,
    Capability,
    Channel,
    Consent,
    Endpoint,
    FoundAccount,
    InsightRow,
    Level,
    Platform,
    Wire,
)
from connectors.google_ads_api import WHERE, GoogleAdsApi, GoogleAdsCredentials
from connectors.google_ads_campaigns import Campaigns
from connectors.google_ads_insights import Customer, Insights
from connectors.google_ads_inventory import Inventory
from connectors.inventory import ListedAd, ListedAdSet, ListedCampaign, within_reason

_CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, "
    "customer_client.time_zone, customer_client.manager FROM customer_client WHERE customer_client.level <= 2"
)


class _CustomerClient(Customer, rename="camel", kw_only=True):
    manager: bool = False


class _Client(msgspec.Struct, rename="camel"):
    customer_client: _CustomerClient


class GoogleAds:
    """One Google user's access to the accounts it may see."""

    channel: ClassVar[Channel] = Channel.GOOGLE_ADS
    title: ClassVar[str] = "Google Ads"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.INSIGHTS, Capability.ADS, Capability.CONVERSIONS}
    )
    platform: ClassVar[Platform] = google_ads_insights.PLATFORM
    lookback: ClassVar[timedelta] = google_ads_insights.LOOKBACK
    most_conversions: ClassVar[int] = google_ads_conversions.MOST
    oldest_conversion: ClassVar[timedelta] = google_ads_conversions.OLDEST
    endpoint: ClassVar[Endpoint] = Endpoint("https://googleads.googleapis.com", "v25").or_default(
        google_sign_in.ENDPOINT
    )
    # As far as Google has said; it names months.
    versions: ClassVar[Mapping[str, date]] = MappingProxyType(
        {"v23": date(2027, 2, 1), "v24": date(2027, 5, 1), "v25": date(2027, 8, 1)}
    )
    consent: ClassVar[Consent | None] = google_sign_in.consent_to("adwords")
    asks: ClassVar[tuple[Ask, ...]] = ()
    # A developer's token on its lowest level that reads accounts in use; CALL_BUDGETS names a higher one.
    budgets: ClassVar = (CallBudget("operations", Scope.APP, 2880, DAY, in_path(r"/customers[:/]")),)

    def __init__(self, credentials: GoogleAdsCredentials, wire: Wire) -> None:
        self._api = GoogleAdsApi(credentials, wire, wire.endpoint.or_default(self.endpoint))
        self._campaigns = Campaigns(self._api)
        self._conversions = google_ads_conversions.Conversions(self._api, wire.clock)
        self._insights = Insights(self._api, wire.clock)
        self._inventory = Inventory(self._api)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(GoogleAdsCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        """Those that the user may see, and those below them where they manage others; managers advertise nothing."""
        found = {
            client.id: client
            for customer in self._api.accessible()
            for result in self._api.search(customer, _CLIENTS)
            if not (client := shaped(result, _Client, where=WHERE).customer_client).manager
        }
        return [
            FoundAccount(
                id=it.id, name=it.descriptive_name or "", currency=it.currency_code, time_zone=it.time_zone
            )
            for it in found.values()
        ]

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        require_window(since, until, where=WHERE)
        return self._insights.rows(digits_only(account, where=WHERE), since, until, level)

    def list_campaigns(self, account: str) -> Iterator[ListedCampaign]:
        return within_reason(self._inventory.campaigns(digits_only(account, where=WHERE)), where=WHERE)

    def list_ad_sets(self, account: str) -> Iterator[ListedAdSet]:
        return within_reason(self._inventory.ad_sets(digits_only(account, where=WHERE)), where=WHERE)

    def list_ads(self, account: str) -> Iterator[ListedAd]:
        return within_reason(self._inventory.ads(digits_only(account, where=WHERE)), where=WHERE)

    def campaign(self, account: str, campaign: str) -> CampaignNow:
        return self._campaigns.numbered(digits_only(account, where=WHERE), campaign)

    def campaign_made_with(self, account: str, marker: str) -> CampaignNow | None:
        return self._campaigns.made_with(digits_only(account, where=WHERE), marker)

    def check_campaign(self, account: str, wanted: NewCampaign) -> None:
        """Has Google look at a campaign without making it; what it would refuse is Invalid, with the field."""
        self._campaigns.check(digits_only(account, where=WHERE), wanted)

    def create_campaign(self, account: str, wanted: NewCampaign) -> CampaignNow:
        return self._campaigns.make(digits_only(account, where=WHERE), wanted)

    def run_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(digits_only(account, where=WHERE), campaign, on=True)

    def pause_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(digits_only(account, where=WHERE), campaign, on=False)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        self._campaigns.set_daily_budget(digits_only(account, where=WHERE), campaign, amount)

    def conversion_targets(self, account: str) -> list[ConversionTarget]:
        return self._conversions.targets(digits_only(account, where=WHERE))

    def repeat_is_harmless(self, conversion: Conversion) -> bool:
        """By its order's id Google knows a copy."""
        return bool(conversion.id)

    def require_reportable(self, conversion: Conversion) -> None:
        self._conversions.require(conversion)

    def report_conversions(self, account: str, target: str, conversions: Sequence[Conversion]) -> Reported:
        return self._conversions.report(digits_only(account, where=WHERE), target, conversions)

    def check_conversions(self, account: str, target: str, conversions: Sequence[Conversion]) -> Reported:
        return self._conversions.check(digits_only(account, where=WHERE), target, conversions)
