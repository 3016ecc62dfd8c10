"""TikTok's advertising: read by day and changed, with a token that an advertiser gave to an app."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from connectors.advertising import CampaignNow, NewCampaign
from connectors.answers import credentials_as, digits_only
from connectors.budgets import DAY, CallBudget, in_path
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
from connectors.inventory import ListedAd, ListedAdSet, ListedCampaign, within_reason
from connectors.tiktok_advertisers import advertisers_of
from connectors.tiktok_api import ENDPOINT, WHERE, TikTokApi, TikTokCredentials
from connectors.tiktok_campaigns import TikTokCampaigns
from connectors.tiktok_insights import LOOKBACK, PLATFORM, TikTokInsights
from connectors.tiktok_inventory import TikTokInventory
from connectors.tiktok_reports import Reports

_MINUTE = timedelta(minutes=1)


class TikTok:
    """One token's access to the advertisers that gave it."""

    channel: ClassVar[Channel] = Channel.TIKTOK
    title: ClassVar[str] = "TikTok Ads"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.INSIGHTS, Capability.ADS})
    platform: ClassVar[Platform] = PLATFORM
    lookback: ClassVar[timedelta] = LOOKBACK
    endpoint: ClassVar[Endpoint] = ENDPOINT
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("access_token", "Access token", "Of an app that the advertiser has let in; it has no end."),
        Ask(
            "app_id", "App's id", "TikTok tells it alone which advertisers the token is for.", is_secret=False
        ),
        Ask("app_secret", "App's secret"),
    )
    # Of an app of the basic tier. Its ten a second are left to TikTok: one that is too many is let in a second later,
    # where one too many in a minute shuts the app out for five.
    budgets: ClassVar = (
        CallBudget("a_minute", Scope.APP, 600, _MINUTE),
        CallBudget("a_day", Scope.APP, 864_000, DAY),
        CallBudget("reports_a_minute", Scope.APP, 60, _MINUTE, in_path(r"/report/task/")),
        CallBudget("reports_a_day", Scope.APP, 4_500, DAY, in_path(r"/report/task/")),
    )

    def __init__(self, credentials: TikTokCredentials, wire: Wire) -> None:
        self._api = TikTokApi(credentials, wire)
        self._insights = TikTokInsights(self._api, Reports(self._api, wire.patience), wire.clock)
        self._inventory = TikTokInventory(self._api)
        self._campaigns = TikTokCampaigns(self._api)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(TikTokCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        return advertisers_of(self._api)

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
        return self._campaigns.now(account, campaign)

    def campaign_made_with(self, account: str, marker: str) -> CampaignNow | None:
        return self._campaigns.made_with(account, marker)

    def check_campaign(self, account: str, wanted: NewCampaign) -> None:
        """Says what is wrong with a campaign before it is made, as far as that can be known without making it."""
        self._campaigns.check(account, wanted)

    def create_campaign(self, account: str, wanted: NewCampaign) -> CampaignNow:
        return self._campaigns.create(account, wanted)

    def run_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(account, campaign, is_running=True)

    def pause_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(account, campaign, is_running=False)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        self._campaigns.set_daily_budget(account, campaign, amount)
