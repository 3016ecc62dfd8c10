"""What is out of the ordinary in tracking, as a data engineer is told it: what it is, what it costs, what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from console.frame import wording
from marketing_pipelines.analytics.health import Warning, Worry


@dataclass(frozen=True, slots=True)
class Told:
    """`page` of the documentation has more of it."""

    what: str
    so_what: str
    page: str


_PIXEL, _WAREHOUSE, _GOALS = "docs/pixel.md", "docs/warehouse.md", "docs/goals.md"


def told(warning: Warning) -> Told:
    return _TOLD[warning.worry](warning)


def _share(warning: Warning) -> str:
    return wording.share(warning.share or 0.0)


def _of(warning: Warning) -> str:
    return f"{wording.number(warning.count)} of {wording.number(warning.of)}"


def _on(day: date | None) -> str:
    return f"{day:%A, %-d %B}" if day else "one day"


_TOLD: Mapping[Worry, Callable[[Warning], Told]] = {
    Worry.NOTHING_CAME: lambda it: Told(
        f"Nothing came in on {_on(it.day)}.",
        f"{wording.number(it.of)} events are usual. See whether the pixel is on the pages and the collector runs; servers may send the day again.",
        _PIXEL,
    ),
    Worry.FEW_CAME: lambda it: Told(
        f"Few events came in on {_on(it.day)}: {wording.number(it.count)}, where {wording.number(it.of)} are usual.",
        "A holiday, or a page that lost its pixel: compare the pages that people saw with those of the week before.",
        _PIXEL,
    ),
    Worry.REJECTED: lambda it: Told(
        f"The collector refused {_share(it)} of what was sent to it ({_of(it)}).",
        "What is refused is lost to every figure. The reasons stand below; most often an origin is missing from the key, or a page sends fields that are too long.",
        _PIXEL,
    ),
    Worry.WITHOUT_VALUE: lambda it: Told(
        f"{_share(it)} of conversions name no value ({_of(it)}).",
        "They count, and earn nothing: revenue and ROAS are too low. Send a value with the event, or give the goal a fixed one.",
        _GOALS,
    ),
    Worry.WITHOUT_CURRENCY: lambda it: Told(
        f"{wording.number(it.count)} {'conversion names' if it.count == 1 else 'conversions name'} a value in no currency.",
        "Each counts in the goal's, or the tenant's. Say the currency with the event where there may be more than one.",
        _GOALS,
    ),
    Worry.LATE: lambda it: Told(
        f"{_share(it)} of events came in more than a day after they happened ({_of(it)}).",
        "Figures of those days rose afterwards, and may still. The warehouse takes late events in by itself; see which server keeps them back.",
        _WAREHOUSE,
    ),
    Worry.UNKNOWN_CHANNELS: lambda it: Told(
        f"No channel is known for {_share(it)} of the pages that people saw ({_of(it)}).",
        "Their credit goes to nobody's work. Tag the links of campaigns, or add rules for the sources that are missing.",
        "docs/attribution.md",
    ),
    Worry.UNMATCHED_CLICKS: lambda it: Told(
        f"{_share(it)} of the clicks that pages name are not known ({_of(it)}).",
        "The edge's log of clicks is late or was lost, so that links get no credit for these visits.",
        "docs/links.md",
    ),
    Worry.COPIES: lambda it: Told(
        f"{_share(it)} of events came in more than once ({_of(it)}).",
        "Copies are left out, so figures are right; a sender that repeats itself so often costs time and storage.",
        _WAREHOUSE,
    ),
    Worry.PROGRAMS: lambda it: Told(
        f"{_share(it)} of events are of programs ({_of(it)}).",
        "They are left out of what counts as people. See which pages they visit before you trust a sudden rise.",
        _PIXEL,
    ),
    Worry.CLOCKS: lambda it: Told(
        f"{_share(it)} of events were sent with a wrong clock ({_of(it)}).",
        "Their moments were corrected on arrival. A server among the senders may need its clock set.",
        _PIXEL,
    ),
    Worry.SHARED_DEVICES: lambda it: Told(
        f"{wording.number(it.count)} {'device is' if it.count == 1 else 'devices are'} shared by too many people and nobody's since.",
        "A till or a public computer: what happens there is credited to no person.",
        _WAREHOUSE,
    ),
    Worry.CROWDED_PEOPLE: lambda it: Told(
        f"{wording.number(it.count)} {'user was' if it.count == 1 else 'users were'} met at more devices than anybody has.",
        "Often a log-in that is shared, or “guest” sent as a user's id. They got no further devices; send no id for those who have none.",
        _WAREHOUSE,
    ),
}
