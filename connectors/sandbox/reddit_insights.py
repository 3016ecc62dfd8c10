"""Reddit's reports as the sandbox plays them: from a whole hour of UTC to 24 hours after another."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from starlette.requests import Request

from connectors.face import Level
from connectors.sandbox.performance import Figures, World
from connectors.sandbox.reddit_answers import Said, granted, page, wrong
from connectors.sandbox.world import AdAccount

_LEVELS = {
    frozenset[str](): Level.ACCOUNT,
    frozenset({"CAMPAIGN_ID"}): Level.CAMPAIGN,
    frozenset({"CAMPAIGN_ID", "AD_GROUP_ID"}): Level.AD_GROUP,
    frozenset({"AD_GROUP_ID", "AD_ID"}): Level.AD,
}
_FIELDS = frozenset(
    {
        "IMPRESSIONS",
        "CLICKS",
        "SPEND",
        "CPC",
        "CONVERSION_PURCHASE_CLICKS",
        "CONVERSION_PURCHASE_VIEWS",
        "CONVERSION_PURCHASE_TOTAL_VALUE",
        "CONVERSION_LEAD_CLICKS",
        "CONVERSION_LEAD_VIEWS",
        "CONVERSION_LEAD_TOTAL_VALUE",
        "CONVERSION_SIGN_UP_CLICKS",
        "CONVERSION_SIGN_UP_VIEWS",
        "CONVERSION_SIGNUP_TOTAL_VALUE",
    }
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:00:00Z")
_MOST_BREAKDOWNS = 3
_A_DAY = timedelta(days=1)


class Reports:
    def __init__(self, world: World, page_rows: int) -> None:
        self._world, self._page_rows = world, page_rows

    def report(self, request: Request, told: Said) -> Said:
        known = granted(request)
        if told.get("time_zone_id") != known.time_zone:
            raise wrong("time_zone_id", "the sandbox counts in the account's own time zone")
        breakdowns, fields = list(told.get("breakdowns", [])), list(told.get("fields", []))
        level = _LEVELS.get(frozenset(breakdowns) - {"DATE"})
        if len(breakdowns) > _MOST_BREAKDOWNS or "DATE" not in breakdowns or level is None:
            raise wrong(
                "breakdowns", "the sandbox knows up to three of account, campaign, ad group and ad by DATE"
            )
        if unknown := set(fields) - _FIELDS:
            raise wrong("fields", f"invalid field: {min(unknown)}")
        starts, ends = _moment(told, "starts_at"), _moment(told, "ends_at")
        if starts > ends:
            raise wrong("ends_at", "must not be before starts_at")
        rows = list(self._rows(known, starts, ends + _A_DAY, level, {*breakdowns, *fields}))
        metrics, pagination = page(rows, request, self._page_rows)
        freshness = self._world.clock().strftime("%Y-%m-%dT%H:00:00Z")
        return {"data": {"metrics": metrics, "metrics_updated_at": freshness}, "pagination": pagination}

    def _rows(
        self, known: AdAccount, starts: datetime, over: datetime, level: Level, asked: set[str]
    ) -> Iterator[Said]:
        zone = ZoneInfo(known.time_zone)
        day = starts.astimezone(zone).date()
        while (share := _share(day, zone, starts, over)) > 0:
            for row in self._world.served(known, day, day, level):
                entities = {"campaign_id": row.campaign, "ad_group_id": row.ad_group, "ad_id": row.ad}
                told: Said = {name: it.id for name, it in entities.items() if it is not None}
                told |= {"date": day.isoformat(), **_told(_part(row.figures, share))}
                yield {name: value for name, value in told.items() if name.upper() in asked}
            day += _A_DAY


def _told(figures: Figures) -> Said:
    """One in three of those who clicked leaves their address; what nobody did is null or left out."""
    views = figures.view_through_conversions
    clicks = int(figures.conversions) - views
    leads = clicks // 3
    told: Said = {
        "impressions": figures.impressions,
        "clicks": figures.clicks,
        "spend": figures.spend_micros,
        "cpc": figures.spend_micros / figures.clicks if figures.clicks else None,
        "conversion_purchase_clicks": clicks - leads,
        "conversion_purchase_views": views or None,
        "conversion_purchase_total_value": figures.conversions_value_micros // 10_000,
    }
    return {**told, "conversion_lead_clicks": leads} if leads else told


def _share(day: date, zone: ZoneInfo, starts: datetime, over: datetime) -> float:
    """Of a day, which has 23 hours, 24 or 25."""
    begins, ends = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + _A_DAY))
    within = min(ends, over) - max(begins, starts)
    return max(within / (ends - begins), 0.0)


def _part(figures: Figures, share: float) -> Figures:
    if share == 1.0:
        return figures
    return Figures(
        impressions=max(1, int(figures.impressions * share)),
        clicks=int(figures.clicks * share),
        spend_micros=int(figures.spend_micros * share),
        conversions=Decimal(0),
    )


def _moment(told: Said, field: str) -> datetime:
    said = str(told.get(field, ""))
    if not _MOMENT.fullmatch(said):
        raise wrong(field, "must be a whole hour of UTC")
    return datetime.fromisoformat(said)
