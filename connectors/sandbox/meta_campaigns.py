"""Meta's campaigns as the sandbox plays them: made, listed, looked up by number, and changed."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.meta_graph import (
    GONE,
    Asked,
    Door,
    Refused,
    Said,
    chosen,
    no_such_object,
    page,
    wanted_statuses,
)
from connectors.sandbox.world import AdAccount, account, accounts_of

_OBJECTIVES = frozenset(
    f"OUTCOME_{name}" for name in ("AWARENESS", "TRAFFIC", "ENGAGEMENT", "LEADS", "APP_PROMOTION", "SALES")
)
_SMALLEST_BUDGET = 100


class _Filter(msgspec.Struct):
    field: str
    operator: str
    value: str


class MetaCampaigns:
    def __init__(self, accepted: Accepted, page_rows: int) -> None:
        self._book = Campaigns(Channel.META, accepted)
        self._page_rows = page_rows

    def routes(self, door: Door) -> list[Route]:
        listed = "/act_{number:int}/campaigns"
        return [
            door.route(listed, self._list),
            door.route(listed, self._make, "POST"),
            door.route("/{number:int}", self._change, "POST"),
        ]

    def node(self, asked: Asked) -> Said | None:
        """The campaign or ad set of a number; an ad set has no objective."""
        if (found := self._named(asked)) is not None:
            return chosen(_values(*found), asked.fields() | {"id"})
        for known in accounts_of(Channel.META):
            for group in (each for campaign in known.campaigns for each in campaign.ad_groups):
                if group.id == asked.number:
                    if "objective" in asked.fields():
                        raise Refused(400, 100, "(#100) Tried accessing nonexisting field (objective)")
                    values = {"id": group.id, "name": group.name, "account_id": known.id, "status": "ACTIVE"}
                    return chosen(values, asked.fields() | {"id"})
        return None

    def _list(self, asked: Asked) -> Said:
        known = granted(asked)
        wanted = asked.json("filtering", list[_Filter]) if asked.get("filtering") else []
        for each in wanted:
            if (each.field, each.operator) != ("name", "CONTAIN"):
                raise Refused(400, 100, "(#100) the sandbox filters by what a name contains")
        statuses = wanted_statuses(asked)
        archived = [
            Standing(each.id, each.name, is_running=False, budget_micros=None, more={"status": "ARCHIVED"})
            for each in known.gone
        ]
        rows = [
            chosen(_values(known, campaign), asked.fields() | {"id"})
            for campaign in (*self._book.of(known.id), *archived)
            if statuses.are_wanted(_status(campaign))
            and all(each.value.lower() in campaign.name.lower() for each in wanted)
        ]
        return page(asked, rows, self._page_rows)

    def _make(self, asked: Asked) -> Said:
        known = granted(asked)
        made = Standing(
            id="",
            name=asked.required("name"),
            is_running=_running(asked.required("status")),
            budget_micros=_budget(asked, known) if asked.get("daily_budget") else None,
            until=_last_day(asked, known),
            more={"objective": asked.required("objective")},
        )
        if made.more["objective"] not in _OBJECTIVES:
            raise Refused(400, 100, "(#100) objective is none of those that there are")
        asked.json("special_ad_categories", list[str])
        if made.budget_micros is None and not asked.get("is_adset_budget_sharing_enabled"):
            raise Refused(400, 100, "(#100) is_adset_budget_sharing_enabled is required without a budget")
        if "validate_only" in asked.get("execution_options"):
            return {"success": True}
        made.id = self._book.new_id()
        self._book.make(known.id, made)
        return {"id": made.id}

    def _change(self, asked: Asked) -> Said:
        if (found := self._named(asked)) is None:
            raise no_such_object(asked.number)
        known, campaign = found
        if asked.get("daily_budget"):
            if campaign.budget_micros is None:
                raise Refused(400, 100, "(#100) The budgets of this campaign are those of its ad sets")
            self._book.set_budget(known.id, campaign, _budget(asked, known))
        if (status := asked.get("status")) in GONE:
            campaign.more["status"] = status
        elif status:
            self._book.switch(known.id, campaign, is_running=_running(status))
        return {"success": True}

    def named(self, known: AdAccount, number: str) -> Standing | None:
        return self._book.named(known.id, number)

    def _named(self, asked: Asked) -> tuple[AdAccount, Standing] | None:
        for known in accounts_of(Channel.META):
            if (campaign := self._book.named(known.id, asked.number)) is not None:
                require_person(asked)
                return known, campaign
        return None


def granted(asked: Asked) -> AdAccount:
    """The account that the person may see."""
    require_person(asked)
    known = account(Channel.META, asked.number)
    if known is None:
        message = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
        raise Refused(403, 200, message)
    return known


def require_person(asked: Asked) -> None:
    if asked.page:
        raise Refused(403, 200, "(#200) A page's token opens no advertising")


def _values(known: AdAccount, campaign: Standing) -> Said:
    micros = campaign.budget_micros
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": _status(campaign),
        "effective_status": _status(campaign),
        "account_id": known.id,
        "bid_strategy": "LOWEST_COST_WITH_BID_CAP",
        "start_time": _moment(known, date(2026, 1, 1), time()),
        "stop_time": _moment(known, campaign.until, time(23, 59, 59)) if campaign.until else None,
        "objective": campaign.more.get("objective", "OUTCOME_SALES"),
        "daily_budget": None if micros is None else str(micros // _coin(known)),
    }


def _moment(known: AdAccount, day: date, at: time) -> str:
    """With its distance from UTC, without a colon."""
    return f"{datetime.combine(day, at, ZoneInfo(known.time_zone)):%Y-%m-%dT%H:%M:%S%z}"


def _status(campaign: Standing) -> str:
    return str(campaign.more.get("status") or ("ACTIVE" if campaign.is_running else "PAUSED"))


def _running(status: str) -> bool:
    if status not in {"ACTIVE", "PAUSED"}:
        raise Refused(400, 100, "(#100) status must be one of ACTIVE, PAUSED")
    return status == "ACTIVE"


def _coin(known: AdAccount) -> int:
    return 10 ** (6 - known.decimals)


def _budget(asked: Asked, known: AdAccount) -> int:
    coins = asked.get("daily_budget")
    if not coins.isascii() or not coins.isdigit():
        raise Refused(400, 100, "(#100) Param daily_budget must be an integer")
    if int(coins) < _SMALLEST_BUDGET:
        raise Refused(400, 100, "(#100) The daily budget is too low")
    return int(coins) * _coin(known)


def _last_day(asked: Asked, known: AdAccount) -> date | None:
    if not (said := asked.get("stop_time")):
        return None
    try:
        return datetime.fromisoformat(said).astimezone(ZoneInfo(known.time_zone)).date()
    except ValueError:
        raise Refused(400, 100, "(#100) stop_time must be a moment") from None
