"""X's statistics: a little is answered at once, more is worked out as jobs whose results are fetched.

An entity is asked about where X says that something of it has changed, by each of its placements, whose figures add up.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from connectors.answers import Answer, decoded, shaped
from connectors.days import start_of
from connectors.errors import NotReady, Transient, UnexpectedAnswer
from connectors.face import Level
from connectors.retries import Patience
from connectors.x_ads_api import WHERE, XAdsApi, is_id
from connectors.x_entities import Account

MOST_IDS = 20
DAYS_AT_ONCE, DAYS_OF_A_JOB = 7, 90
# Of 250 in a quarter of an hour, for all accounts of a user together: what would take more is worked out as jobs.
MOST_AT_ONCE = 10
# Of a hundred that an account may have running, so that others have some too.
_MOST_JOBS = 50
_FIRST_LOOK_AFTER, _MOST_LOOKS, _LONGEST_SECONDS = 5.0, 100, 1800.0

ENTITY = {Level.CAMPAIGN: "CAMPAIGN", Level.AD_GROUP: "LINE_ITEM", Level.AD: "PROMOTED_TWEET"}
_METRICS = "ENGAGEMENT,BILLING,WEB_CONVERSION"

Figures = dict[str, Any]
"""What X counts of one entity on one day, by its own names; what it did not count is not there."""


class _Active(msgspec.Struct):
    entity_id: str
    placements: list[str] = []


class _Actives(msgspec.Struct):
    data: list[_Active]


class _Segment(msgspec.Struct):
    metrics: dict[str, Any]
    segment: Any = None


class _Series(msgspec.Struct):
    id: str
    id_data: list[_Segment] = []


class _Report(msgspec.Struct):
    time_series_length: int
    data: list[_Series]


class _Job(msgspec.Struct):
    id_str: str
    status: str = ""
    url: str | None = None


class _Jobs(msgspec.Struct):
    data: list[_Job]


class _Failed(Transient):
    """This job will never end well, and another one may."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An entity's day, by placement."""

    entity: str
    day: date
    by_placement: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class _Question:
    """Some entities of one level in one placement, from a first day to a last."""

    level: Level
    placement: str
    ids: tuple[str, ...]
    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def asked(self, time_zone: str) -> dict[str, str]:
        return {
            "entity": ENTITY[self.level],
            "entity_ids": ",".join(self.ids),
            "start_time": midnight(self.since, time_zone),
            "end_time": midnight(self.until + timedelta(days=1), time_zone),
            "granularity": "DAY",
            "placement": self.placement,
            "metric_groups": _METRICS,
        }


class Statistics:
    """What the accounts of one user did."""

    def __init__(self, api: XAdsApi, patience: Patience) -> None:
        self._api, self._patience = api, patience
        self._looking = replace(
            patience, attempts=_MOST_LOOKS, first_wait=_FIRST_LOOK_AFTER, total=_LONGEST_SECONDS
        )

    def read(self, account: Account, since: date, until: date, level: Level) -> Iterator[Counted]:
        """Each entity and day of which something was counted; `level` is one that X keeps figures of."""
        for first, last in spans(since, until, DAYS_OF_A_JOB):
            active = self._active(account, first, last, level)
            at_once = [(part, _questions(level, active, *part)) for part in spans(first, last, DAYS_AT_ONCE)]
            if sum(len(questions) for _, questions in at_once) <= MOST_AT_ONCE:
                for _, questions in at_once:
                    answers = [self._at_once(account, question) for question in questions]
                    yield from _together(questions, answers)
            else:
                questions = _questions(level, active, first, last)
                yield from _together(questions, self._by_jobs(account, questions))

    def _active(self, account: Account, since: date, until: date, level: Level) -> Mapping[str, list[str]]:
        """By placement, the ids of what did anything. It is booked by the hour, in whole hours of UTC."""
        ends = start_of(until + timedelta(days=1), account.time_zone, where=WHERE)
        asked = {
            "entity": ENTITY[level],
            "start_time": _whole_hour(start_of(since, account.time_zone, where=WHERE)),
            "end_time": _whole_hour(ends.astimezone(UTC) + timedelta(minutes=59)),
        }
        path = f"stats/accounts/{account.id}/active_entities"
        said = self._api.read(path, asked, lambda answer: _shaped(answer, _Actives))
        found: dict[str, set[str]] = defaultdict(set)
        for each in said.data:
            if not is_id(each.entity_id):
                raise UnexpectedAnswer(what=f"{each.entity_id[:50]!r} is no entity's id", where=WHERE)
            for placement in each.placements:
                found[placement].add(each.entity_id)
        return {placement: sorted(ids) for placement, ids in sorted(found.items())}

    def _at_once(self, account: Account, question: _Question) -> _Report:
        return self._api.read(f"stats/accounts/{account.id}", question.asked(account.time_zone), _report)

    def _by_jobs(self, account: Account, questions: Sequence[_Question]) -> list[_Report]:
        """All of them or nothing; where a job fails, those that ran beside it are begun anew."""
        return [
            report
            for start in range(0, len(questions), _MOST_JOBS)
            for report in self._patience.through(
                lambda some=questions[start : start + _MOST_JOBS]: self._jobs(account, some), (_Failed,)
            )
        ]

    def _jobs(self, account: Account, questions: Sequence[_Question]) -> list[_Report]:
        path = f"stats/jobs/accounts/{account.id}"
        begun = [
            self._api.prepare(path, question.asked(account.time_zone), _Job).id_str for question in questions
        ]
        done = self._looking.through(lambda: self._done(path, begun), (NotReady,))
        return [self._api.fetch(done[number], _report) for number in begun]

    def _done(self, path: str, begun: Sequence[str]) -> Mapping[str, str]:
        """Where the result of each lies."""
        asked = {"job_ids": ",".join(begun), "count": str(len(begun))}
        said = self._api.read(path, asked, lambda answer: _shaped(answer, _Jobs))
        jobs = {job.id_str: job for job in said.data}
        found: dict[str, str] = {}
        for number in begun:
            match jobs.get(number):
                case _Job(status="SUCCESS", url=str(url)) if url:
                    found[number] = url
                case _Job(status="FAILED" | "CANCELLED" as ended):
                    raise _Failed(what=f"job {number} ended as {ended}", where=WHERE)
                case _Job(status="QUEUED" | "PROCESSING" | "UPLOADING" | "SUCCESS") | None:
                    raise NotReady(what=f"job {number} is still worked out", where=WHERE)
                case _Job(status=other):
                    raise UnexpectedAnswer(what=f"a job that is {other!r}", where=WHERE)
        return found


