"""The kill switch: pulled by anyone who may act, released by two who may decide."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from console.actions import switches
from console.door.admission import SignedIn
from console.frame import names, rendering
from console.frame.texts import Reason
from store.records import kill_switches
from store.records.kill_switches import EVERYTHING, Scope

router = APIRouter(include_in_schema=False)

HISTORY = 10
Subject = Annotated[str, Form(max_length=100)]


@router.get("/kill-switch")
def kill_switch(visitor: SignedIn, done: str = "") -> HTMLResponse:
    with visitor.records() as session:
        pulled = kill_switches.all_engaged(session, visitor.tenant)
        history = kill_switches.turns(session, visitor.tenant, HISTORY)
        asking = {switch.release_asked_by for switch in pulled if switch.release_asked_by}
        actors = {switch.changed_by for switch in pulled} | {turn.turned_by for turn in history} | asking
        return rendering.page(
            visitor,
            session,
            "kill_switch.html",
            history=history,
            names=names.of_actors(session, actors),
            channels=switches.CHANNELS,
            types=switches.TYPES,
            campaigns=switches.campaigns(session, visitor.tenant),
            done=done,
        )


@router.post("/kill-switch/pull")
def pull(
    visitor: SignedIn,
    reach: Annotated[str, Form(max_length=120)] = Scope.TENANT,
    reason: Annotated[Reason, Form()] = "",
) -> RedirectResponse:
    """`reach` is a scope and, after a colon, its subject: `tenant`, `channel:smtp`, `type:email`, `campaign:7`."""
    scope, _, subject = reach.partition(":")
    switches.pull(visitor, scope=scope, subject=subject or EVERYTHING, reason=reason)
    return RedirectResponse("/kill-switch?done=pulled", 303)


@router.post("/kill-switch/release")
def release(
    visitor: SignedIn,
    scope: Annotated[str, Form(max_length=20)],
    subject: Subject = EVERYTHING,
    reason: Annotated[Reason, Form()] = "",
) -> RedirectResponse:
    is_released = switches.release(visitor, scope=scope, subject=subject, reason=reason)
    return RedirectResponse(f"/kill-switch?done={'released' if is_released else 'asked'}", 303)
