"""Health of tracking: what came in by day, late, twice, refused or incomplete, and what of it somebody should look at."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any

from marketing_pipelines.analytics.asking import DAY, Question, Span
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

# From which share on something is worth a look; fewer events than these say nothing.
TELLING = 50
MOST_LATE, MOST_COPIES, MOST_UNKNOWN, MOST_REJECTED, MOST_PROGRAMS = 0.05, 0.05, 0.2, 0.05, 0.5
MOST_WITHOUT_VALUE, MOST_UNMATCHED, MOST_CLOCKS = 0.05, 0.2, 0.05
# Of what usually comes in a day, so little is a fault rather than a quiet day.
FEWEST_OF_USUAL = 0.5


class Lateness(StrEnum):
    """How long after it happened an event came in, as the warehouse calls it."""

    HOUR = "within an hour"
    DAY = "within a day"
    THREE_DAYS = "within three days"
    LATER = "later"


class Worry(StrEnum):
    NOTHING_CAME = "nothing_came"
    FEW_CAME = "few_came"
    LATE = "late"
    COPIES = "copies"
    REJECTED = "rejected"
    UNKNOWN_CHANNELS = "unknown_channels"
    PROGRAMS = "programs"
    CLOCKS = "clocks"
    WITHOUT_VALUE = "without_value"
    WITHOUT_CURRENCY = "without_currency"
    UNMATCHED_CLICKS = "unmatched_clicks"
    SHARED_DEVICES = "shared_devices"
    CROWDED_PEOPLE = "crowded_people"


class TrackingAsked(Question):
    @property
    def longest(self) -> int:
        return 400


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day. `with_consent` and `without_consent` are shares; unknown where nothing came in."""

    day: date
    received: int = 0
    events: int = 0
    copies: int = 0
    clocks_corrected: int = 0
    rejected: int = 0
    of_programs: int = 0
    without_visitor: int = 0
    page_views: int = 0
    unknown_channels: int = 0
    conversions: int = 0
    without_value: int = 0
    without_currency: int = 0
    click_ids: int = 0
    unmatched_click_ids: int = 0
    devices_shared: int = 0
    people_crowded: int = 0
    devices_refused: int = 0
    with_consent: float | None = None
    without_consent: float | None = None
    by_kind: Mapping[str, int] = field(default_factory=dict)
    by_lateness: Mapping[str, int] = field(default_factory=dict)
    by_reason: Mapping[str, int] = field(default_factory=dict)

    @property
    def late(self) -> int:
        """What came in after a day or more."""
        return self.by_lateness.get(Lateness.THREE_DAYS, 0) + self.by_lateness.get(Lateness.LATER, 0)


@dataclass(frozen=True, slots=True)
class Warning:
    """`count` of `of` in the span, or on the day where it is of one."""

    worry: Worry
    count: int
    of: int = 0
    day: date | None = None

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Tracking:
    """Each day of the span from the first on which something came in."""

    span: Span
    days: Sequence[Day] = ()
    warnings: Sequence[Warning] = ()

    @property
    def total(self) -> Day:
        return _together(self.days, self.span.last)


def tracking(client: events.Client, tenant: TenantId, asked: TrackingAsked) -> Tracking:
    span = asked.span
    rows = read(client, tenant, _QUERY, first=span.first, last=span.last).to_dicts()
    known = {row["day"]: _day(row) for row in rows}
    if not known:
        return Tracking(span)
    first = min(known)
    days = [
        known.get(day, Day(day)) for day in (first + n * DAY for n in range((span.last - first).days + 1))
    ]
    return Tracking(span, days, list(warnings(days)))


def warnings(days: Sequence[Day]) -> Iterator[Warning]:
    """What is out of the ordinary, what loses most first. The last day is not over, and judged by shares alone."""
    yield from _silences(days)
    whole = _together(days, days[-1].day)
    for worry, count, of, most in _SHARES:
        part, all_of_it = count(whole), of(whole)
        if all_of_it >= TELLING and part > most * all_of_it:
            yield Warning(worry, part, all_of_it)
    for worry, count in _ANY:
        if part := count(whole):
            yield Warning(worry, part)