def spans(since: date, until: date, days: int) -> list[tuple[date, date]]:
    """Windows of at most so many days that follow on each other."""
    found: list[tuple[date, date]] = []
    while since <= until:
        last = min(until, since + timedelta(days=days - 1))
        found.append((since, last))
        since = last + timedelta(days=1)
    return found


def midnight(day: date, time_zone: str) -> str:
    """When a day begins where the account is; by UTC's clock, unless it begins within one of UTC's hours."""
    begins = start_of(day, time_zone, where=WHERE)
    if begins.astimezone(UTC).minute == 0:
        return _whole_hour(begins)
    return begins.isoformat(timespec="seconds")


def _whole_hour(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H}:00:00Z"


def _questions(level: Level, active: Mapping[str, list[str]], since: date, until: date) -> list[_Question]:
    return [
        _Question(level, placement, tuple(ids[start : start + MOST_IDS]), since, until)
        for placement, ids in active.items()
        for start in range(0, len(ids), MOST_IDS)
    ]


def _together(questions: Sequence[_Question], reports: Sequence[_Report]) -> Iterator[Counted]:
    """The placements of an entity's day beside each other."""
    found: dict[tuple[date, str], dict[str, Figures]] = defaultdict(dict)
    for question, report in zip(questions, reports, strict=True):
        if report.time_series_length != question.days:
            what = f"{report.time_series_length} days, where {question.days} were asked for"
            raise UnexpectedAnswer(what=what, where=WHERE)
        for series in report.data:
            if series.id not in question.ids:
                raise UnexpectedAnswer(what="figures of what was not asked for", where=WHERE)
            for at, figures in enumerate(_by_day(series, question.days)):
                if figures:
                    found[question.since + timedelta(days=at), series.id][question.placement] = figures
    for (day, entity), by_placement in sorted(found.items()):
        yield Counted(entity, day, by_placement)


def _by_day(series: _Series, days: int) -> list[Figures]:
    """X tells each metric as a list of days, or a list for each part of it; null is nothing, and so is 0."""
    found: list[Figures] = [{} for _ in range(days)]
    for segment in series.id_data:
        if segment.segment is not None:
            raise UnexpectedAnswer(what="figures by segment, which nobody asked for", where=WHERE)
        for name, told in segment.metrics.items():
            for at, value in enumerate(_days_of(told, days)):
                if value:
                    found[at][name] = value
    return found


def _days_of(told: Any, days: int) -> list[Any]:
    if not isinstance(told, dict):
        return _listed(told, days)
    parts = {part: _listed(value, days) for part, value in told.items()}
    return [{part: of[at] for part, of in parts.items() if of[at]} for at in range(days)]


def _listed(told: Any, days: int) -> list[Any]:
    if told is None:
        return [None] * days
    if not isinstance(told, list) or len(told) != days:
        raise UnexpectedAnswer(what=f"a metric that is not told for {days} days", where=WHERE)
    return told


def _report(answer: Answer) -> _Report:
    return _shaped(answer, _Report)


def _shaped(answer: Answer, shape: type[Any]) -> Any:
    return shaped(decoded(answer, where=WHERE), shape, where=WHERE)
