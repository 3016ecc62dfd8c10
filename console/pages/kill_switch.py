"""The kill switch: pulled by anyone who may act, released by an Admin."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from console import names, rendering, switches
from console.admission import SignedIn
from console.texts import Reason
from store.records import kill_switches
from store.records.kill_switches import EVERYTHING, Scope

router = APIRouter(include_in_schema=False)

Subject = Annotated[str, Form(max_length=100)]


@router.get("/kill-switch")
def kill_switch(visitor: SignedIn, done: str = "") -> HTMLResponse:
    with visitor.records() as session:
        pulled = kill_switches.all_engaged(session, visitor.tenant)
        history = switches.history(session, visitor.tenant)
        actors = {switch.changed_by for switch in pulled} | {entry.actor for entry in history}
        return rendering.page(
            visitor,
            session,
            "kill_switch.html",
            history=history,
            names=names.of_actors(session, actors),
            channels=switches.CHANNELS,
            campaigns=switches.campaigns(session, visitor.tenant),
            done=done,
        )


@router.post("/kill-switch/pull")
def pull(
    visitor: SignedIn,
    reach: Annotated[str, Form(max_length=120)] = Scope.TENANT,
    reason: Annotated[Reason, Form()] = "",
) -> RedirectResponse:
    """`reach` is a scope and, after a colon, its subject: `tenant`, `channel:email`, `campaign:7`."""
    scope, _, subject = reach.partition(":")
    switches.turn(visitor, engaged=True, scope=scope, subject=subject or EVERYTHING, reason=reason)
    return RedirectResponse("/kill-switch?done=pulled", 303)


@router.post("/kill-switch/release")
def release(
    visitor: SignedIn,
    scope: Annotated[str, Form(max_length=20)],
    subject: Subject = EVERYTHING,
    reason: Annotated[Reason, Form()] = "",
) -> RedirectResponse:
    switches.turn(visitor, engaged=False, scope=scope, subject=subject, reason=reason)
    return RedirectResponse("/kill-switch?done=released", 303)
