"""X's statistics as the sandbox plays them: answered at once, or worked out as jobs whose results lie packed somewhere."""

import gzip
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.face import Level
from connectors.sandbox.faults import Fault
from connectors.sandbox.performance import Figures, Served, World
from connectors.sandbox.provider import FAULT
from connectors.sandbox.world import AdAccount
from connectors.sandbox.x_answers import Asked, Said, SignedDoor, granted, missing, required, wrong

_LEVELS = {"CAMPAIGN": Level.CAMPAIGN, "LINE_ITEM": Level.AD_GROUP, "PROMOTED_TWEET": Level.AD}
_ON_X, _TREND = "ALL_ON_TWITTER", "TREND"
_PLACEMENTS = (_ON_X, "SPOTLIGHT", _TREND)
_GROUPS = frozenset({"ENGAGEMENT", "BILLING", "WEB_CONVERSION"})
_PARAMETERS = frozenset(
    {"entity", "entity_ids", "start_time", "end_time", "granularity", "placement", "metric_groups"}
)
_MOST_IDS, _MOST_DAYS, _MOST_DAYS_OF_A_JOB, _MOST_JOBS = 20, 7, 90, 100
_FIRST_JOB = 1_120_829_647_711_653_888
_LOOKS_UNTIL_DONE = 2


@dataclass(slots=True)
class _Job:
    known: AdAccount
    result: bytes
    told: Said
    fault: Fault | None
    looks: int = 0

    @property
    def status(self) -> str:
        if self.looks < _LOOKS_UNTIL_DONE or self.fault is Fault.REPORT_STUCK:
            return "QUEUED" if self.looks < 1 else "PROCESSING"
        match self.fault:
            case Fault.REPORT_FAILED:
                return "FAILED"
            case Fault.REPORT_SKIPPED:
                return "CANCELLED"
            case _:
                return "SUCCESS"


