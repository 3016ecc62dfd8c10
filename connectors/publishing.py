"""What a page, a profile, a channel or a room can be told: words, a link, a picture or a video."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable


class Network(StrEnum):
    """Where people read what is published."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    REDDIT = "reddit"
    X = "x"
    SLACK = "slack"
    YOUTUBE = "youtube"
    BUFFER = "buffer"


class Visibility(StrEnum):
    """Who may see a video: everybody, whoever knows its address, or nobody but its channel."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a network charges for a post; one that leads somewhere costs more."""

    currency: str
    post: Decimal
    with_link: Decimal
    links_in: Callable[[str], Sequence[str]]
    """What the network makes a link of a text."""

    def of(self, text: str, link: str) -> Decimal:
        return self.with_link if link or self.links_in(text) else self.post


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLimits:
    """What a network takes; lengths as its own counter counts them, which is `length`, in its `unit`.

    Where it `shows_video`, a post's image is one; `refused` are characters that it takes in no words, and where it
    `needs_declared`, somebody has to say what only people know. One without a `longest_title` has no titles.
    """

    longest_text: int
    length: Callable[[str], int] = len
    unit: str = "characters"
    longest_title: int | None = None
    needs_image: bool = False
    takes_link: bool = True
    takes_image: bool = True
    shows_video: bool = False
    needs_declared: bool = False
    refused: str = ""
    most_hashtags: int | None = None
    most_mentions: int | None = None
    link_takes_room: bool = False
    """Whether a link stands in the words themselves."""
    price: Price | None = None

    def taken_by(self, text: str, link: str) -> int:
        """How much of the longest text a post takes up."""
        return self.length(with_link(text, link) if self.link_takes_room else text)


def with_link(text: str, link: str) -> str:
    """Words that end in their link, unless it is in them."""
    return f"{text}\n\n{link}" if link and link not in text else text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """A page, profile or room that a connection may publish to."""

    id: str
    name: str
    network: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What somebody answers for when a video is published: a network asks, and nothing but a person can know."""

    is_made_for_kids: bool
    is_synthetic: bool
    """It looks real and shows what was not so: people, places or scenes that were altered or made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`link` and `image` are addresses on the public network, or empty; `image` is a video's where a network shows those.

    A title, tags, who may see it and what is declared are for networks that ask for them.
    """

    text: str
    link: str = ""
    image: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    declared: Declared | None = None


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
