"""Dead letters: what was not sent, or perhaps was, and what a person decides about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from console.actions import listing
from console.actions.listing import PAGE
from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import rendering
from console.frame.bodies import Number
from console.frame.cursors import Cursor
from console.frame.texts import Reason
from console.watching import dead_letters
from store.records.action_states import MOVES, Move
from store.records.dead_letters import MOST_NAMED

router = APIRouter(include_in_schema=False)

Chosen = Annotated[list[Number], Form(default_factory=list, max_length=MOST_NAMED)]
Why = Annotated[Reason, Form()]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was filled in, for a form that is shown again."""

    chosen: Sequence[int] = ()
    reason: str = ""
    may_have_arrived: bool = False


NOTHING_TYPED = Typed()


@router.get("/dead-letters")
def actions(visitor: SignedIn, cursor: Cursor = None) -> HTMLResponse:
    found, following = dead_letters.listed(visitor, cursor=cursor, limit=PAGE)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "dead_letters.html",
            found=[(dead, listing.title_of(dead.action)) for dead in found],
            page={"next_cursor": following},
            is_first=cursor is None,
        )


@router.get("/dead-letters/{action_id}")
def letters(visitor: SignedIn, action_id: Id, cursor: Cursor = None, done: str = "") -> HTMLResponse:
    return _shown(visitor, action_id, cursor=cursor, done=done)


@router.post("/dead-letters/{action_id}/requeue", response_model=None)
def requeue(
    visitor: SignedIn,
    action_id: Id,
    deliveries: Chosen,
    everything: Annotated[bool, Form()] = False,
    may_have_arrived: Annotated[bool, Form()] = False,
    reason: Why = "",
) -> HTMLResponse | RedirectResponse:
    typed = Typed(deliveries, reason, may_have_arrived)
    trouble = _missing(reason, chosen=everything or bool(deliveries))
    if trouble:
        return _shown(visitor, action_id, typed=typed, trouble=trouble)
    named = None if everything else deliveries
    try:
        dead_letters.requeue(visitor, action_id, reason.strip(), named, may_have_arrived=may_have_arrived)
    except Refused as refused:
        return _shown_again(visitor, action_id, refused, typed)
    return RedirectResponse(f"/dead-letters/{action_id}?done=requeued", 303)


@router.post("/dead-letters/{action_id}/resolve", response_model=None)
def resolve(
    visitor: SignedIn,
    action_id: Id,
    arrived: Annotated[bool, Form()],
    deliveries: Chosen,
    reason: Why = "",
) -> HTMLResponse | RedirectResponse:
    typed = Typed(deliveries, reason)
    trouble = _missing(reason, chosen=bool(deliveries))
    if trouble:
        return _shown(visitor, action_id, typed=typed, trouble=trouble)
    try:
        dead_letters.resolve(visitor, action_id, deliveries, arrived=arrived, note=reason.strip())
    except Refused as refused:
        return _shown_again(visitor, action_id, refused, typed)
    return RedirectResponse(f"/dead-letters/{action_id}?done={'arrived' if arrived else 'failed'}", 303)


def _missing(reason: str, *, chosen: bool) -> dict[str, str]:
    trouble = {} if chosen else {"deliveries": "Choose at least one message."}
    return trouble if reason.strip() else trouble | {"reason": "Say why; it is kept beside the audit chain."}


def _shown_again(visitor: Visitor, action_id: int, refused: Refused, typed: Typed) -> HTMLResponse:
    """The form with its reasons, where it is the form that is wrong."""
    errors = {error.field: error.reason for error in refused.problem.errors}
    if not errors:
        raise refused
    return _shown(visitor, action_id, typed=typed, trouble=errors)


def _shown(
    visitor: Visitor,
    action_id: int,
    *,
    cursor: int | None = None,
    done: str = "",
    trouble: dict[str, str] | None = None,
    typed: Typed = NOTHING_TYPED,
) -> HTMLResponse:
    with visitor.records() as session:
        opened = dead_letters.opened(session, visitor, action_id, cursor=cursor, limit=PAGE)
        return rendering.page(
            visitor,
            session,
            "dead_letter.html",
            status=422 if trouble else 200,
            opened=opened,
            action=opened.dead.action,
            title=listing.title_of(opened.dead.action),
            may_requeue=opened.dead.action.state in MOVES[Move.REQUEUE][0],
            page={"next_cursor": opened.next_cursor},
            is_first=cursor is None,
            done=done,
            trouble=trouble or {},
            typed=typed,
        )
