"""LinkedIn: advertising that is measured and changed, what organisations publish, and how it does."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Self

from connectors.advertising import CampaignNow, NewCampaign
from connectors.answers import credentials_as, digits_only
from connectors.days import require_window
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
from connectors.linkedin_api import WHERE, LinkedInApi, LinkedInCredentials
from connectors.linkedin_campaigns import LinkedInCampaigns
from connectors.linkedin_entities import accounts_of
from connectors.linkedin_insights import LOOKBACK, PLATFORM, TIME_ZONE, LinkedInInsights
from connectors.linkedin_inventory import LinkedInInventory
from connectors.linkedin_organizations import Organizations
from connectors.linkedin_post_results import LinkedInPostResults
from connectors.linkedin_posts import LIMITS, LinkedInPosts
from connectors.posts import PostResult
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published


class LinkedIn:
    """One member's access to the ad accounts and organisations in which they have a role."""

    channel: ClassVar[Channel] = Channel.LINKEDIN
    title: ClassVar[str] = "LinkedIn"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.INSIGHTS, Capability.ADS, Capability.PUBLISH}
    )
    platform: ClassVar[Platform] = PLATFORM
    lookback: ClassVar[timedelta] = LOOKBACK
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType({Network.LINKEDIN: LIMITS})
    endpoint: ClassVar[Endpoint] = Endpoint(
        base_url="https://api.linkedin.com/rest",
        version="202607",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106 - an address, not a token
        authorize_url="https://www.linkedin.com/oauth/v2/authorization",
    )
    versions: ClassVar[Mapping[str, date]] = MappingProxyType(
        {"202601": date(2027, 1, 15), "202607": date(2027, 7, 15)}
    )
    consent: ClassVar[Consent | None] = Consent(
        (
            "r_ads",
            "r_ads_reporting",
            "rw_ads",
            "r_organization_social",
            "w_organization_social",
            # Which organisations a member may publish for, and how their posts do, is told to nobody without it.
            "rw_organization_admin",
        )
    )
    asks: ClassVar[tuple[Ask, ...]] = ()

    def __init__(self, credentials: LinkedInCredentials, wire: Wire) -> None:
        self._api = LinkedInApi(credentials, wire, wire.endpoint.or_default(self.endpoint))
        self._insights = LinkedInInsights(self._api, wire.clock)
        self._inventory = LinkedInInventory(self._api, wire.clock)
        self._campaigns = LinkedInCampaigns(self._api, wire.clock)
        self._organizations = Organizations(self._api)
        self._posts = LinkedInPosts(self._api, self._organizations, wire)
        self._post_results = LinkedInPostResults(self._api, self._organizations)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(LinkedInCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        return [
            FoundAccount(id=str(it.id), name=it.name or "", currency=it.currency, time_zone=TIME_ZONE)
            for it in accounts_of(self._api)
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
        return self._campaigns.campaign(account, campaign)

    def campaign_made_with(self, account: str, marker: str) -> CampaignNow | None:
        return self._campaigns.made_with(account, marker)

    def check_campaign(self, account: str, wanted: NewCampaign) -> None:
        """Says what is wrong with a campaign before it is made, as far as that can be known without making it."""
        self._campaigns.check(account, wanted)

    def create_campaign(self, account: str, wanted: NewCampaign) -> CampaignNow:
        return self._campaigns.create(account, wanted)

    def run_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.run(account, campaign)

    def pause_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.pause(account, campaign)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        self._campaigns.set_daily_budget(account, campaign, amount)

    def places(self) -> list[FoundPlace]:
        return self._organizations.found()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(place, network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(place, network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._post_results.read(place, network, since)

    def followers(self, place: str, network: Network) -> int | None:
        return self._post_results.followers(place, network)
