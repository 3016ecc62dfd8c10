"""YouTube: videos that are published on a channel, and how they do. What is advertised there is Google Ads' own."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Self

import httpx

from connectors import google_sign_in
from connectors.answers import credentials_as
from connectors.budgets import DAY, CallBudget
from connectors.errors import Scope
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.posts import PostResult
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.youtube_api import BASE_URL, WHERE, YouTubeApi, YouTubeCredentials
from connectors.youtube_channels import Channels, channel_of
from connectors.youtube_post_results import PostResults
from connectors.youtube_posts import LIMITS, Posts
from connectors.youtube_refusals import TIME_ZONE

_UPLOAD = re.compile(r"/upload/youtube/v[0-9]+/videos$")
_LIST = re.compile(r"(?<!/upload)/youtube/v[0-9]+/")


def _uploads(request: httpx.Request) -> str | None:
    """A session is one, in however many parts the video goes."""
    return "" if request.method == "POST" and _UPLOAD.search(request.url.path) else None


def _units(request: httpx.Request) -> str | None:
    """Each page of each list that is read here costs one."""
    return "" if _LIST.search(request.url.path) else None


class YouTube:
    """One Google user's channel."""

    channel: ClassVar[Channel] = Channel.YOUTUBE
    title: ClassVar[str] = WHERE
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.PUBLISH})
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType({Network.YOUTUBE: LIMITS})
    endpoint: ClassVar[Endpoint] = Endpoint(BASE_URL, "v3").or_default(google_sign_in.ENDPOINT)
    consent: ClassVar[Consent | None] = google_sign_in.consent_to(
        "youtube.upload", "youtube.readonly", "yt-analytics.readonly"
    )
    asks: ClassVar[tuple[Ask, ...]] = ()
    # What every project has; Google counts by the day in California, and uploads by themselves.
    budgets: ClassVar = (
        CallBudget("uploads", Scope.APP, 100, DAY, _uploads, TIME_ZONE),
        CallBudget("units", Scope.APP, 10_000, DAY, _units, TIME_ZONE),
    )

    def __init__(self, credentials: YouTubeCredentials, wire: Wire) -> None:
        api = YouTubeApi(credentials, wire, wire.endpoint.or_default(self.endpoint))
        self._channels = Channels(api)
        self._posts = Posts(api, self._channels, wire)
        self._post_results = PostResults(api, self._channels, wire.clock)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(YouTubeCredentials, credentials, where=WHERE), wire)

    def places(self) -> list[FoundPlace]:
        return self._channels.found()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(channel_of(place, network), network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(channel_of(place, network), network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._post_results.read(channel_of(place, network), network, since)

    def followers(self, place: str, network: Network) -> int | None:
        return self._channels.followers(place, network)
