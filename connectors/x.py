"""X: advertising that is measured and changed, what an account posts, and how it does."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Self

import httpx

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
from connectors.posts import PostResult
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.x_ads_api import WHERE, XAdsApi, entity_id
from connectors.x_api import OF_ADS, XApi
from connectors.x_campaigns import XCampaigns
from connectors.x_credentials import XCredentials
from connectors.x_entities import accounts_of
from connectors.x_insights import LOOKBACK, PLATFORM, XInsights
from connectors.x_pictures import XPictures
from connectors.x_post_results import XPostResults
from connectors.x_posts import LIMITS, XPosts
from connectors.x_signing import Nonce, drawn
from connectors.x_timeline import Timeline

_QUARTER, _DAY = timedelta(minutes=15), timedelta(days=1)

_in_an_account = in_path(r"/accounts/([0-9a-z]+)")


def _read_of_an_account(request: httpx.Request) -> str | None:
    return _in_an_account(request) if request.method == "GET" else None


def _change(request: httpx.Request) -> str | None:
    changes = request.method in {"POST", "PUT"} and _in_an_account(request) is not None
    return "" if changes else None


def _post(request: httpx.Request) -> str | None:
    return "" if request.method == "POST" and request.url.path.endswith("/2/tweets") else None


class X:
    """One connection, which opens advertising by an app's and a user's keys, posts by a user's consent, or both."""

    channel: ClassVar[Channel] = Channel.X
    title: ClassVar[str] = "X"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.INSIGHTS, Capability.ADS, Capability.PUBLISH}
    )
    platform: ClassVar[Platform] = PLATFORM
    lookback: ClassVar[timedelta] = LOOKBACK
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType({Network.X: LIMITS})
    # The version is that of advertising; nobody has said when it ends.
    endpoint: ClassVar[Endpoint] = Endpoint(
        base_url=OF_ADS,
        version="12",
        token_url="https://api.x.com/2/oauth2/token",  # noqa: S106 - an address, not a token
        authorize_url="https://x.com/i/oauth2/authorize",
    )
    consent: ClassVar[Consent | None] = Consent(
        # Without the last of them X gives nothing to renew a token with.
        ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
        with_basic_auth=True,
    )
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask(
            "consumer_key",
            "API key of the app",
            "Of an app that X has let into its Ads API.",
            is_secret=False,
        ),
        Ask("consumer_secret", "API key secret of the app"),
        Ask("ads_token", "Access token", "Made after the app was let in, by a user of the ad accounts."),
        Ask("ads_token_secret", "Access token secret"),
    )
    budgets: ClassVar = (
        CallBudget("accounts", Scope.USER, 5, _QUARTER, in_path(r"/\d+/accounts$")),
        CallBudget("statistics", Scope.USER, 250, _QUARTER, in_path(r"/\d+/stats/accounts/[0-9a-z]+$")),
        CallBudget("reads", Scope.ACCOUNT, 2000, _QUARTER, _read_of_an_account),
        CallBudget("changes", Scope.USER, 450, timedelta(minutes=1), _change),
        CallBudget("posts", Scope.USER, 100, _QUARTER, _post),
        CallBudget("posts_of_the_app", Scope.APP, 10_000, _DAY, _post),
    )

    def __init__(self, credentials: XCredentials, wire: Wire, nonce: Nonce = drawn) -> None:
        endpoint = wire.endpoint.or_default(self.endpoint)
        self._ads = XAdsApi(credentials, wire, endpoint, nonce)
        self._insights = XInsights(self._ads, wire.patience)
        self._campaigns = XCampaigns(self._ads)
        api = XApi(credentials, wire, endpoint)
        self._timeline = Timeline(api)
        self._posts = XPosts(api, self._timeline, XPictures(api, wire))
        self._post_results = XPostResults(self._timeline)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(XCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        """None where no keys of advertising were typed in."""
        return accounts_of(self._ads) if self._ads.is_open else []

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        require_window(since, until, where=WHERE)
        return self._insights.rows(entity_id(account, field="account"), since, until, level)

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
        self._campaigns.switch(account, campaign, is_running=True)

    def pause_campaign(self, account: str, campaign: str) -> None:
        self._campaigns.switch(account, campaign, is_running=False)

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        self._campaigns.set_daily_budget(account, campaign, amount)

    def places(self) -> list[FoundPlace]:
        """None where nobody has consented to posts."""
        return self._timeline.found()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(place, network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(place, network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._post_results.read(place, network, since)

    def followers(self, place: str, network: Network) -> int | None:
        return self._post_results.followers(place, network)
