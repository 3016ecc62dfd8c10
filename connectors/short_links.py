"""Short links that another house leads through: who owns them there, how one is made, and how often each was followed."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol, runtime_checkable

import msgspec


class LinkGroup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who owns links there, by that house's own id."""

    id: str
    name: str


class ShortLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`id` is what that house knows the link by, `link` the whole address that people follow."""

    id: str
    link: str
    long_url: str
    title: str = ""
    group_id: str
    created_at: datetime


class DayOfClicks(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How often a link was followed on a day of UTC, as that house counts; its bots are filtered otherwise than ours."""

    day: date
    clicks: int
    raw: str
    raw_hash: str


@runtime_checkable
class ShortensLinks(Protocol):
    """A channel that makes short links and counts who follows them; nothing of it is kept between calls."""

    def groups(self) -> list[LinkGroup]:
        """Who owns links that the connection may see; asking also shows whether it holds."""
        ...

    def shorten(self, group: str, long_url: str, domain: str = "") -> ShortLink:
        """The same address and group give back the same link, so that asking again makes no second one."""
        ...

    def links_since(self, group: str, moment: datetime) -> Iterator[ShortLink]:
        """Every link of the group that was made since then, archived ones too, in the order of that house."""
        ...

    def clicks(self, link_id: str, since: date, until: date) -> Iterator[DayOfClicks]:
        """The days from `since` to `until`, both included, on which somebody followed the link, oldest first.

        A missing day means no clicks; a reading that fails raises a ChannelError.
        """
        ...
