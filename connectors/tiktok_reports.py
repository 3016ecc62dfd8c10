"""TikTok's reports: insights that it works out by and by, where a day is too much for an answer.

Only apps that TikTok has let do so may ask for them, and each app for 4,500 a day, so that they are the last resort. To
ask for one twice is harmless: it is worked out twice, and read once.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import msgspec

from connectors.answers import canonical, shaped
from connectors.errors import NotReady, Transient, UnexpectedAnswer
from connectors.retries import Patience
from connectors.tiktok_api import WHERE, TikTokApi

_LONGEST_SECONDS = 1800.0
_FIRST_LOOK_AFTER = 5.0
_MOST_LOOKS = 100
# The headings that its documentation shows; all others are taken to be the names by which they are asked for.
_HEADINGS: Mapping[str, str] = {
    "ad_group_id": "adgroup_id",
    "ad_group_name": "adgroup_name",
    "cost": "spend",
    "impression": "impressions",
    "click": "clicks",
}

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of an advertiser's ads, days included."""

    advertiser: str
    data_level: str
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    since: date
    until: date

    @property
    def asked(self) -> dict[str, Any]:
        return {
            "advertiser_id": self.advertiser,
            "service_type": "AUCTION",
            "report_type": "BASIC",
            "data_level": self.data_level,
            "dimensions": list(self.dimensions),
            "metrics": list(self.metrics),
            "start_date": self.since.isoformat(),
            "end_date": self.until.isoformat(),
        }


class _Begun(msgspec.Struct):
    task_id: str


class _Standing(msgspec.Struct):
    status: str
    message: str = ""


class Reports:
    """The reports of the advertisers that one token is for."""

    def __init__(self, api: TikTokApi, patience: Patience) -> None:
        self._api, self._patience = api, patience
        self._looking = replace(
            patience, attempts=_MOST_LOOKS, first_wait=_FIRST_LOOK_AFTER, total=_LONGEST_SECONDS
        )

    def rows(self, question: Question, shape: type[Row]) -> list[tuple[Row, bytes]]:
        """All of one day or nothing; where a report fails, another is asked for."""

        def report() -> list[tuple[Row, bytes]]:
            body = {**question.asked, "output_format": "CSV_STRING"}
            task = self._api.prepare("report/task/create", body, _Begun).task_id
            named = {"advertiser_id": question.advertiser, "task_id": task}
            self._looking.through(lambda: self._require_complete(named), (NotReady,))
            return [
                (shaped(told, shape, where=WHERE), canonical(told))
                for told in _lines(self._api.file("report/task/download", named), question)
            ]

        return self._patience.through(report, (_Failed,))

    def _require_complete(self, named: Mapping[str, str]) -> None:
        said = self._api.read("report/task/check", named, _Standing)
        match said.status:
            case "SUCCESS":
                return
            case "QUEUING" | "PROCESSING":
                raise NotReady(what=f"the report is still worked out ({said.status})", where=WHERE)
            case "FAILED" | "FAIL" | "CANCELED" | "CANCELLED":
                raise _Failed(what=said.message or f"the report ended as {said.status}", where=WHERE)
            case other:
                raise UnexpectedAnswer(what=f"a report that is {other!r}", where=WHERE)


class _Failed(Transient):
    """This report will never come, and another one may."""


def _lines(file: bytes, question: Question) -> list[dict[str, dict[str, str]]]:
    """Each line in the words of an answer; a column that is missing is not taken for nothing."""
    try:
        lines = csv.DictReader(io.StringIO(file.decode("utf-8-sig")), strict=True)
        names = [_name(heading) for heading in lines.fieldnames or ()]
        lines.fieldnames = names
        # What is asked of one day needs no column for it.
        if missing := {*question.metrics, question.dimensions[0]} - set(names):
            raise UnexpectedAnswer(what=f"a report without {', '.join(sorted(missing))}", where=WHERE)
        return [_line(line, question) for line in lines]
    except (UnicodeDecodeError, csv.Error) as broken:
        raise UnexpectedAnswer(what=f"no report: {broken}", where=WHERE) from broken


def _line(line: Mapping[str, str | None], question: Question) -> dict[str, dict[str, str]]:
    told = {name: value or "" for name, value in line.items()}
    day = told.get("stat_time_day") or question.since.isoformat()
    return {
        "dimensions": {question.dimensions[0]: told[question.dimensions[0]], "stat_time_day": day},
        "metrics": {name: told[name] for name in question.metrics},
    }


def _name(heading: str) -> str:
    name = heading.strip().lower().replace(" ", "_")
    return _HEADINGS.get(name, name)