def _silences(days: Sequence[Day]) -> Iterator[Warning]:
    """Days before today on which nothing came in, or far less than usual."""
    over = days[:-1]
    usual = sorted(day.events for day in over)[len(over) // 2] if over else 0
    if usual < TELLING:
        return
    for day in over:
        if day.events == 0:
            yield Warning(Worry.NOTHING_CAME, 0, usual, day.day)
        elif day.events < FEWEST_OF_USUAL * usual:
            yield Warning(Worry.FEW_CAME, day.events, usual, day.day)


_SHARES: Sequence[tuple[Worry, Callable[[Day], int], Callable[[Day], int], float]] = (
    (Worry.REJECTED, lambda it: it.rejected, lambda it: it.received + it.rejected, MOST_REJECTED),
    (Worry.WITHOUT_VALUE, lambda it: it.without_value, lambda it: it.conversions, MOST_WITHOUT_VALUE),
    (Worry.LATE, lambda it: it.late, lambda it: it.events, MOST_LATE),
    (Worry.UNKNOWN_CHANNELS, lambda it: it.unknown_channels, lambda it: it.page_views, MOST_UNKNOWN),
    (Worry.UNMATCHED_CLICKS, lambda it: it.unmatched_click_ids, lambda it: it.click_ids, MOST_UNMATCHED),
    (Worry.COPIES, lambda it: it.copies, lambda it: it.received, MOST_COPIES),
    (Worry.PROGRAMS, lambda it: it.of_programs, lambda it: it.events, MOST_PROGRAMS),
    (Worry.CLOCKS, lambda it: it.clocks_corrected, lambda it: it.received, MOST_CLOCKS),
)
_ANY: Sequence[tuple[Worry, Callable[[Day], int]]] = (
    (Worry.WITHOUT_CURRENCY, lambda it: it.without_currency),
    (Worry.SHARED_DEVICES, lambda it: it.devices_shared),
    (Worry.CROWDED_PEOPLE, lambda it: it.people_crowded),
)
_COUNTS = tuple(it.name for it in fields(Day) if it.type is int)
_SHARES_OF_EVENTS = ("with_consent", "without_consent")
_MAPS = ("by_kind", "by_lateness", "by_reason")


def _together(days: Sequence[Day], last: date) -> Day:
    """Sums over days; shares weigh as much as a day has events."""
    sums: dict[str, Any] = {name: sum(getattr(day, name) for day in days) for name in _COUNTS}
    for name in _MAPS:
        sums[name] = dict(sum((Counter(getattr(day, name)) for day in days), Counter()))
    for name in _SHARES_OF_EVENTS:
        part = sum((getattr(day, name) or 0.0) * day.events for day in days)
        sums[name] = part / sums["events"] if sums["events"] else None
    return Day(last, **sums)


def _day(row: Mapping[str, Any]) -> Day:
    maps: dict[str, Any] = {
        name: {key: int(count) for key, count in json.loads(row[name]).items()} for name in _MAPS
    }
    return Day(**{**row, **maps})


_QUERY = """
select
    date_day as day,
    toInt64(received) as received,
    toInt64(events) as events,
    toInt64(copies) as copies,
    toInt64(clocks_corrected) as clocks_corrected,
    toInt64(rejected) as rejected,
    toInt64(events_of_programs) as of_programs,
    toInt64(events_without_visitor) as without_visitor,
    toInt64(human_page_views) as page_views,
    toInt64(unknown_channels) as unknown_channels,
    toInt64(conversions) as conversions,
    toInt64(conversions_without_value) as without_value,
    toInt64(conversions_without_currency) as without_currency,
    toInt64(click_ids) as click_ids,
    toInt64(unmatched_click_ids) as unmatched_click_ids,
    toInt64(devices_shared) as devices_shared,
    toInt64(people_crowded) as people_crowded,
    toInt64(devices_refused) as devices_refused,
    share_with_consent as with_consent,
    share_refused as without_consent,
    toJSONString(events_by_kind) as by_kind,
    toJSONString(events_by_lateness) as by_lateness,
    toJSONString(rejected_by_reason) as by_reason
from marts.tracking_health
where tenant_id = {tenant:Int64} and date_day between {first:Date} and {last:Date}
order by date_day
settings max_execution_time = 5
"""
