"""What stands in an ad account: its campaigns, their ad sets and their ads, as their platform has them now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, runtime_checkable

from connectors.errors import TooMuchData

MOST_LISTED = 100_000
"""Of an account's campaigns, ad sets or ads no more than these are believed."""

_LONGEST = 512
_LONGEST_TEXTS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("why", "headline", "text"), 5000) | {"leads_to": 2048}
)
_MOST_WORDS = 200

Each = TypeVar("Each")


class Status(StrEnum):
    """Whether something is shown, in one word for all platforms."""

    RUNNING = "running"
    PAUSED = "paused"
    IN_REVIEW = "in_review"
    REFUSED = "refused"
    ENDED = "ended"
    UNKNOWN = "unknown"
    """The platform has a word for it that nobody here knows yet."""


def distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order in which they came."""
    return tuple(dict.fromkeys(filter(None, words)))


def within_reason(listed: Iterator[Each], *, where: str) -> Iterator[Each]:
    """An account whose list has no end is refused before it fills the house."""
    for count, each in enumerate(listed, start=1):
        if count > MOST_LISTED:
            raise TooMuchData(what=f"the account has more than {MOST_LISTED} of them", where=where)
        yield each


def _keep_short(told: Any) -> None:
    """The words are the platform's and its users': cut to a length that can be kept, without what no text may hold."""
    for each in fields(told):
        value = getattr(told, each.name)
        if type(value) is str:
            kept = _short(value, _LONGEST_TEXTS.get(each.name, _LONGEST))
        elif type(value) is tuple:
            kept = tuple(_short(word, _LONGEST) for word in value[:_MOST_WORDS])
        else:
            continue
        object.__setattr__(told, each.name, kept)


def _short(words: str, longest: int) -> str:
    words = words.replace("\0", "")
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`status` is its own, whatever is above it; `said` is the platform's word for it, and `why` its reason, if any.

    What a review has refused is REFUSED, switched on or off; what is switched off is PAUSED, reviewed or not.
    """

    id: str
    name: str
    status: Status
    said: str
    why: str = ""

    def __post_init__(self) -> None:
        _keep_short(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCampaign(Listed):
    """Money in the account's own currency; a daily budget that is not its own alone is None."""

    objective: str = ""
    """In the platform's words; Google Ads has none, and says what type of campaign it is."""
    bid_strategy: str = ""
    daily_budget: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom an ad set is shown to, as far as all platforms can say it; what is empty is not narrowed."""

    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2."""
    places: tuple[str, ...] = ()
    """What is finer than a country, as the platform names it."""
    languages: tuple[str, ...] = ()
    """ISO 639-1, or as the platform names what that has no letters for."""
    youngest: int | None = None
    oldest: int | None = None
    lists: tuple[str, ...] = ()
    """Customer lists and other audiences of the platform, by its names or ids."""
    without: tuple[str, ...] = ()
    """Lists, countries and places it is not shown to."""

    def __post_init__(self) -> None:
        _keep_short(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAdSet(Listed):
    """Google Ads calls it an ad group, LinkedIn a campaign."""

    campaign_id: str
    audience: Audience = Audience()
    placements: tuple[str, ...] = ()
    """Where it is shown, in the platform's words; empty is wherever the platform likes."""
    bid_strategy: str = ""
    highest_bid: Decimal | None = None
    daily_budget: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAd(Listed):
    campaign_id: str
    ad_set_id: str
    format: str = ""
    """In the platform's words."""
    headline: str = ""
    text: str = ""
    leads_to: str = ""
    """The address of its landing page."""
    creative_id: str = ""
    """What it shows, by the platform's own id: an asset, a creative or a post."""


@runtime_checkable
class ListsAds(Protocol):
    """A channel that tells what stands in an account; what was removed or archived is not listed."""

    def list_campaigns(self, account: str) -> Iterator[ListedCampaign]: ...

    def list_ad_sets(self, account: str) -> Iterator[ListedAdSet]: ...

    def list_ads(self, account: str) -> Iterator[ListedAd]: ...
