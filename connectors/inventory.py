"""What stands in an ad account: its campaigns, their ad sets and their ads, as their platform has them now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Status(StrEnum):
    """Whether something is shown, in one word for all platforms."""

    RUNNING = "running"
    PAUSED = "paused"
    IN_REVIEW = "in_review"
    REFUSED = "refused"
    ENDED = "ended"
    UNKNOWN = "unknown"
    """The platform has a word for it that nobody here knows yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`status` is its own, whatever is above it; `said` is the platform's word for it, and `why` its reason, if any."""

    id: str
    name: str
    status: Status
    said: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCampaign(Listed):
    """Money in the account's own currency; a daily budget that is not its own alone is None."""

    objective: str = ""
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
    youngest: int | None = None
    oldest: int | None = None
    lists: tuple[str, ...] = ()
    """Customer lists and other audiences of the platform, by its names or ids."""
    without: tuple[str, ...] = ()
    """Those it is not shown to."""


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
