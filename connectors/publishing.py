"""What a page, a profile or a room can be told: words, a link, a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable


class Network(StrEnum):
    """Where people read what is published."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    REDDIT = "reddit"
    SLACK = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLimits:
    """What a network takes; lengths in characters as its own counter counts them."""

    longest_text: int
    needs_image: bool = False
    takes_link: bool = True
    takes_image: bool = True
    most_hashtags: int | None = None
    most_mentions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """A page, profile or room that a connection may publish to."""

    id: str
    name: str
    network: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`link` and `image` are addresses on the public network, or empty."""

    text: str
    link: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    id: str
    url: str = ""


@runtime_checkable
class Publishes(Protocol):
    """A channel that carries posts or messages to places of its networks.

    Preparing (uploads) may be tried again; the last step is sent once: it is done, or refused, or an UnknownOutcome
    that only looking can settle.
    """

    post_limits: ClassVar[Mapping[Network, PostLimits]]

    def places(self) -> list[FoundPlace]: ...

    def publish(self, place: str, network: Network, post: Post) -> Published: ...

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """A post of these very words that appeared there since then."""
        ...
