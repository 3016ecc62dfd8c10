"""What an ad account can be told: that a campaign is there, runs, stops, or may spend another sum a day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign:
    """A campaign to be made, paused; money in the account's own currency.

    `marker` is part of the name at the provider, so that a campaign whose answer got lost can be found again.
    What is empty is left to the provider, and what a provider cannot be told is Invalid.
    """

    name: str
    marker: str
    daily_budget: Decimal
    until: date | None = None
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2."""
    language: str = ""
    """ISO 639-1."""
    highest_bid: Decimal | None = None

    @property
    def marked_name(self) -> str:
        return f"{self.name} {mark(self.marker)}"


def mark(marker: str) -> str:
    return f"[mp:{marker}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignNow:
    """How a campaign stands at its provider; a budget that is not its own alone is None."""

    id: str
    name: str
    is_running: bool
    daily_budget: Decimal | None
    currency: str


@runtime_checkable
class ChangesAds(Protocol):
    """A channel whose advertising can be changed.

    Reading is patient. What changes something is sent once: it is done, or refused, or an UnknownOutcome that only
    looking can settle.
    """

    def campaign(self, account: str, campaign: str) -> CampaignNow:
        """One that is not there is Invalid."""
        ...

    def campaign_made_with(self, account: str, marker: str) -> CampaignNow | None:
        """The campaign that carries the marker, whole."""
        ...

    def check_campaign(self, account: str, wanted: NewCampaign) -> None:
        """Refuses what `create_campaign` would refuse, as far as the provider tells without making it."""
        ...

    def create_campaign(self, account: str, wanted: NewCampaign) -> CampaignNow:
        """Makes it, paused; what carries its marker already is adopted and completed, never made twice."""
        ...

    def run_campaign(self, account: str, campaign: str) -> None: ...

    def pause_campaign(self, account: str, campaign: str) -> None: ...

    def set_daily_budget(self, account: str, campaign: str, amount: Decimal) -> None:
        """A budget that other campaigns spend as well is Invalid, since nobody has signed for those."""
        ...
