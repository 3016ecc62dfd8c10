"""Attribution: every model side by side by channel, how sure each is, what the last euros earned, and the paths behind it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from console.actions import choices
from console.door.admission import SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import rendering
from console.frame.forms import NONE, Troubles
from console.measuring import goal_book
from console.watching import analytics, credit, margins, path_steps
from marketing_pipelines import attribution
from marketing_pipelines.analytics.asking import GoalNumber
from marketing_pipelines.analytics.credit import Credit, CreditAsked, Window
from marketing_pipelines.analytics.margins import margins as margins_of
from marketing_pipelines.analytics.paths import Paths, PathsAsked, paths
from store.records import goals, measurement

router = APIRouter(include_in_schema=False)


class Shown(StrEnum):
    """What the table of models holds."""

    SHARE = "share"
    CONVERSIONS = "conversions"
    VALUE = "value"
    CPA = "cpa"
    ROAS = "roas"


TITLES = {
    Shown.SHARE: "Share of conversions",
    Shown.CONVERSIONS: "Conversions",
    Shown.VALUE: "Value",
    Shown.CPA: "CPA",
    Shown.ROAS: "ROAS",
}
Typed = Annotated[str, Query(max_length=40)]


@router.get("/attribution")
def side_by_side(
    visitor: SignedIn,
    window_days: Window = Window.MONTH,
    goal_id: GoalNumber = None,
    show: Shown = Shown.SHARE,
) -> HTMLResponse:
    asked, away, found, last = CreditAsked(window_days=window_days, goal_id=goal_id), "", None, None
    try:
        found = credit.of(visitor, asked)
        if found.credit.span:
            last, _ = analytics.answered(visitor, margins_of, found.credit.asked)
    except HTTPException as failure:
        away = _away(failure)
    offered = goal_book.live(visitor)
    goal = found.goal if found else next((it for it in offered if it.id == goal_id), offered[0])
    with visitor.records() as session:
        own = measurement.of_tenant(session, visitor.tenant)
        return rendering.page(
            visitor,
            session,
            "attribution.html",
            say=credit,
            say_last=margins,
            away=away,
            told=found.told if found else "",
            last=last,
            found=found.credit if found else None,
            journeys=found.journeys if found else None,
            behind=_behind(visitor, found.credit) if found else 0,
            end=credit.axis(found.credit) if found else 1.0,
            titles=TITLES,
            goal=goal,
            goals=offered,
            headline=own.headline_model,
            direct_overrides=own.direct_overrides,
            window=window_days,
            show=show,
            windows=[(_address(each, goal.id, show), f"{each} days") for each in Window],
            tables=[(_address(window_days, goal.id, each) + "#models", TITLES[each]) for each in Shown],
            here_now=_address(window_days, goal.id, show),
            export=_export("models", window_days, goal.id),
            export_last=_export("margins", window_days, goal.id),
        )


@router.get("/attribution/paths")
def path_explorer(
    visitor: SignedIn,
    model: Typed = "",
    campaign_id: Typed = "",
    goal_id: Typed = "",
    first: Annotated[str, Query(alias="from", max_length=40)] = "",
    last: Annotated[str, Query(alias="to", max_length=40)] = "",
) -> HTMLResponse:
    """What is wrong with what was asked stands beside its field."""
    with visitor.records() as session:
        model = model or measurement.of_tenant(session, visitor.tenant).headline_model
        goal_id = goal_id or str(goals.headline(session, visitor.tenant).id)
    typed = {
        "model": model,
        "campaign_id": campaign_id,
        "goal_id": goal_id,
        "from": first,
        "to": last,
    }
    try:
        asked = path_steps.asked(visitor, typed)
    except Refused as refused:
        if refused.problem.status == 404:
            raise
        return _paths(visitor, typed, None, None, troubles=Troubles.of(refused))
    settled = typed | {"from": asked.span.first.isoformat(), "to": asked.span.last.isoformat()}
    try:
        found, told = analytics.answered(visitor, paths, asked)
    except HTTPException as failure:
        return _paths(visitor, settled, asked, None, away=_away(failure))
    return _paths(visitor, settled, asked, found, told=told)


def _paths(
    visitor: Visitor,
    typed: Mapping[str, str],
    asked: PathsAsked | None,
    found: Paths | None,
    *,
    told: str = "",
    away: str = "",
    troubles: Troubles = NONE,
) -> HTMLResponse:
    campaign = asked.campaign_id if asked else None
    said = {name: value for name, value in typed.items() if value}
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "attribution_paths.html",
            status=200 if troubles is NONE else 422,
            typed=typed,
            troubles=troubles,
            asked=asked,
            found=found,
            told=told,
            away=away,
            say=credit,
            steps=path_steps.steps,
            models=[(it.name, it.title) for it in attribution.models()],
            titles={it.name: it.title for it in attribution.models()},
            campaigns=[("", "Any campaign"), *choices.campaigns(session, visitor, campaign)],
            goals=[(str(it.id), it.name) for it in goals.live(session, visitor.tenant)],
            export=f"/exports?{urlencode({'report': 'paths', **said})}",
        )


def _address(window: Window, goal: int, show: Shown) -> str:
    return f"/attribution?{urlencode({'window_days': int(window), 'goal_id': goal, 'show': str(show)})}"


def _export(report: str, window: Window, goal: int) -> str:
    return f"/exports?{urlencode({'report': report, 'window_days': int(window), 'goal_id': goal})}"


def _behind(visitor: Visitor, found: Credit) -> int:
    """How many days there have been since the newest that was computed."""
    return (datetime.now(visitor.time_zone).date() - found.span.last).days if found.span else 0


def _away(failure: HTTPException) -> str:
    """What a warehouse says that is away for now; anything else goes on as it came."""
    if failure.status_code != 503:
        raise failure
    return str(failure.detail)
