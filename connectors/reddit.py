"""Reddit: advertising that is measured and changed, what one person posts in communities, and how it does."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Self

from connectors.advertising import CampaignNow, NewCampaign
from connectors.answers import credentials_as
from connectors.budgets import CallBudget, in_path
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
from connectors.posts import PostResult
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.reddit_accounts import account_named, accounts_of
from connectors.reddit_api import ENDPOINT, WHERE, RedditApi, RedditCredentials
from connectors.reddit_campaigns import RedditCampaigns
from connectors.reddit_insights import LOOKBACK, PLATFORM, RedditInsights
from connectors.reddit_inventory import RedditInventory
from connectors.reddit_post_results import RedditPostResults
from connectors.reddit_posts import LIMITS, RedditPosts
from connectors.reddit_site import RedditSite

_A_MINUTE = timedelta(minutes=1)


class Reddit:
    """One person's access to the ad accounts of their businesses and to the communities that they have joined."""

    channel: ClassVar[Channel] = Channel.REDDIT
    title: ClassVar[str] = "Reddit"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.INSIGHTS, Capability.ADS, Capability.PUBLISH}
    )
    platform: ClassVar[Platform] = PLATFORM
    lookback: ClassVar[timedelta] = LOOKBACK
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType({Network.REDDIT: LIMITS})
    endpoint: ClassVar[Endpoint] = ENDPOINT
    consent: ClassVar[Consent | None] = Consent(
        ("adsread", "adsedit", "identity", "read", "mysubreddits", "submit", "history"),
        # What renews a token is given only to who asks for it to last.
        {"duration": "permanent"},
        with_basic_auth=True,
    )
    asks: ClassVar[tuple[Ask, ...]] = ()
    budgets: ClassVar = (
        CallBudget("reports", Scope.USER, 60, _A_MINUTE, in_path(r"/ad_accounts/[^/]+/reports$")),
        CallBudget(
            "management",
            Scope.USER,
            400,
            _A_MINUTE,
            in_path(r"/(?:me/businesses|campaigns|ad_groups|ads|ad_accounts)(?:/[^/]+)?$"),
        ),
        CallBudget(
            "site",
            Scope.APP,
            100,
            _A_MINUTE,
            in_path(r"/(?:api/submit|api/v1/me|subreddits/mine/subscriber|user/[^/]+/submitted|about)$"),
        ),
    )

    def __init__(self, credentials: RedditCredentials, wire: Wire) -> None:
        self._api = RedditApi(credentials, wire)
        self._insights = RedditInsights(self._api, wire.clock)
        self._inventory = RedditInventory(self._api, wire.clock)
        self._campaigns = RedditCampaigns(self._api, wire.clock)
        self._site = RedditSite(self._api)
        self._posts = RedditPosts(self._api, self._site)
        self._post_results = RedditPostResults(self._site)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(RedditCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        return [
            FoundAccount(id=it.id, name=it.name, currency=it.currency, time_zone=it.time_zone_id)
            for it in accounts_of(self._api)
        ]

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        require_window(since, until, where=WHERE)
        return self._insights.rows(account_named(account), since, until, level)

    def list_campaigns(self, account: str) -> Iterator[ListedCampaign]:
        return within_reason(self._inventory.campaigns(account_named(account)), where=WHERE)

    def list_ad_sets(self, account: str) -> Iterator[ListedAdSet]:
        return within_reason(self._inventory.ad_sets(account_named(account)), where=WHERE)

    def list_ads(self, account: str) -> Iterator[ListedAd]:
        return within_reason(self._inventory.ads(account_named(account)), where=WHERE)

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

    def places(self) -> list[FoundPlace]:
        return self._site.places()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(place, network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(place, network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._post_results.read(place, network, since)

    def followers(self, place: str, network: Network) -> int | None:
        return self._post_results.followers(place, network)
