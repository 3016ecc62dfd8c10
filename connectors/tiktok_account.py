"""A TikTok account: what it publishes, and how that does; its advertising is another matter, with a token of its own."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Self

from connectors.answers import canonical, credentials_as
from connectors.budgets import CallBudget, in_path
from connectors.errors import Scope
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.posts import PostResult, beginning_of
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.tiktok_account_api import (
    CLIENT_NAMED,
    ENDPOINT,
    WHERE,
    TikTokAccountApi,
    TikTokAccountCredentials,
)
from connectors.tiktok_posts import LIMITS, TikTokPosts
from connectors.tiktok_profile import Shown, TikTokProfile, require_named
from connectors.verbatim import fingerprint

_MINUTE = timedelta(minutes=1)


class TikTokAccount:
    """One account that somebody has let an app publish for."""

    channel: ClassVar[Channel] = Channel.TIKTOK_ACCOUNT
    title: ClassVar[str] = "TikTok account"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.PUBLISH})
    endpoint: ClassVar[Endpoint] = ENDPOINT
    consent: ClassVar[Consent | None] = Consent(
        ("user.info.basic", "user.info.profile", "user.info.stats", "video.list", "video.publish"),
        client_named=CLIENT_NAMED,
        between_scopes=",",
    )
    asks: ClassVar[tuple[Ask, ...]] = ()
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType({Network.TIKTOK: LIMITS})
    budgets: ClassVar = (
        CallBudget("allowed", Scope.USER, 20, _MINUTE, in_path(r"/post/publish/creator_info/query/$")),
        CallBudget("published", Scope.USER, 30, _MINUTE, in_path(r"/post/publish/status/fetch/$")),
        CallBudget("videos", Scope.APP, 600, _MINUTE, in_path(r"/video/list/$")),
        CallBudget("accounts", Scope.APP, 600, _MINUTE, in_path(r"/user/info/$")),
    )

    def __init__(self, credentials: TikTokAccountCredentials, wire: Wire) -> None:
        api = TikTokAccountApi(credentials, wire)
        self._profile = TikTokProfile(api)
        self._posts = TikTokPosts(api, self._profile, wire, privacy_level=credentials.privacy_level)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(TikTokAccountCredentials, credentials, where=WHERE), wire)

    def places(self) -> list[FoundPlace]:
        return self._profile.found()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(place, network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(place, network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        require_named(place, network)
        listed = self._profile.posted_since(place, network, since)
        return (_result(place, shown, said) for shown, said in listed)

    def followers(self, place: str, network: Network) -> int | None:
        return self._profile.followers(place, network)


def _result(place: str, shown: Shown, said: Any) -> PostResult:
    words = canonical(said)
    return PostResult(
        network=Network.TIKTOK,
        place_id=place,
        post_id=shown.id,
        post_url=shown.url,
        published_at=shown.at,
        beginning=beginning_of(shown.words),
        views=shown.view_count,
        reactions=shown.like_count,
        comments=shown.comment_count,
        shares=shown.share_count,
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )
