"""What the models say together, in words: what earns more than it costs, by whom, how sure that is, and what to do next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.door.sign_in import Visitor
from console.frame.wording import Label, Tone, sentence
from console.measuring import goal_book
from console.watching import analytics
from marketing_pipelines.analytics.credit import Channel, Credit, CreditAsked, Estimate, Verdict, credit
from marketing_pipelines.analytics.journeys import Band, Journeys, JourneysAsked, journeys
from store.records.goals import ConversionGoal

# Where the axis of the pictures may end.
_AXES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
_PERCENT = "\u202f%"
_COUNTED = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

VERDICTS: Mapping[Verdict, Label] = {
    Verdict.EVERY: Label("Earn more than they cost, by every model", Tone.GOOD),
    Verdict.SOME: Label("Earn more than they cost by some models only", Tone.WAITING),
    Verdict.UNSURE: Label("Too close to call", Tone.QUIET),
    Verdict.NO: Label("Earn less than they cost, by every model", Tone.BAD),
}
NEXT: Mapping[Verdict, str] = {
    Verdict.EVERY: "Whichever model you believe, the money came back. Raise the spend by one step, not by ten, and look "
    "again; a hold-out says how much of it would have come anyway.",
    Verdict.SOME: "Here the choice of a model decides, and so a test pays most: hold the channel out from some people "
    "before you move its money.",
    Verdict.UNSURE: "Leave the money where it is, and look at more days before you judge.",
    Verdict.NO: "Take money from here first, unless it is meant for something that no path can show.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Channels of which the same is said, each with its bounds, and what to do about them."""

    verdict: Verdict
    label: Label
    channels: Sequence[str]
    next: str


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The answer with the goal that it is about; `told` says why there is none, where there can be none yet."""

    goal: ConversionGoal
    credit: Credit
    journeys: Journeys | None
    told: str


def of(visitor: Visitor, asked: CreditAsked) -> SideBySide:
    goal = goal_of(visitor, asked)
    asked = asked.model_copy(update={"goal_id": goal.id})
    found, told = analytics.answered(visitor, credit, asked)
    if found is None or found.span is None:
        return SideBySide(goal, found or Credit(asked), None, told)
    span = found.span
    ways, told = analytics.answered(
        visitor, journeys, JourneysAsked(first=span.first, last=span.last, goal_id=goal.id)
    )
    return SideBySide(goal, found, ways, told)


def goal_of(visitor: Visitor, asked: CreditAsked) -> ConversionGoal:
    """The headline goal where none is named; a goal of another tenant is not there."""
    return goal_book.read(visitor, asked.goal_id) if asked.goal_id else goal_book.live(visitor)[0]


def findings(found: Credit) -> list[Finding]:
    """Of the channels that cost something, the surest first; what earns most by the most careful model before others."""
    return [
        Finding(
            verdict, label, [_returns(it, found) for it in _most_careful_first(found, verdict)], NEXT[verdict]
        )
        for verdict, label in VERDICTS.items()
        if any(it.verdict is verdict for it in found.channels)
    ]


def summary(found: Credit) -> str:
    """All of it in a sentence."""
    judged = {verdict: [it for it in found.channels if it.verdict is verdict] for verdict in VERDICTS}
    many = sum(map(len, judged.values()))
    if not many:
        return "No channel has both spend and conversions with a value, so that nothing can be said of what any returns."
    said = (
        (Verdict.EVERY, "clearly earned more than {it} cost, whichever model one believes"),
        (Verdict.SOME, "did so only by some models"),
        (Verdict.UNSURE, "cannot be judged yet"),
        (Verdict.NO, "clearly earned less than {it} cost by every model"),
    )
    parts = [
        f"{listed(name(it.name) for it in judged[verdict])} "
        + words.format(it="it" if len(judged[verdict]) == 1 else "they")
        for verdict, words in said
        if judged[verdict]
    ]
    return sentence(f"{'; '.join(parts)}.")


def unjudged(found: Credit) -> str:
    """The channels of which it cannot be said whether they pay."""
    free = [name(it.name) for it in found.channels if it.verdict is Verdict.UNKNOWN and not it.spend]
    paid = [name(it.name) for it in found.channels if it.verdict is Verdict.UNKNOWN and it.spend]
    said = list[str]()
    if free:
        said.append(
            f"No spend is known of {listed(free)}, so that nothing is said of what {'it returns' if len(free) == 1 else 'they return'}."
        )
    if paid:
        said.append(f"Conversions of this goal have no value in money; judge {listed(paid)} by CPA.")
    return " ".join(said)


def agreement(channel: Channel, models: int) -> str:
    """How far models are of one mind about a channel."""
    low, high = channel.least.share.best, channel.most.share.best
    if channel.is_agreed_on:
        return f"{sentence(everyone(models))} {'agrees' if models == 1 else 'agree'} that {name(channel.name)} earns {between(low, high)} of the conversions."
    said = f"Models disagree about {name(channel.name)}: from {percent(low)} to {percent(high)} of the conversions."
    return f"{said} So few converted that it may be chance." if channel.may_be_chance else said


def everyone(models: int) -> str:
    return {1: "the one model", 2: "both models"}.get(models, f"all {counted(models)} models")


def counted(number: int) -> str:
    return _COUNTED[number] if number < len(_COUNTED) else f"{number:,}"


def name(channel: str) -> str:
    """A channel within a sentence."""
    return channel.replace("_", " ")


def listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def percent(share: float) -> str:
    whole = round(share * 100)
    return f"<1{_PERCENT}" if share > 0 and not whole else f"{whole}{_PERCENT}"


def between(low: float, high: float) -> str:
    least, most = percent(low), percent(high)
    if low == high:
        return most
    return f"about {most}" if least == most else f"{least.removesuffix(_PERCENT)} to {most}"


def times(ratio: float) -> str:
    return f"{ratio:.2f}×" if ratio < 10 else f"{ratio:,.0f}×"


def axis(found: Credit) -> float:
    """Where the pictures end: they all do at the same share, so that channels can be compared."""
    most = max((it.share.high or 0.0 for channel in found.channels for it in channel.readings), default=1.0)
    return next((end for end in _AXES if most <= end), 1.0)


def band(found: Band, unit: str, units: str) -> str:
    """A line of a table of lengths."""
    if found.most is None:
        return f"{found.least} {units} or more"
    if found.least == found.most:
        return f"{found.least} {unit if found.least == 1 else units}"
    return f"{found.least} to {found.most} {units}"


def _returns(channel: Channel, found: Credit) -> str:
    """What came back for what was spent, from the most careful model's lower bound to the boldest one's upper."""
    readings = [(it.roas, it.model) for it in channel.readings if it.roas]
    titles = {it.name: it.title for it in found.models}
    if channel.verdict is Verdict.SOME:
        lowest, highest = min(readings, key=_best), max(readings, key=_best)
        return (
            f"{sentence(name(channel.name))}: {_bounds(highest[0])} by {titles[highest[1]]}, "
            f"but {_bounds(lowest[0])} by {titles[lowest[1]]}"
        )
    low = min(it.low for it, _ in readings)
    high = max(it.high or it.best for it, _ in readings)
    if not high:
        return f"{sentence(name(channel.name))}: nothing came back, by {everyone(len(readings))}"
    return f"{sentence(name(channel.name))}: between {times(low)} and {times(high)} its spend, by {everyone(len(readings))}"


def _best(reading: tuple[Estimate, str]) -> float:
    return reading[0].best


def _bounds(ratio: Estimate) -> str:
    low, high = times(ratio.low), times(ratio.high or ratio.best)
    return f"{low} its spend" if low == high else f"{low} to {high} its spend"


def _most_careful_first(found: Credit, verdict: Verdict) -> list[Channel]:
    own = [it for it in found.channels if it.verdict is verdict]
    return sorted(own, key=lambda it: -min(reading.roas.low for reading in it.readings if reading.roas))
