"""Meta: advertising on Facebook and Instagram read, changed and told what came of it; posts published, and how they do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

import httpx

from connectors import meta_consent, meta_conversions, meta_insights
from connectors.access_tokens import Issued
from connectors.advertising import CampaignNow, NewCampaign
from connectors.answers import credentials_as, digits_only
from connectors.budgets import HOUR, CallBudget, in_path
from connectors.conversions import Conversion, ConversionTarget, Reported
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
from connectors.meta_accounts import accounts_of
from connectors.meta_campaigns import Campaigns
from connectors.meta_graph import COUNTED_FOR, ENDPOINT, WHERE, Graph, MetaCredentials
from connectors.meta_insights import Insights
from connectors.meta_inventory import Inventory
from connectors.meta_places import Places
from connectors.meta_post_results import PostResults
from connectors.meta_posts import POST_LIMITS, Posts
from connectors.posts import PostResult
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published

_account_in_path = in_path(r"/act_(\d+)/insights$")


def _account_of_insights(request: httpx.Request) -> str | None:
    """A report's number does not say of which account it is; whoever asks does."""
    return request.extensions.get(COUNTED_FOR) or _account_in_path(request)


class Meta:
    """One token's access to the ad accounts, pages and profiles that it may see."""

    channel: ClassVar[Channel] = Channel.META
    title: ClassVar[str] = "Meta (Facebook and Instagram)"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.INSIGHTS, Capability.ADS, Capability.PUBLISH, Capability.CONVERSIONS}
    )
    platform: ClassVar[Platform] = meta_insights.PLATFORM
    lookback: ClassVar[timedelta] = meta_insights.LOOKBACK
    post_limits: ClassVar[Mapping[Network, PostLimits]] = POST_LIMITS
    most_conversions: ClassVar[int] = meta_conversions.MOST
    oldest_conversion: ClassVar[timedelta] = meta_conversions.OLDEST
    endpoint: ClassVar[Endpoint] = ENDPOINT
    consent: ClassVar[Consent | None] = meta_consent.CONSENT
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask(
            "access_token",
            "Access token",
            "Of a system user, who does not have to grant it anew: with ads_read to read, ads_management to change "
            "advertising, and those of pages and Instagram to publish and to see how posts do.",
        ),
        Ask("app_secret", "App secret", "Proves with each call which app makes it.", is_required=False),
    )
    # Of an app with development access, before what each active ad adds to it.
    budgets: ClassVar = (
        CallBudget("insights", Scope.ACCOUNT, 600, HOUR, _account_of_insights),
        CallBudget("management", Scope.ACCOUNT, 300, HOUR, in_path(r"/act_(\d+)(?:/(?!insights$)\w+)?$")),
    )

    def __init__(self, credentials: MetaCredentials, wire: Wire) -> None:
        self._graph = Graph(credentials, wire)
        self._insights = Insights(self._graph, wire)
        self._inventory = Inventory(self._graph, wire.clock)
        self._campaigns = Campaigns(self._graph)
        self._conversions = meta_conversions.Conversions(self._graph, wire.clock)
        self._places = Places(self._graph)
        self._posts = Posts(self._places, wire.patience)
        self._post_results = PostResults(self._places)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(MetaCredentials, credentials, where=WHERE), wire)

    @classmethod
    def settled(cls, issued: Issued, app: Mapping[str, str], wire: Wire) -> Issued:
        return meta_consent.settled(issued, app, wire)

    def accounts(self) -> list[FoundAccount]:
        return accounts_of(self._graph)

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        return self._insights.read(account, since, until, level)

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

    def create_campaign(self, account: str, wanted: NewCampaign) -> CampaignNow:
        return self._campaigns.create(account, wanted)

    def check_campaign(self, account: str, wanted: NewCampaign) -> None:
        """Lets Meta look through a campaign without making it; what it would refuse is raised."""
        self._campaigns.check(account, wanted)

    def run_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(account, campaign, is_running=True)

    def pause_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(account, campaign, is_running=False)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        self._campaigns.set_daily_budget(account, campaign, amount)

    def conversion_targets(self, account: str) -> list[ConversionTarget]:
        return self._conversions.targets(account)

    def repeat_is_harmless(self, conversion: Conversion) -> bool:
        return meta_conversions.repeat_is_harmless(conversion)

    def require_reportable(self, conversion: Conversion) -> None:
        self._conversions.require(conversion)

    def report_conversions(self, account: str, target: str, conversions: Sequence[Conversion]) -> Reported:
        return self._conversions.report(account, target, conversions)

    def check_conversions(self, account: str, target: str, conversions: Sequence[Conversion]) -> Reported:
        return self._conversions.check(account, target, conversions)

    def places(self) -> list[FoundPlace]:
        return self._places.found()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(place, network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(place, network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._post_results.read(place, network, since)

    def followers(self, place: str, network: Network) -> int | None:
        return self._post_results.followers(place, network)
