"""The services behind Buffer's channels: what each takes, and what it wants to be told of a post beside its words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors.buffer_api import WHERE
from connectors.errors import Forbidden, Invalid
from connectors.publishing import Post, PostLimits, with_link
from connectors.x_length import LONGEST, weighted

_LONGEST_ADDRESS = 2_000
_VIDEOS = (".mp4", ".mov", ".webm")

Told = dict[str, Any]


class _Link(StrEnum):
    """Where a link of a post stands."""

    IN_THE_WORDS = auto()
    BESIDE_THEM = auto()
    NOWHERE = auto()


class _Media(StrEnum):
    """What a service takes no post without."""

    NOTHING = auto()
    PICTURE = auto()
    ANY = auto()


class Board(msgspec.Struct, rename="camel"):
    """Where an account at Pinterest keeps its pins."""

    service_id: str
    name: str = ""


class _Metadata(msgspec.Struct):
    boards: list[Board] = []


class BufferChannel(msgspec.Struct, rename="camel"):
    """One account at a service, as Buffer knows it."""

    id: str
    service: str
    name: str = ""
    display_name: str | None = None
    organization_id: str = ""
    is_disconnected: bool = False
    is_locked: bool = False
    metadata: _Metadata | None = None

    @property
    def called(self) -> str:
        """By a name that says where it is, too."""
        return f"{self.display_name or self.name or self.id} on {title_of(self.service)}"


def in_utf16(words: str) -> int:
    """As Buffer counts for most services: an emoji is two."""
    return len(words.encode("utf-16-le", errors="surrogatepass")) // 2


def _nothing(channel: BufferChannel, post: Post) -> Told:
    del channel, post
    return {}


def _of_facebook(channel: BufferChannel, post: Post) -> Told:
    del channel, post
    return {"facebook": {"type": "post"}}


def _of_instagram(channel: BufferChannel, post: Post) -> Told:
    del channel
    kind = "reel" if is_video(post.image) else "post"
    return {"instagram": {"type": kind, "shouldShareToFeed": True}}


def _of_pinterest(channel: BufferChannel, post: Post) -> Told:
    """A pin hangs on a board, and nobody has said on which one unless there is one alone."""
    boards = channel.metadata.boards if channel.metadata else []
    if len(boards) != 1:
        what = (
            f"the account has {len(boards)} boards, and a pin goes where there is one alone: pin it at Buffer"
        )
        raise _wrong("place", what)
    destination = {"url": post.link} if post.link else {}
    return {"pinterest": {"boardServiceId": boards[0].service_id, **destination}}


def _of_google(channel: BufferChannel, post: Post) -> Told:
    del channel
    button = {"button": "learn_more", "link": post.link} if post.link else {"button": "none"}
    return {"google": {"type": "whats_new", "detailsWhatsNew": button}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`instead` says what is to be done where it wants to know more than a post says."""

    title: str
    longest: int
    length: Callable[[str], int] = in_utf16
    needs: _Media = _Media.NOTHING
    link: _Link = _Link.IN_THE_WORDS
    metadata: Callable[[BufferChannel, Post], Told] = _nothing
    instead: str = ""


_YOUTUBE = "asks for a title, a category and who it is made for, which a post through Buffer does not say: connect YouTube itself"

# Lengths as Buffer names them in 2026; Mastodon's servers may take more than what each of them takes, and Google takes less.
SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "bluesky": Service(title="Bluesky", longest=300),
        "facebook": Service(title="Facebook", longest=5_000, metadata=_of_facebook),
        "googlebusiness": Service(
            title="Google Business", longest=1_500, link=_Link.BESIDE_THEM, metadata=_of_google
        ),
        "instagram": Service(
            title="Instagram", longest=2_196, needs=_Media.ANY, link=_Link.NOWHERE, metadata=_of_instagram
        ),
        "linkedin": Service(title="LinkedIn", longest=3_000),
        "mastodon": Service(title="Mastodon", longest=500),
        "pinterest": Service(
            title="Pinterest",
            longest=500,
            needs=_Media.PICTURE,
            link=_Link.BESIDE_THEM,
            metadata=_of_pinterest,
        ),
        "threads": Service(title="Threads", longest=500),
        "tiktok": Service(title="TikTok", longest=2_200, needs=_Media.ANY, link=_Link.NOWHERE),
        "twitter": Service(title="X", longest=LONGEST, length=weighted),
        "youtube": Service(title="YouTube", longest=5_000, needs=_Media.ANY, instead=_YOUTUBE),
    }
)
# What the loosest of them takes; which one it is, only the place says.
LIMITS = PostLimits(
    longest_text=max(service.longest for service in SERVICES.values()), length=in_utf16, link_takes_room=True
)