class Statistics:
    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = count(_FIRST_JOB)
        self._jobs: OrderedDict[str, _Job] = OrderedDict()

    def routes(self, door: SignedDoor) -> list[Route]:
        return [
            door.route("/stats/accounts/{account}", get=self._at_once),
            door.route("/stats/accounts/{account}/active_entities", get=self._active),
            door.route("/stats/jobs/accounts/{account}", get=self._look, post=self._begin),
            Route("/advertiser-api-async-analytics/{name}", self._result),
        ]

    def _active(self, request: Request, asked: Asked) -> list[Said]:
        """By the hour; what is asked beyond the documented parameters is refused."""
        known = granted(request)
        if set(asked) != {"entity", "start_time", "end_time"}:
            raise wrong(",".join(sorted(asked)), "entity, start_time and end_time")
        level = _level(asked)
        begins, ends = _hour(asked, "start_time"), _hour(asked, "end_time")
        zone = ZoneInfo(known.time_zone)
        since = begins.astimezone(zone).date()
        until = (ends - timedelta(seconds=1)).astimezone(zone).date()
        found: dict[str, Said] = {}
        for row in self._world.served(known, since, until, level):
            number = _number(row)
            found[number] = {
                "entity_id": number,
                "activity_start_time": f"{row.day}T00:30:00Z",
                "activity_end_time": f"{row.day}T20:30:00Z",
                "placements": list(_placements(known, row)),
            }
        return list(found.values())

    def _at_once(self, request: Request, asked: Asked) -> Said:
        return self._answered(granted(request), asked, _MOST_DAYS)

    def _begin(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        if sum(job.status in {"QUEUED", "PROCESSING"} for job in self._jobs.values()) >= _MOST_JOBS:
            raise wrong("", "too many jobs at once", code="TOO_MANY_JOBS")
        result = gzip.compress(
            msgspec.json.encode(self._answered(known, asked, _MOST_DAYS_OF_A_JOB)), mtime=0
        )
        number = str(next(self._numbers))
        job = _Job(known, result, dict(asked), request.scope.get(FAULT))
        self._jobs[number] = job
        while len(self._jobs) > 10 * _MOST_JOBS:
            self._jobs.popitem(last=False)
        return _told(number, job, "")

    def _look(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        wanted = required(asked, "job_ids").split(",")
        if len(wanted) > 200:
            raise wrong("job_ids", "up to 200")
        root = str(request.url.replace(query="")).partition("/12/")[0]
        found: list[Said] = []
        for number in wanted:
            job = self._jobs.get(number)
            if job is not None and job.known is known:
                job.looks += 1
                found.append(_told(number, job, f"{root}/advertiser-api-async-analytics/{number}.json.gz"))
        return {"data": found, "next_cursor": "1120828505715920896"}

    async def _result(self, request: Request) -> Response:
        job = self._jobs.get(str(request.path_params["name"]).removesuffix(".json.gz"))
        if job is None or job.status != "SUCCESS" or job.fault is Fault.REPORT_FORGOTTEN:
            return Response("<html>Not found</html>", status_code=404, media_type="text/html")
        return Response(job.result, media_type="application/octet-stream")

    def _answered(self, known: AdAccount, asked: Asked, most_days: int) -> Said:
        if set(asked) != _PARAMETERS:
            raise wrong(",".join(_PARAMETERS ^ set(asked)), "unknown or missing")
        level, numbers = _level(asked), asked["entity_ids"].split(",")
        if len(numbers) > _MOST_IDS:
            raise wrong("entity_ids", f"Expected up to {_MOST_IDS} ids")
        if asked["granularity"] != "DAY" or asked["placement"] not in _PLACEMENTS:
            raise wrong("placement", "the sandbox knows DAY, and one placement at once")
        if not set(asked["metric_groups"].split(",")) <= _GROUPS:
            raise wrong("metric_groups", f"the sandbox knows {', '.join(sorted(_GROUPS))}")
        since, until = _midnight(known, asked, "start_time"), _midnight(known, asked, "end_time")
        days = (until - since).days
        if not 0 < days <= most_days:
            raise wrong("end_time", f"up to {most_days} days", code="INVALID_TIME_WINDOW")
        rows = {
            (_number(row), row.day): row
            for row in self._world.served(known, since, until - timedelta(days=1), level)
        }
        told = [since + timedelta(days=at) for at in range(days)]
        data = [
            {
                "id": number,
                "id_data": [
                    {
                        "segment": None,
                        "metrics": _metrics(
                            [_part(known, rows.get((number, day)), asked["placement"]) for day in told]
                        ),
                    }
                ],
            }
            for number in numbers
        ]
        return {"data_type": "stats", "time_series_length": days, "data": data}


def _told(number: str, job: _Job, url: str) -> Said:
    is_done = job.status == "SUCCESS"
    return {
        **job.told,
        "id": int(number),
        "id_str": number,
        "account_id": job.known.id,
        "status": job.status,
        "url": url if is_done else None,
    }


def _level(asked: Asked) -> Level:
    if asked.get("entity") not in _LEVELS:
        raise wrong("entity", f"the sandbox knows {', '.join(_LEVELS)}")
    return _LEVELS[asked["entity"]]


def _hour(asked: Asked, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(required(asked, name))
    except ValueError:
        raise wrong(name, f'Expected time, got "{asked[name]}" for {name}') from None
    if moment.tzinfo is None or moment.minute or moment.second:
        raise wrong(name, "must be expressed in whole hours")
    return moment


def _midnight(known: AdAccount, asked: Asked, name: str) -> date:
    here = _hour(asked, name).astimezone(ZoneInfo(known.time_zone))
    if here.hour or here.minute:
        raise wrong(name, "must be aligned with midnight in the account's time zone")
    return here.date()


def _number(row: Served) -> str:
    entity = row.ad or row.ad_group or row.campaign
    if entity is None:
        raise missing("entity")
    return entity.id


def _placements(known: AdAccount, row: Served) -> Iterator[str]:
    """The last campaign is shown among the trends as well."""
    yield _ON_X
    if row.campaign == known.campaigns[-1]:
        yield _TREND


def _part(known: AdAccount, row: Served | None, placement: str) -> Figures | None:
    """A tenth of what has two placements is the trends'."""
    if row is None:
        return None
    in_trends = _tenth(row.figures)
    match list(_placements(known, row)), placement:
        case [_], "ALL_ON_TWITTER":
            return row.figures
        case [_, _], "TREND":
            return in_trends
        case [_, _], "ALL_ON_TWITTER":
            return _less(row.figures, in_trends)
        case _:
            return None


def _tenth(figures: Figures) -> Figures:
    """What nobody bought is worth nothing."""
    bought = figures.conversions // 10
    return Figures(
        figures.impressions // 10,
        figures.clicks // 10,
        figures.all_clicks // 10,
        figures.spend_micros // 10,
        bought,
        figures.conversions_value_micros // 10 if bought else 0,
        figures.view_through_conversions // 10,
    )


def _less(whole: Figures, part: Figures) -> Figures:
    return Figures(
        whole.impressions - part.impressions,
        whole.clicks - part.clicks,
        whole.all_clicks - part.all_clicks,
        whole.spend_micros - part.spend_micros,
        whole.conversions - part.conversions,
        whole.conversions_value_micros - part.conversions_value_micros,
        whole.view_through_conversions - part.view_through_conversions,
    )


def _metrics(days: list[Figures | None]) -> Said:
    """Each as a list of days; what never happened is null, as a day or as a whole."""
    told: dict[str, list[Any]] = {
        "impressions": [each and each.impressions for each in days],
        "clicks": [each and each.all_clicks for each in days],
        "url_clicks": [each and (each.clicks or None) for each in days],
        "billed_charge_local_micro": [each and each.spend_micros for each in days],
    }
    return {
        **{name: values if any(values) else None for name, values in told.items()},
        "conversion_purchases": _converted(days, custom=False),
        "conversion_custom": _converted(days, custom=True),
        "conversion_sign_ups": None,
        "app_clicks": None,
    }


def _converted(days: list[Figures | None], *, custom: bool) -> Mapping[str, list[int]] | None:
    """One conversion in four is of a kind of the advertiser's own, and worth nothing to X."""
    counted = [0 if each is None else int(each.conversions) for each in days]
    metric = [each // 4 if custom else each - each // 4 for each in counted]
    if not any(metric):
        return None
    if custom:
        return {"metric": metric, "post_view": [0] * len(days), "post_engagement": metric}
    viewed = [0 if each is None else each.view_through_conversions for each in days]
    return {
        "metric": metric,
        "post_view": viewed,
        "sale_amount": [0 if each is None else each.conversions_value_micros for each in days],
    }
