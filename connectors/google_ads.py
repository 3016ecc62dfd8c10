"""Google Ads: insights by searchStream, campaigns by mutate, and conversions by upload."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

import msgspec

from connectors import google_ads_conversions, money
from connectors.advertising import CampaignNow, NewCampaign
from connectors.answers import canonical, credentials_as, digits_only, measured, shaped
from connectors.budgets import DAY, CallBudget, in_path
from connectors.conversions import Conversion, ConversionTarget, Reported
from connectors.days import is_final, require_window
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

_RESOURCE = {
    Level.ACCOUNT: "customer",
    Level.CAMPAIGN: "campaign",
    Level.AD_GROUP: "ad_group",
    Level.AD: "ad_group_ad",
}
_FIELDS_OF_LEVEL = {
    Level.ACCOUNT: (),
    Level.CAMPAIGN: ("campaign.id", "campaign.name"),
    Level.AD_GROUP: ("campaign.id", "campaign.name", "ad_group.id", "ad_group.name"),
    Level.AD: (
        "campaign.id",
        "campaign.name",
        "ad_group.id",
        "ad_group.name",
        "ad_group_ad.ad.id",
        "ad_group_ad.ad.name",
    ),
}
_FIELDS = (
    "customer.id",
    "customer.descriptive_name",
    "customer.currency_code",
    "customer.time_zone",
    "segments.date",
    "metrics.impressions",
    "metrics.clicks",
    "metrics.cost_micros",
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.view_through_conversions",
)

_CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, "
    "customer_client.time_zone, customer_client.manager FROM customer_client WHERE customer_client.level <= 2"
)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Customer(msgspec.Struct, rename="camel"):
    id: str
    currency_code: str
    time_zone: str
    descriptive_name: str | None = None


class _CustomerClient(_Customer, rename="camel", kw_only=True):
    manager: bool = False


class _Client(msgspec.Struct, rename="camel"):
    customer_client: _CustomerClient


class _Named(msgspec.Struct):
    id: str = ""
    name: str | None = None


class _AdGroupAd(msgspec.Struct):
    ad: _Named


class _Segments(msgspec.Struct):
    date: date


class _Metrics(msgspec.Struct, rename="camel"):
    impressions: Count | None = None
    clicks: Count | None = None
    cost_micros: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    conversions: Decimal | None = None
    conversions_value: Decimal | None = None
    view_through_conversions: Count | None = None


class _Row(msgspec.Struct, rename="camel"):
    customer: _Customer
    segments: _Segments
    metrics: _Metrics = msgspec.field(default_factory=_Metrics)
    campaign: _Named = msgspec.field(default_factory=_Named)
    ad_group: _Named = msgspec.field(default_factory=_Named)
    ad_group_ad: _AdGroupAd = msgspec.field(default_factory=lambda: _AdGroupAd(ad=_Named()))


class GoogleAds:
    """One Google user's access to the accounts it may see."""

    channel: ClassVar[Channel] = Channel.GOOGLE_ADS
    title: ClassVar[str] = "Google Ads"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.INSIGHTS, Capability.ADS, Capability.CONVERSIONS}
    )
    platform: ClassVar[Platform] = Platform.GOOGLE_ADS
    # Conversions are booked on the click's day until the conversion window closes, by default after 30 days.
    lookback: ClassVar[timedelta] = timedelta(days=30)
    most_conversions: ClassVar[int] = google_ads_conversions.MOST
    oldest_conversion: ClassVar[timedelta] = google_ads_conversions.OLDEST
    endpoint: ClassVar[Endpoint] = Endpoint(
        base_url="https://googleads.googleapis.com",
        version="v25",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address, not a token
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    )
    # As far as Google has said; it names months.
    versions: ClassVar[Mapping[str, date]] = MappingProxyType(
        {"v23": date(2027, 2, 1), "v24": date(2027, 5, 1), "v25": date(2027, 8, 1)}
    )
    # Without either of them Google gives nothing to renew a token with.
    consent: ClassVar[Consent | None] = Consent(
        ("https://www.googleapis.com/auth/adwords",), {"access_type": "offline", "prompt": "consent"}
    )
    asks: ClassVar[tuple[Ask, ...]] = ()
    # A developer's token on its lowest level that reads accounts in use; CALL_BUDGETS names a higher one.
    budgets: ClassVar = (CallBudget("operations", Scope.APP, 2880, DAY, in_path(r"/customers[:/]")),)

    def __init__(self, credentials: GoogleAdsCredentials, wire: Wire) -> None:
        self._clock = wire.clock
        self._api = GoogleAdsApi(credentials, wire, wire.endpoint.or_default(self.endpoint))
        self._campaigns = Campaigns(self._api)
        self._conversions = google_ads_conversions.Conversions(self._api, wire.clock)

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
        customer = digits_only(account, where=WHERE)
        query = (
            f"SELECT {', '.join((*_FIELDS, *_FIELDS_OF_LEVEL[level]))} FROM {_RESOURCE[level]} "  # noqa: S608 - dates and constants
            f"WHERE segments.date BETWEEN '{since}' AND '{until}' ORDER BY segments.date"
        )
        return self._rows(customer, query, level)

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

    def _rows(self, customer: str, query: str, level: Level) -> Iterator[InsightRow]:
        for result in self._api.search(customer, query):
            yield self._row(result, level)

    def _row(self, result: Any, level: Level) -> InsightRow:
        row = shaped(result, _Row, where=WHERE)
        metrics = row.metrics
        raw = canonical(result)
        ad = row.ad_group_ad.ad
        return InsightRow(
            platform=self.platform,
            account_id=row.customer.id,
            account_name=row.customer.descriptive_name or "",
            account_timezone=row.customer.time_zone,
            currency=row.customer.currency_code,
            level=level,
            campaign_id=row.campaign.id,
            campaign_name=row.campaign.name or "",
            ad_group_id=row.ad_group.id,
            ad_group_name=row.ad_group.name or "",
            ad_id=ad.id,
            ad_name=ad.name or "",
            date_day=row.segments.date,
            impressions=metrics.impressions or 0,
            clicks=metrics.clicks or 0,
            all_clicks=metrics.clicks or 0,
            spend_micros=metrics.cost_micros or 0,
            conversions=measured(money.conversions, metrics.conversions or Decimal(0), where=WHERE),
            conversions_value_micros=measured(
                money.micros, metrics.conversions_value or Decimal(0), where=WHERE
            ),
            view_through_conversions=metrics.view_through_conversions or 0,
            attribution_setting="",
            conversion_definition="metrics.conversions",
            is_final=is_final(
                row.segments.date, row.customer.time_zone, self.lookback, self._clock(), where=WHERE
            ),
            raw=raw.decode(),
            raw_hash=hashlib.sha256(raw).hexdigest(),
        )
