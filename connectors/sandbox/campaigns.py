"""The campaigns of the sandbox's ad accounts: those of its world, those that were made since, and how they stand."""

from dataclasses import dataclass, field
from datetime import date

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.world import ACCOUNTS, AdAccount

FIRST_MADE = 900_000_000_001
_USUAL_BUDGET_MICROS = 40_000_000


@dataclass(slots=True)
class Standing:
    """A campaign as its provider knows it; `budget_micros` a day, None where it has none of its own."""

    id: str
    name: str
    is_running: bool
    budget_micros: int | None
    until: date | None = None
    more: dict[str, object] = field(default_factory=dict)
    """What else the provider was told of it."""


class Campaigns:
    """By account; whatever changes is noted among what was accepted."""

    def __init__(self, channel: Channel, accepted: Accepted) -> None:
        self._channel, self._accepted = channel, accepted
        self._next = FIRST_MADE
        self._by_account = {
            known.id: [_standing(known, at) for at in range(len(known.campaigns))]
            for known in ACCOUNTS
            if known.channel is channel
        }

    def of(self, account: str) -> list[Standing]:
        return list(self._by_account[account])

    def named(self, account: str, number: str) -> Standing | None:
        return next((each for each in self._by_account[account] if each.id == number), None)

    def new_id(self) -> str:
        self._next += 1
        return str(self._next - 1)

    def make(self, account: str, made: Standing) -> None:
        self._by_account[account].append(made)
        self._note("create", account, made)

    def switch(self, account: str, campaign: Standing, *, is_running: bool) -> None:
        campaign.is_running = is_running
        self._note("run" if is_running else "pause", account, campaign)

    def set_budget(self, account: str, campaign: Standing, micros: int) -> None:
        campaign.budget_micros = micros
        self._note("budget", account, campaign)

    def _note(self, kind: str, account: str, campaign: Standing) -> None:
        self._accepted.note(
            self._channel,
            kind,
            account=account,
            id=campaign.id,
            name=campaign.name,
            is_running=campaign.is_running,
            budget_micros=campaign.budget_micros,
            until=campaign.until and campaign.until.isoformat(),
        )


def _standing(known: AdAccount, at: int) -> Standing:
    campaign = known.campaigns[at]
    scale = 1 if known.decimals else 164
    return Standing(campaign.id, campaign.name, is_running=True, budget_micros=_USUAL_BUDGET_MICROS * scale)