def title_of(service: str) -> str:
    known = SERVICES.get(service)
    return known.title if known else service


def is_video(address: str) -> bool:
    """By its name: Buffer wants to know before it fetches it."""
    return urlsplit(address).path.lower().endswith(_VIDEOS)


def words_of(channel: BufferChannel, post: Post) -> str:
    """As they stand in the post, with the link where the service wants it there."""
    link = _service(channel).link
    return with_link(post.text, post.link) if link is _Link.IN_THE_WORDS else post.text


def told_of(channel: BufferChannel, post: Post) -> Told:
    """A post that goes out now and by itself, or Invalid where the service would not take it."""
    service = _service(channel)
    _require_open(channel)
    words = words_of(channel, post)
    _require_words(service, words)
    _require_link(service, post.link)
    _require_media(service, post.image)
    told: Told = {
        "channelId": channel.id,
        "schedulingType": "automatic",
        "mode": "shareNow",
        "text": words,
        "assets": [],
    }
    if post.image:
        told["assets"] = [{"video" if is_video(post.image) else "image": {"url": post.image}}]
    if metadata := service.metadata(channel, post):
        told["metadata"] = metadata
    return told


def _service(channel: BufferChannel) -> Service:
    service = SERVICES.get(channel.service)
    if service is None:
        raise _wrong("place", f"{channel.service} is a service that nothing is published on from here")
    if service.instead:
        raise _wrong("place", f"{service.title} {service.instead}")
    return service


def _require_open(channel: BufferChannel) -> None:
    if channel.is_disconnected:
        what = f"Buffer has lost its way to {channel.called}: connect it again at Buffer"
        raise Forbidden(what=what, where=WHERE)
    if channel.is_locked:
        raise Forbidden(what=f"Buffer's plan does not reach as far as {channel.called}", where=WHERE)


def _require_words(service: Service, words: str) -> None:
    """Words are needed, since a post without any could not be found again."""
    if not words.strip():
        raise _wrong("text", "words are needed")
    if any("\ud800" <= letter <= "\udfff" for letter in words):
        raise _wrong("text", "holds half a character")
    if (length := service.length(words)) > service.longest:
        raise _wrong("text", f"{service.title} takes {service.longest:,} characters, this has {length:,}")


def _require_link(service: Service, link: str) -> None:
    if not link:
        return
    if service.link is _Link.NOWHERE:
        raise _wrong("link", f"nobody can follow a link on {service.title}")
    if not _is_address(link):
        raise _wrong("link", f"is no web address of up to {_LONGEST_ADDRESS:,} characters")


def _require_media(service: Service, address: str) -> None:
    if not address:
        if service.needs is not _Media.NOTHING:
            needed = "a picture" if service.needs is _Media.PICTURE else "a picture or a video"
            raise _wrong("image", f"{service.title} takes no post without {needed}")
        return
    if not _is_address(address):
        raise _wrong("image", "is no address on the public network")
    if service.needs is _Media.PICTURE and is_video(address):
        raise _wrong("image", f"{service.title} takes a picture")


def _is_address(address: str) -> bool:
    try:
        said = urlsplit(address)
    except ValueError:
        return False
    return said.scheme in {"http", "https"} and bool(said.hostname) and len(address) <= _LONGEST_ADDRESS


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
