"""Paths as people look at them: what was asked for, and each step with its channel's credit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.actions import desk
from console.door.sign_in import Visitor
from console.frame import form_bodies
from console.measuring import goal_book
from console.watching import analytics
from marketing_pipelines.analytics.paths import Path, PathsAsked
from store.records.schema import CampaignId

# Of a longer path the first and the last steps are shown.
MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """A touch. A channel that is met again has had its credit at its first step; `left_out` counts steps not shown."""

    channel: str
    share: float | None
    is_again: bool = False
    left_out: int = 0


def asked(visitor: Visitor, typed: Mapping[str, str]) -> PathsAsked:
    """What a form says, its days settled; a campaign or goal of another tenant is not there."""
    said = {name: value for name, value in typed.items() if value.strip()}
    found = analytics.settled(visitor, form_bodies.read(PathsAsked, said))
    owned(visitor, found)
    return found


def owned(visitor: Visitor, found: PathsAsked) -> None:
    """Refuses what names a campaign or a goal that the tenant has not got."""
    if found.campaign_id is not None:
        with visitor.records() as session:
            desk.require_campaign(session, visitor, CampaignId(found.campaign_id))
    if found.goal_id is not None:
        goal_book.read(visitor, found.goal_id)


def steps(path: Path) -> Iterator[Step]:
    """Every touch in its order, with what its channel gets of the whole path."""
    shares = {it.channel: it.share for it in path.credit}
    met = set[str]()
    left_out = len(path.channels) - MOST_STEPS if len(path.channels) > MOST_STEPS else 0
    skipped = range(MOST_STEPS // 2, MOST_STEPS // 2 + left_out)
    for place, channel in enumerate(path.channels):
        is_again = channel in met
        met.add(channel)
        if place == skipped.start and left_out:
            yield Step("", None, left_out=left_out)
        if place not in skipped:
            yield Step(channel, None if is_again else shares.get(channel, 0.0), is_again)
