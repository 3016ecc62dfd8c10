"""Meta's insights as the sandbox plays them: answered at once, or worked out as a report that is looked at until it is done."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

import msgspec
from starlette.routing import Route

from connectors.face import Level
from connectors.sandbox.faults import Fault
from connectors.sandbox.meta_campaigns import granted
from connectors.sandbox.meta_graph import Asked, Door, Refused, Said, chosen, no_such_object, page
from connectors.sandbox.performance import Figures, Served, World, main_units
from connectors.sandbox.provider import FAULT
from connectors.sandbox.world import AdAccount

_LEVELS = {"account": Level.ACCOUNT, "campaign": Level.CAMPAIGN, "adset": Level.AD_GROUP, "ad": Level.AD}
_FIRST_REPORT = 6_012_000_000_001
_MOST_REPORTS = 100

# What looks at a report find one after the other: 100 % are not the end of it.
_COURSE = (
    ("Job Not Started", 0),
    ("Job Running", 37),
    ("Job Running", 100),
    ("Job Completed", 100),
)
_FAILED = {
    "error_code": -2,
    "error_subcode": 2490547,
    "error_message": "Report Failed",
    "error_user_msg": "Generating the report failed. Try again later.",
}


class _Window(msgspec.Struct):
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class _Answered:
    """What was asked for, as it was then."""

    known: AdAccount
    served: Sequence[Served]
    fields: set[str]
    is_viewed: bool

    def page(self, asked: Asked, most: int) -> Said:
        """Only what is on the page is put into words."""
        said = page(asked, self.served, most)
        rows = [chosen(_values(self.known, row, viewed=self.is_viewed), self.fields) for row in said["data"]]
        return {**said, "data": rows}


@dataclass(slots=True)
class _Report:
    answered: _Answered
    fault: Fault | None
    looks: int = 0

    def looked_at(self) -> Said:
        status, percent = _COURSE[min(self.looks, len(_COURSE) - 1)]
        self.looks += 1
        stood = {"async_status": status, "async_percent_completion": percent}
        if self.looks < 2:
            return stood
        match self.fault:
            case Fault.REPORT_FAILED:
                return {**stood, "async_status": "Job Failed", **_FAILED}
            case Fault.REPORT_SKIPPED:
                return {**stood, "async_status": "Job Skipped"}
            case Fault.REPORT_STUCK:
                return {**stood, "async_status": "Job Running", "async_percent_completion": 37}
            case _:
                return stood

    @property
    def is_complete(self) -> bool:
        return self.looks >= len(_COURSE) and self.fault in {None, Fault.REPORT_FORGOTTEN}


class MetaInsights:
    def __init__(self, world: World, page_rows: int) -> None:
        self._world = world
        self._page_rows = page_rows
        self._numbers = count(_FIRST_REPORT)
        self._reports: OrderedDict[str, _Report] = OrderedDict()

    def routes(self, door: Door) -> list[Route]:
        of_account = "/act_{number:int}/insights"
        return [
            door.route(of_account, self._at_once),
            door.route(of_account, self._begin, "POST"),
            door.route("/{number:int}/insights", self._of_report),
        ]

    def node(self, asked: Asked) -> Said | None:
        """How a report stands."""
        report = self._reports.get(asked.number)
        if report is None:
            return None
        return chosen({"id": asked.number, **report.looked_at()}, asked.fields() | {"id"})

    def _at_once(self, asked: Asked) -> Said:
        return self._answered(asked).page(asked, self._page_rows)

    def _begin(self, asked: Asked) -> Said:
        number = str(next(self._numbers))
        self._reports[number] = _Report(self._answered(asked), asked.request.scope.get(FAULT))
        while len(self._reports) > _MOST_REPORTS:
            self._reports.popitem(last=False)
        return {"report_run_id": number}

    def _of_report(self, asked: Asked) -> Said:
        report = self._reports.get(asked.number)
        if report is None or (report.is_complete and report.fault is Fault.REPORT_FORGOTTEN):
            raise no_such_object(asked.number)
        if not report.is_complete:
            raise Refused(400, 2601, "Error accessing adreport job.", subcode=1815107)
        return report.answered.page(asked, self._page_rows)

    def _answered(self, asked: Asked) -> _Answered:
        known = granted(asked)
        level = _LEVELS.get(asked.get("level") or "account")
        if level is None:
            raise Refused(400, 100, "(#100) level must be one of account, campaign, adset, ad")
        if asked.get("time_increment") != "1":
            raise Refused(400, 100, "(#100) the sandbox knows time_increment=1 only")
        window = asked.json("time_range", _Window)
        return _Answered(
            known,
            list(self._world.served(known, window.since, window.until, level)),
            asked.fields() | {"date_start", "date_stop"},
            "1d_view" in asked.get("action_attribution_windows"),
        )


def _values(known: AdAccount, row: Served, *, viewed: bool) -> dict[str, Any]:
    """Every field the sandbox knows of a row; numbers are strings, and actions that never were are absent."""
    figures = row.figures
    values: dict[str, Any] = {
        "account_id": known.id,
        "account_name": known.name,
        "account_currency": known.currency,
        "impressions": str(figures.impressions),
        "clicks": str(figures.all_clicks),
        "inline_link_clicks": str(figures.clicks),
        "reach": str(round(figures.impressions * 0.85)),
        "spend": main_units(figures.spend_micros, known.decimals),
        "attribution_setting": "7d_click_1d_view",
    }
    for name, entity in (("campaign", row.campaign), ("adset", row.ad_group), ("ad", row.ad)):
        if entity:
            values |= {f"{name}_id": entity.id, f"{name}_name": entity.name}
    return {
        **values,
        **_actions(figures, known.decimals, viewed=viewed),
        "date_start": row.day.isoformat(),
        "date_stop": row.day.isoformat(),
    }


def _actions(figures: Figures, decimals: int, *, viewed: bool) -> dict[str, Any]:
    """A purchase comes back under three names, as it does from Meta."""
    purchases = ("offsite_conversion.fb_pixel_purchase", "omni_purchase", "purchase")
    found: dict[str, Any] = {}
    clicked = [{"action_type": "link_click", "value": str(figures.clicks)}] if figures.clicks else []
    bought: list[dict[str, str]] = []
    if figures.conversions:
        counts = {"value": str(int(figures.conversions))}
        if viewed and figures.view_through_conversions:
            counts["1d_view"] = str(figures.view_through_conversions)
        bought = [{"action_type": name, **counts} for name in purchases]
        worth = main_units(figures.conversions_value_micros, decimals)
        found["action_values"] = [{"action_type": name, "value": worth} for name in purchases]
    if clicked or bought:
        found["actions"] = clicked + bought
    return found
