"""TikTok's reports as the sandbox plays them: answered at once, or worked out as a task that ends in a file."""

import csv
import io
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from connectors.face import Level
from connectors.sandbox.faults import Fault
from connectors.sandbox.performance import Served, World, main_units
from connectors.sandbox.provider import FAULT
from connectors.sandbox.tiktok_answers import Asked, Refused, Said, granted, listed, page, wrong
from connectors.sandbox.world import AdAccount

_LEVELS = {
    "AUCTION_ADVERTISER": (Level.ACCOUNT, "advertiser_id"),
    "AUCTION_CAMPAIGN": (Level.CAMPAIGN, "campaign_id"),
    "AUCTION_ADGROUP": (Level.AD_GROUP, "adgroup_id"),
    "AUCTION_AD": (Level.AD, "ad_id"),
}
_DAY = "stat_time_day"
_LONGEST_WINDOW = timedelta(days=30)
_COURSE = ("QUEUING", "PROCESSING", "SUCCESS")
_FIRST_TASK = 7_190_000_000_000_000_001
_MOST_TASKS = 100
# As files name what answers call otherwise.
_HEADINGS = {
    "campaign_id": "Campaign ID",
    "campaign_name": "Campaign Name",
    "adgroup_id": "Ad Group ID",
    "adgroup_name": "Ad Group Name",
    "spend": "Cost",
    "impressions": "Impression",
    "clicks": "Click",
}


@dataclass(slots=True)
class _Task:
    rows: list[Said]
    fault: Fault | None
    looks: int = 0

    def looked_at(self) -> str:
        status = _COURSE[min(self.looks, len(_COURSE) - 1)]
        self.looks += 1
        if self.looks < 2 or self.fault is None:
            return status
        return "FAILED" if self.fault is Fault.REPORT_FAILED else "PROCESSING"


class Reports:
    def __init__(self, world: World, page_rows: int) -> None:
        self._world, self._page_rows = world, page_rows
        self._numbers = count(_FIRST_TASK)
        self._tasks: OrderedDict[str, _Task] = OrderedDict()

    def at_once(self, _: Request, asked: Asked) -> Said:
        return page(asked, self._rows(asked), self._page_rows)

    def begin(self, request: Request, asked: Asked) -> Said:
        if asked.get("output_format") != "CSV_STRING":
            raise wrong("output_format", "the sandbox knows CSV_STRING only")
        number = str(next(self._numbers))
        self._tasks[number] = _Task(self._rows(asked), request.scope.get(FAULT))
        while len(self._tasks) > _MOST_TASKS:
            self._tasks.popitem(last=False)
        return {"task_id": number}

    def check(self, _: Request, asked: Asked) -> Said:
        return {"status": self._task(asked).looked_at()}

    def download(self, _: Request, asked: Asked) -> Response:
        task = self._task(asked)
        if task.looks < len(_COURSE):
            raise Refused(40201, "The task is not ready.")
        return Response(_file(task.rows), media_type="application/octet-stream")

    def _task(self, asked: Asked) -> _Task:
        granted(asked)
        task = self._tasks.get(str(asked.get("task_id", "")))
        if task is None:
            raise Refused(40007, "The task does not exist.")
        return task

    def _rows(self, asked: Asked) -> list[Said]:
        known = granted(asked)
        if (asked.get("report_type"), asked.get("service_type")) != ("BASIC", "AUCTION"):
            raise wrong("report_type", "the sandbox knows BASIC reports of AUCTION only")
        level, dimension = _LEVELS.get(str(asked.get("data_level")), (None, ""))
        if level is None or sorted(listed(asked, "dimensions")) != sorted((dimension, _DAY)):
            raise wrong("dimensions", "Exactly one ID dimension that fits the data_level, and the day.")
        since, until = _day(asked, "start_date"), _day(asked, "end_date")
        if not timedelta() <= until - since < _LONGEST_WINDOW:
            raise wrong("end_date", "The time span must be within 30 days.")
        metrics = listed(asked, "metrics")
        served = self._world.served(known, since, until, level)
        return [_row(known, row, dimension, metrics) for row in served]


def _row(known: AdAccount, row: Served, dimension: str, metrics: list[str]) -> Said:
    values = _values(known, row)
    if unknown := set(metrics) - set(values):
        raise wrong("metrics", f"Invalid metric fields: {sorted(unknown)}")
    return {
        "dimensions": {dimension: values[dimension], _DAY: f"{row.day} 00:00:00"},
        "metrics": {name: values[name] for name in metrics},
    }


def _values(known: AdAccount, row: Served) -> dict[str, str]:
    """All of them are strings, and what never was is a dash."""
    figures = row.figures
    values = {
        "advertiser_id": known.id,
        "spend": main_units(figures.spend_micros, known.decimals),
        "impressions": str(figures.impressions),
        "clicks": str(figures.clicks),
        "conversion": str(int(figures.conversions)),
        "vta_conversion": str(figures.view_through_conversions or "-"),
        "total_purchase_value": main_units(figures.conversions_value_micros, known.decimals)
        if figures.conversions_value_micros
        else "-",
        "total_sales_lead_value": "-",
    }
    for name, entity in (("campaign", row.campaign), ("adgroup", row.ad_group), ("ad", row.ad)):
        if entity:
            values |= {f"{name}_id": entity.id, f"{name}_name": entity.name}
    return values


def _file(rows: list[Said]) -> str:
    if not rows:
        return ""
    file = io.StringIO()
    lines = [{**row["dimensions"], **row["metrics"]} for row in rows]
    writer = csv.DictWriter(file, list(lines[0]))
    writer.writerow({name: _HEADINGS.get(name, name) for name in lines[0]})
    writer.writerows(lines)
    return file.getvalue()


def _day(asked: Asked, name: str) -> date:
    try:
        return date.fromisoformat(str(asked.get(name, "")))
    except ValueError:
        raise wrong(name, "Not a valid date.") from None
