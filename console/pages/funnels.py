"""Funnels: ordered steps that the reader chooses, how many people take each, and where most of them are lost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from console.door.admission import SignedIn
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame import form_bodies, rendering
from console.frame.forms import NONE, Troubles
from console.frame.lineage import Asset
from console.measuring import recent_events
from console.watching import analytics, funnel_reading, marts_read
from marketing_pipelines.analytics import reports
from marketing_pipelines.analytics.funnels import LONGEST_WINDOW_DAYS, FunnelAsked, Segment, funnel

router = APIRouter(include_in_schema=False)

LONGEST = 1000
MOST_VALUES = 20
Steps = Annotated[
    list[Annotated[str, Query(max_length=LONGEST)]], Query(default_factory=list, max_length=MOST_VALUES)
]
MADE_BY = Asset.PERSON_EVENTS
# What stands in the form beside the steps.
NAMES = ("from", "to", "window_days", "by")
FEWEST_STEPS = "choose two at least, in the order in which people take them"


@router.get("/funnels")
def funnels(visitor: SignedIn, request: Request, steps: Steps) -> HTMLResponse:
    """A field that is left empty says nothing; without any step the usual ones are meant."""
    typed = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in NAMES}
    typed = {name: value for name, value in typed.items() if value}
    chosen = [step.strip() for step in ",".join(steps).split(",") if step.strip()]
    seen = recent_events.of_tenant(visitor) or {}
    try:
        asked = _asked(visitor, typed, chosen or funnel_reading.usual_steps(seen))
    except Refused as refused:
        return _page(visitor, seen, chosen, typed, None, refused)
    return _page(visitor, seen, list(asked.steps), typed, asked)


def _asked(visitor: Visitor, typed: Mapping[str, str], steps: Sequence[str]) -> FunnelAsked:
    if len(steps) == 1:
        raise Refused(422, f"steps: {FEWEST_STEPS}.", [FieldError("steps", FEWEST_STEPS)])
    said = {**typed, "steps": list(steps)} if steps else dict(typed)
    return analytics.settled(visitor, form_bodies.read(FunnelAsked, said))


def _page(
    visitor: Visitor,
    seen: Mapping[str, int],
    chosen: list[str],
    typed: Mapping[str, str],
    asked: FunnelAsked | None,
    refused: Refused | None = None,
) -> HTMLResponse:
    usual = FunnelAsked()
    found = marts_read.read(visitor, MADE_BY, funnel, asked) if asked else None
    answer = found.answer if found else None
    course = answer.whole if answer else None
    span = (asked or analytics.settled(visitor, usual)).span
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "funnels.html",
            status=refused.problem.status if refused else 200,
            found=found,
            answer=answer,
            passages=funnel_reading.passages(course) if course else [],
            loss=funnel_reading.largest_loss(course) if course else None,
            narrowest=funnel_reading.narrowest(course) if course else None,
            whole_way=funnel_reading.whole_way(course) if course else None,
            way_of=funnel_reading.whole_way,
            apart=funnel_reading.apart(answer) if answer else None,
            open_from=funnel_reading.still_going_on(asked, datetime.now(visitor.time_zone).date())
            if asked
            else None,
            asked=asked,
            ways=[(it.value, _address(asked, by=it)) for it in Segment] if asked else [],
            export=marts_read.export_of(reports.named("funnel"), asked) if asked else "",
            choices=funnel_reading.choices(seen, chosen),
            step_fields=funnel_reading.step_fields(chosen),
            seen=seen,
            typed={
                "from": str(span.first),
                "to": str(span.last),
                "window_days": str(usual.window_days),
                "by": "",
            }
            | dict(typed),
            segments=[("", "Nothing"), *((it.value, it.value.capitalize()) for it in Segment)],
            longest_window=LONGEST_WINDOW_DAYS,
            looked_back=recent_events.LOOKED_BACK.days,
            troubles=Troubles(form_bodies.troubles(refused)) if refused else NONE,
        )


def _address(asked: FunnelAsked, *, by: Segment) -> str:
    """This page with the same question, told apart by something."""
    said = asked.model_copy(update={"by": by}).model_dump(mode="json", by_alias=True)
    return f"/funnels?{urlencode(said, doseq=True)}"
