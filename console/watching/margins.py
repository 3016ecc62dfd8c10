"""Margins in words: where the last euros earned more than the average ones, where less, and why it often cannot be told."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.frame.wording import Label, Tone, money, number, sentence
from console.watching.credit import everyone, listed, name, times
from marketing_pipelines.analytics.margins import Channel, Margin, Margins, Telling, Verdict

_COINS = {"EUR": "euro", "USD": "dollar", "GBP": "pound", "CHF": "franc"}
_SHORT: Mapping[Telling, str] = {
    Telling.MORE: "more than average",
    Telling.LESS: "less than average",
    Telling.CHANCE: "may be chance",
    Telling.OPPOSITE: "went the other way",
    Telling.STEADY: "spend hardly moved",
    Telling.ONE_SIDED: "no spend to compare",
}
NEXT: Mapping[Verdict, str] = {
    Verdict.MORE: "If there is more to spend, this is where to try it first: one step, and look again after as many days.",
    Verdict.LESS: "Do not raise it further. Whether the last step was worth its money still hangs on what it earned; if that is "
    "below what you need, take the step back.",
    Verdict.SOME: "The choice of a model decides here. Leave the money where it is until a hold-out tells.",
    Verdict.UNREAD: "This says neither that more would pay nor that it would not. Move a channel's spend by a tenth or more for "
    "as many days, or ask for more days.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Channels of which the same is said, and what to do about them."""

    label: Label
    channels: Sequence[str]
    next: str


def coin(currency: str) -> str:
    """What people call one of it."""
    return _COINS.get(currency, currency)


def summary(found: Margins) -> str:
    """All of it in a sentence."""
    of = {verdict: [it.name for it in found.channels if it.verdict is verdict] for verdict in Verdict}
    said = (
        (Verdict.MORE, "more than {its} average one by every model"),
        (Verdict.LESS, "less than {its} average one by every model"),
    )
    parts = [
        f"the last {coin(found.currency)} on {listed(map(name, of[verdict]))} earned "
        + words.format(its="its" if len(of[verdict]) == 1 else "their")
        for verdict, words in said
        if of[verdict]
    ]
    if disputed := of[Verdict.SOME]:
        parts.append(f"about {listed(map(name, disputed))} models do not agree")
    if unread := of[Verdict.UNREAD]:
        parts.append(f"of {listed(map(name, unread))} it cannot be read")
    return sentence(f"{'; '.join(parts)}.")


def findings(found: Margins) -> list[Finding]:
    """What can be read comes first."""
    one = coin(found.currency)
    labels: Mapping[Verdict, tuple[Label, Callable[[Channel, Margins], str]]] = {
        Verdict.MORE: (Label(f"The last {one} earned more than the average one", Tone.GOOD), _read_off),
        Verdict.LESS: (Label(f"The last {one} earned less than the average one", Tone.WAITING), _read_off),
        Verdict.SOME: (Label("Models tell different things", Tone.WAITING), _by_whom),
        Verdict.UNREAD: (Label("Cannot be read", Tone.QUIET), why),
    }
    return [
        Finding(label, [sentence(line(it, found)) for it in own], NEXT[verdict])
        for verdict, (label, line) in labels.items()
        if (own := [it for it in found.channels if it.verdict is verdict])
    ]


def why(channel: Channel, found: Margins) -> str:
    """What keeps the last euros of a channel from being told from the others."""
    days = int(found.asked.window_days)
    reasons = Counter(it.telling for it in channel.margins)
    if Telling.ONE_SIDED in reasons:
        when = f"in the {days} days before" if not channel.spend_before else f"in these {days} days"
        return f"{name(channel.name)}: nothing was spent on it {when}, as far as is known"
    if Telling.STEADY in reasons:
        return f"{name(channel.name)}: its spend moved by no more than a tenth, {_moved(channel, found)}"
    said = {
        Telling.OPPOSITE: "conversions did not go the way its spend went",
        Telling.CHANCE: "the difference is no more than chance may make",
    }
    told = [f"{words} by {_models(reasons[it], found)}" for it, words in said.items() if reasons[it]]
    return f"{name(channel.name)}: {', and '.join(told)} ({_moved(channel, found)})"


def short(margin: Margin) -> str:
    """What a cell of the table says under its number."""
    return _SHORT[margin.telling]


def _read_off(channel: Channel, found: Margins) -> str:
    """From the most careful model's bound to the boldest one's."""
    head = f"{name(channel.name)}: its spend went {_moved(channel, found)}"
    by, one = everyone(len(channel.margins)), coin(found.currency)
    roas = [it.roas for it in channel.margins if it.roas]
    averages = [it.average.roas for it in channel.margins if it.average.roas is not None]
    if roas and averages:
        low, high = min(it.low for it in roas), max(it.high or it.best for it in roas)
        return (
            f"{head}; of the step, each {one} brought back {times(low)} to {times(high)}, "
            f"the average {one} {_range(averages, times)}, by {by}"
        )
    costs = [it.cpa for it in channel.margins if it.cpa]
    low, bounds = min(it.low for it in costs), [it.high for it in costs if it.high is not None]
    high = f"to {money(max(bounds), found.currency)}" if len(bounds) == len(costs) else "or more"
    usual = _range([it.average.cpa for it in channel.margins if it.average.cpa], _cents)
    return (
        f"{head}; of the step, each conversion cost {_cents(low)} {high}, "
        f"the average one {usual} {found.currency}, by {by}"
    )


def _by_whom(channel: Channel, found: Margins) -> str:
    titles = {it.name: it.title for it in found.models}
    by = {
        telling: [titles[it.model] for it in channel.margins if it.telling is telling] for telling in Telling
    }
    told = [
        f"{words} by {listed(by[telling])}"
        for telling, words in ((Telling.MORE, "more"), (Telling.LESS, "less"))
        if by[telling]
    ]
    silent = len(channel.margins) - len(by[Telling.MORE]) - len(by[Telling.LESS])
    rest = f"; {_models(silent, found)} cannot tell" if silent else ""
    return f"{name(channel.name)}: {', '.join(told)}{rest} ({_moved(channel, found)})"


def _cents(value: float) -> str:
    return number(round(value, 2))


def _moved(channel: Channel, found: Margins) -> str:
    return f"from {number(channel.spend_before)} to {money(channel.spend, found.currency)}"


def _models(count: int, found: Margins) -> str:
    return everyone(count) if count == len(found.models) else f"{count} of {len(found.models)} models"


def _range(values: Iterable[float], words: Callable[[float], str]) -> str:
    low, *_, high = [*(ordered := sorted(values)), ordered[-1]]
    return words(low) if words(low) == words(high) else f"{words(low)} to {words(high)}"
