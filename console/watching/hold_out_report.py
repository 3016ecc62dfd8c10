"""What a hold-out says, in words: what was caused, how sure that is, whether it can be believed, and what to do next.

While it runs nothing is told of what people did: who looks every day and stops when it looks good finds effects that are
not there. An end that is set early cannot have been chosen by the result then, and the interval holds as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal

from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame import wording
from console.watching import analytics
from marketing_pipelines.analytics import hold_outs
from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.hold_outs import Asked, Comparison, Drawing, Place, Sides
from marketing_pipelines.attribution import Group, Lot, smallest_effect
from marketing_pipelines.attribution.hold_outs import CONFIDENCE, HARDLY_CHANCE, Estimate, Lift
from store.clock import now
from store.records.goals import ConversionGoal
from store.records.hold_outs import HoldOut, HoldOutState
from store.records.schema import GoalId

# Which shares the form weighs against each other, and for how many days.
SHARES = tuple(map(Decimal, ("0.05", "0.1", "0.2", "0.3", "0.5")))
LENGTHS = (14, 28, 56)
LONGEST_PERSON = 200
# A result moves while late events still come in.
SETTLES_WITHIN = timedelta(days=3)
_PERCENT = "\u202f%"
# Any lot will do to count everybody: nothing of it is told apart.
_ANY_LOT = Lot(b"", Decimal("0.5"))


@dataclass(frozen=True, slots=True)
class Reach:
    """What a hold-out of some share could find: of so many people held out, the smallest rise of their rate."""

    share: Decimal
    held_out: int
    rate: float
    effect: float | None

    @property
    def relative(self) -> float | None:
        return self.effect / self.rate if self.effect else None


@dataclass(frozen=True, slots=True)
class Lately:
    """Everybody who would have been drawn so many days ago, and how many of them converted since."""

    days: int
    users: int
    converters: int

    @property
    def rate(self) -> float:
        return self.converters / self.users if self.users else 0.0

    def reach(self, share: Decimal) -> Reach:
        found = smallest_effect(self.users, float(share), self.rate)
        return Reach(share, round(self.users * float(share)), self.rate, found)


@dataclass(frozen=True, slots=True)
class Report:
    """`result` is there once it is over; `before` is the same people when nothing was kept from anybody."""

    hold_out: HoldOut
    before: Sides
    result: Sides | None
    span: Span | None

    @property
    def sides(self) -> Sides:
        return self.result or self.before

    @property
    def treated(self) -> int:
        return self.sides.treated.users if self.sides.treated else 0

    @property
    def held_out(self) -> int:
        return self.sides.held_out.users if self.sides.held_out else 0

    @property
    def lift(self) -> Lift | None:
        return self.result.lift if self.result else None

    @property
    def chance_of_sizes(self) -> float:
        return self.sides.chance_of_sizes(Lot(self.hold_out.lot_key, self.hold_out.share))

    @property
    def is_a_fair_lot(self) -> bool:
        return self.chance_of_sizes >= HARDLY_CHANCE

    @property
    def were_alike(self) -> bool:
        """Whether both sides did the same before; one fair lot in twenty does not look so."""
        found = self.before.lift
        return found is None or not found.told_apart

    @property
    def may_move(self) -> bool:
        return self.span is not None and now().date() - self.span.last <= SETTLES_WITHIN

    @property
    def reach(self) -> Reach:
        """What so many people can find, by how many of the held out converted, else of everybody before."""
        rate = self.before.converters / self.before.users if self.before.users else 0.0
        if self.result and self.result.held_out:
            rate = self.result.held_out.rate
        effect = smallest_effect(self.sides.users, float(self.hold_out.share), rate)
        return Reach(self.hold_out.share, self.held_out, rate, effect)


def of(visitor: Visitor, hold_out: HoldOut) -> tuple[Report | None, str]:
    """The report, or None and what is to be said while there can be none."""
    days = Span(hold_out.first_day, hold_out.last_counted or hold_out.first_day)
    asked = Comparison(Drawing.of(hold_out), hold_out.goal_id, days)
    if hold_out.state is HoldOutState.PLANNED:
        asked = _as_if_today(asked)
    before, told = analytics.answered(visitor, hold_outs.sides, asked.just_before)
    if before is None or hold_out.state is not HoldOutState.ENDED or hold_out.last_counted is None:
        return (Report(hold_out, before, None, None) if before else None), told
    result, told = analytics.answered(visitor, hold_outs.sides, asked)
    return (Report(hold_out, before, result, days) if result else None), told


def lately(visitor: Visitor, goal: GoalId, days: int) -> tuple[Lately | None, str]:
    asked = hold_outs.lately(now().date(), goal, _ANY_LOT, days)
    found, told = analytics.answered(visitor, hold_outs.sides, asked)
    return (Lately(days, found.users, found.converters) if found else None), told


def place(visitor: Visitor, hold_out: HoldOut, person: str) -> Place:
    """On which side somebody is; before the warehouse is built nobody is counted, and the lot is drawn all the same."""
    name = person.strip()
    kind = next((kind for kind in hold_outs.NAMES if name.startswith(kind)), None)
    if kind is None or name == kind:
        reason = "write user: or contact: and the id behind it, like user:4711"
        raise Refused(422, f"person: {reason}.", [FieldError("person", reason)])
    asked = Asked(Drawing.of(hold_out), name)
    found, _ = analytics.answered(visitor, hold_outs.place, asked)
    return found or hold_outs.placed(asked, person=name, is_counted=False)


def headline(report: Report) -> str:
    """The result in a sentence."""
    found = report.lift
    if found is None:
        return "There is nothing to compare: one of the two groups has nobody in it."
    if not report.is_a_fair_lot:
        return "Do not use this result: the groups have not the sizes that the lot gives."
    best, low, high = found.conversions.best, found.conversions.low, found.conversions.high
    if found.told_apart and best > 0:
        return (
            f"It caused {_people(best)} to convert who would not have otherwise: between {_whole(low)} and {_whole(high)}"
            f"{_relatively(found)}."
        )
    if found.told_apart:
        return f"It did harm: {_people(-best)} did not convert who would have without it, between {_whole(-high)} and {_whole(-low)}."
    return (
        f"It cannot be told apart from no effect at all: between {_more(low)} and {_more(high)} conversions."
    )


def certainty(report: Report) -> str:
    """How sure that is."""
    found = report.lift
    if found is None:
        return ""
    return (
        f"By lot and not by choice, so that this is what was caused, and not who was there. The bounds hold the truth "
        f"{round(CONFIDENCE * 100)} times in a hundred; of twenty tests of something without an effect one seems to show one."
        + (" Repeat what surprises you before you act on it." if found.told_apart else "")
    )


def next_step(report: Report, currency: str) -> str:
    found = report.lift
    if found is None:
        return "Plan another one for when the warehouse knows more people by name."
    if not report.is_a_fair_lot:
        return (
            "Find out where people were lost: whoever is erased, filtered or never loaded on one side only makes the groups "
            "unlike. Then hold out anew."
        )
    if not found.told_apart:
        said = (
            f"This does not show that it does nothing. If neither {_more(found.conversions.low)} nor "
            f"{_more(found.conversions.high)} would change what you do, leave it there; else hold out more people, for longer."
        )
        if (least := report.reach.relative) is None:
            return said
        return f"{said} So many people show a lift of {signed(least)} four times in five, and smaller ones less often."
    if found.conversions.best < 0:
        return "Stop it where you can do so at no cost, and repeat the test before you give it up for good."
    if found.value.low > 0:
        return (
            f"Set what it cost against what it brought: go on where it cost less than {_money(found.value.low, currency)}, "
            f"which is the careful reading, and think again where it cost more than {_money(found.value.high, currency)}."
        )
    return (
        "Go on with it where a conversion is worth more to you than it cost; what people spent varies too much to say "
        "what it brought in money."
    )


def doubts(report: Report, goal: ConversionGoal) -> list[str]:
    """What speaks against taking the figures as they are."""
    said = list[str]()
    if not report.is_a_fair_lot:
        said.append(
            f"{report.treated:,} and {report.held_out:,} people: a fair lot of {percent(float(report.hold_out.share))} gives "
            f"sizes so far off less than once in a thousand times."
        )
    if report.result and not report.were_alike:
        said.append(
            "The groups differed before it began, as those of one fair lot in twenty do; take the result with a grain of salt."
        )
    has_begun = report.hold_out.state is not HoldOutState.PLANNED
    if goal.archived_at is not None:
        said.append("The goal is archived and its conversions are gone; nothing can be read by it.")
    elif has_begun and goal.changed_at.astimezone(UTC).date() >= report.hold_out.first_day:
        said.append("The goal was changed after it began; both groups are counted by what it says now.")
    if report.may_move:
        said.append("The last days are just over: late events may still move this a little.")
    return said


def estimates(found: Lift, currency: str) -> list[tuple[str, str, str, Estimate]]:
    """What the pictures show: a name, the best reading, its bounds in words, and the numbers."""
    shown = [
        ("Conversions caused", found.conversions),
        (f"Value caused, in {currency}", found.value),
    ]
    told = [(name, _whole_signed(it.best), _to(it, _whole_signed), it) for name, it in shown]
    if (relative := found.relative) is not None:
        told.append(("Lift of the rate", signed(relative.best), _to(relative, signed), relative))
    return told


def groups(report: Report) -> Sequence[tuple[str, Group]]:
    pairs = (("Reached", report.sides.treated), ("Held out", report.sides.held_out))
    return [(name, group) for name, group in pairs if group]


def axis(found: Estimate) -> tuple[float, float]:
    """From where to where its picture goes: nothing is always on it, and there is room at either end."""
    low, high = min(found.low, 0.0), max(found.high, 0.0)
    room = (high - low) * 0.08 or 1.0
    return low - room, high + room


def at(value: float, ends: tuple[float, float]) -> str:
    """Where a value stands on an axis, as SVG has it."""
    return f"{(value - ends[0]) / (ends[1] - ends[0]) * 100:.1f}%"


def percent(share: float) -> str:
    return f"{share * 100:.3g}{_PERCENT}"


def signed(share: float) -> str:
    return f"{_with_sign(round(share * 100, 1), '.1f')}{_PERCENT}"


def _whole_signed(amount: float) -> str:
    return _with_sign(round(amount), "d")


def _to(found: Estimate, said: Callable[[float], str]) -> str:
    return f"{said(found.low)} to {said(found.high)}"


def _with_sign(amount: float, form: str) -> str:
    """Nothing has no sign, and a minus is no hyphen."""
    return f"{amount:+,{form}}".replace("-", "\u2212") if amount else f"{0:{form}}"


def _as_if_today(asked: Comparison) -> Comparison:
    """One that is to come is weighed by who is known now, and what they did in as many days."""
    today = now().date()
    span = Span(today, today + timedelta(days=asked.span.days - 1))
    return Comparison(Drawing(asked.drawing.lot, today), asked.goal, span)


def _relatively(found: Lift) -> str:
    if found.relative is None:
        return ""
    return f", a lift of {signed(found.relative.low)} to {signed(found.relative.high)}"


def _people(count: float) -> str:
    return "one person" if round(count) == 1 else f"{_whole(count)} people"


def _more(count: float) -> str:
    return f"{_whole(abs(count))} {'fewer' if count < 0 else 'more'}"


def _whole(count: float) -> str:
    return f"{count:,.0f}"


def _money(amount: float, currency: str) -> str:
    return wording.money(amount, currency)
