"""Buffer: accounts at many services, those included that nothing here speaks to itself, and how what was posted there does."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Self

from connectors.answers import credentials_as
from connectors.budgets import DAY, CallBudget
from connectors.buffer_api import ENDPOINT, WHERE, BufferApi, BufferCredentials
from connectors.buffer_channels import Channels, require_named
from connectors.buffer_post_results import PostResults
from connectors.buffer_posts import BufferPosts
from connectors.buffer_services import LIMITS
from connectors.errors import Scope
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.posts import PostResult
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published


class Buffer:
    """One account at Buffer, with the channels of its organizations."""

    channel: ClassVar[Channel] = Channel.BUFFER
    title: ClassVar[str] = WHERE
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.PUBLISH})
    endpoint: ClassVar[Endpoint] = ENDPOINT
    # Without being prompted nobody is asked for access that lasts.
    consent: ClassVar[Consent | None] = Consent(
        ("posts:read", "posts:write", "account:read", "insights:read", "offline_access"),
        asked_with={"prompt": "consent"},
    )
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("access_token", "Personal key", "From Buffer's settings, under API."),
    )
    post_limits: ClassVar[Mapping[Network, PostLimits]] = MappingProxyType({Network.BUFFER: LIMITS})
    # Whatever is asked; the month's is left to Buffer, since its window would last beyond a restart of ours.
    budgets: ClassVar = (
        CallBudget("a_quarter_hour", Scope.APP, 100, timedelta(minutes=15)),
        CallBudget("a_day", Scope.APP, 250, DAY),
    )

    def __init__(self, credentials: BufferCredentials, wire: Wire) -> None:
        api = BufferApi(credentials, wire)
        self._channels = Channels(api)
        self._posts = BufferPosts(api, self._channels, wire)
        self._post_results = PostResults(self._channels)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(BufferCredentials, credentials, where=WHERE), wire)

    def places(self) -> list[FoundPlace]:
        return self._channels.found()

    def publish(self, place: str, network: Network, post: Post) -> Published:
        return self._posts.publish(place, network, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        return self._posts.published_since(place, network, post, since)

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._post_results.read(place, network, since)

    def followers(self, place: str, network: Network) -> int | None:
        """Nothing that Buffer tells programs."""
        require_named(place, network)
        return None
