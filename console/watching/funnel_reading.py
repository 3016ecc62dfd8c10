"""What a funnel says: where most people are lost, who comes further than the rest, and how sure either is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from marketing_pipelines.analytics.asking import DAY
from marketing_pipelines.analytics.certainty import Share
from marketing_pipelines.analytics.funnels import MOST_STEPS, Course, Funnel, FunnelAsked

# Of fewer people nothing is said: nearly any difference among them is chance.
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Passage:
    """From one step to the next: how many of those who stood there went on."""

    number: int
    before: str
    after: str
    share: Share

    @property
    def lost(self) -> int:
        return self.share.whole - self.share.part


@dataclass(frozen=True, slots=True)
class Apart:
    """The value of a segment from which the largest share came to the end, and the one from which the smallest did."""

    best: str
    best_share: Share
    worst: str
    worst_share: Share


def passages(course: Course) -> list[Passage]:
    return [
        Passage(number, before.name, after.name, Share(after.people, before.people))
        for number, (before, after) in enumerate(pairwise(course.steps), 1)
    ]


def largest_loss(course: Course) -> Passage | None:
    """Where most people are lost, of equals the earlier; none where nobody is."""
    lossy = [passage for passage in passages(course) if passage.lost]
    return max(lossy, key=lambda passage: passage.lost, default=None)


def narrowest(course: Course) -> Passage | None:
    """Where the smallest share goes on, among passages that enough people came to."""
    known = [passage for passage in passages(course) if passage.share.whole >= FEWEST]
    return min(known, key=lambda passage: passage.share.rate, default=None)


def whole_way(course: Course) -> Share:
    return Share(course.steps[-1].people, course.steps[0].people)


def apart(funnel: Funnel) -> Apart | None:
    """Whether more than chance tells the segments apart, and which ones; unknown values are no group to compare."""
    known = [(course.of, whole_way(course)) for course in funnel.segments if course.of]
    known = [(of, share) for of, share in known if share.whole >= FEWEST]
    if len(known) < 2:
        return None
    (best, best_share), (worst, worst_share) = (
        max(known, key=lambda it: it[1].rate),
        min(known, key=lambda it: it[1].rate),
    )
    return Apart(best, best_share, worst, worst_share) if best_share.differs(worst_share) else None


def still_going_on(asked: FunnelAsked, today: date) -> date | None:
    """From which day on people still have time for later steps; none where all of them are through."""
    open_from = max(asked.span.first, today - asked.window_days * DAY)
    return open_from if open_from <= asked.span.last else None


def usual_steps(seen: Mapping[str, int]) -> tuple[str, ...]:
    """The steps that a funnel is asked of when nobody chose any: the usual ones that come in, else the most frequent."""
    usual: Sequence[str] = [name for name in FunnelAsked().steps if name in seen]
    return tuple(usual) if len(usual) > 1 else tuple(_askable(seen))[:3]


def choices(seen: Mapping[str, int], chosen: Sequence[str]) -> list[str]:
    """What each step may be: what came in, the most frequent first, and what is asked for anyway."""
    return [*_askable(seen), *dict.fromkeys(name for name in chosen if name not in seen)]


def step_fields(chosen: Sequence[str]) -> list[str]:
    """The steps as fields: those that are chosen, and room for one more."""
    return [*chosen, ""][:MOST_STEPS]


def _askable(seen: Mapping[str, int]) -> Iterator[str]:
    return (name for name in seen if 0 < len(name) <= 64 and "," not in name and name == name.strip())
