"""The kill switch for programs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from console.actions import switches
from console.api.answers import REFUSALS
from console.door.admission import SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame.texts import Reason, Text
from store.records import kill_switches
from store.records.kill_switches import EVERYTHING, Scope

RELEASE = "POST /kill-switch/release"

router = APIRouter(tags=["kill switch"], responses=REFUSALS)


class Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    engaged: bool = True
    scope: Scope = Scope.TENANT
    subject: Annotated[Text, StringConstraints(max_length=100)] = EVERYTHING
    reason: Reason = ""


class PulledSwitch(BaseModel):
    """`release_asked_by` has asked for its release; another person has to agree."""

    scope: Scope
    subject: str
    reason: str
    changed_by: str
    changed_at: datetime
    release_asked_by: str | None
    release_asked_at: datetime | None


class KillSwitches(BaseModel):
    """`engaged` says whether anything that concerns this tenant is stopped."""

    engaged: bool
    by_environment: bool
    switches: list[PulledSwitch]


@router.get("/api/kill-switch")
def read(visitor: SignedIn) -> KillSwitches:
    return _read(visitor)


@router.post("/api/kill-switch")
def turn(visitor: SignedIn, body: Switch) -> KillSwitches:
    """Stops at once, before the next message; to let go again takes two of those who may release."""
    if body.engaged:
        switches.pull(visitor, scope=body.scope, subject=body.subject, reason=body.reason)
    elif visitor.may(RELEASE):
        switches.release(visitor, scope=body.scope, subject=body.subject, reason=body.reason)
    else:
        who = f"A {visitor.role.capitalize()}" if visitor.key is None else "An API key"
        raise Refused(403, f"{who} may pull the kill switch, not release it.")
    return _read(visitor)


def _read(visitor: Visitor) -> KillSwitches:
    with visitor.records() as session:
        pulled = kill_switches.all_engaged(session, visitor.tenant)
    by_environment = visitor.settings.kill_switch
    shown = [PulledSwitch.model_validate(switch, from_attributes=True) for switch in pulled]
    return KillSwitches(engaged=bool(shown) or by_environment, by_environment=by_environment, switches=shown)
