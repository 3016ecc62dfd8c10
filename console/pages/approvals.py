"""The inbox of approvals, and deciding several of its requests at once."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field, StringConstraints

from console.actions import choices, desk
from console.approvals import batch, inbox
from console.approvals.batch import Vote
from console.approvals.inbox import Order, Sought, Whose
from console.door.admission import LARGEST_ID, SignedIn
from console.door.sign_in import Visitor
from console.frame import rendering
from console.frame.bodies import ChosenId
from console.frame.texts import IF_CHOSEN, Note
from store.records.actions import ActionType
from store.records.approvals import Decision
from store.records.policies import SIGNERS, Risk

router = APIRouter(include_in_schema=False)

Hours = Annotated[int, Field(ge=1, le=24 * 90)]
Author = Annotated[str, Query(pattern=r"^(programs|[1-9][0-9]{0,17})?$")]
Place = Annotated[str, StringConstraints(max_length=40), Query()]
Votes = Annotated[list[Vote], Form(max_length=batch.MOST)]


@router.get("/approvals")
def approvals(
    visitor: SignedIn,
    whose: Annotated[Whose | None, IF_CHOSEN, Query()] = None,
    type: Annotated[ActionType | None, IF_CHOSEN, Query()] = None,
    risk: Annotated[Risk | None, IF_CHOSEN, Query()] = None,
    campaign: ChosenId = None,
    author: Author = "",
    expires: Annotated[Hours | None, IF_CHOSEN, Query()] = None,
    order: Annotated[Order | None, IF_CHOSEN, Query()] = None,
    cursor: Place = "",
    done: str = "",
) -> HTMLResponse:
    sought = Sought(
        whose=_whose(visitor, whose),
        type=type,
        risk=risk,
        campaign=campaign,
        author=author,
        expires=expires,
        order=order or Order.LONGEST_WAITING,
    )
    with visitor.records() as session:
        page = inbox.page(session, visitor, sought, cursor)
        desk.reads_requests(session, visitor, waiting=bool(page.items))
        return rendering.page(
            visitor,
            session,
            "approvals.html",
            page=page,
            sought=sought,
            signs=visitor.role in SIGNERS,
            counts=inbox.counts(session, visitor, sought),
            most_counted=inbox.MOST_COUNTED,
            campaigns=choices.campaigns(session, visitor, campaign),
            authors=inbox.authors(session, visitor),
            most=batch.MOST,
            is_first=not cursor,
            done=done,
        )


def _whose(visitor: Visitor, wanted: Whose | None) -> Whose:
    """Who signs sees first what waits for them; nobody else has such a tab."""
    return (wanted or Whose.MINE) if visitor.role in SIGNERS else Whose.ALL


@router.get("/approvals/batch", response_model=None)
def several(
    visitor: SignedIn, action: Annotated[list[int] | None, Query(max_length=500)] = None
) -> HTMLResponse | RedirectResponse:
    if not action:
        return RedirectResponse("/approvals?done=none-chosen", 303)
    return _several(visitor, [number for number in action if 0 < number <= LARGEST_ID])


@router.post("/approvals/batch", response_model=None)
def decide_several(
    visitor: SignedIn, decision: Annotated[Decision, Form()], vote: Votes, note: Annotated[Note, Form()] = ""
) -> HTMLResponse:
    """What became of each vote is told at once; posted again, it changes nothing more."""
    if decision is Decision.DENIED and not note.strip():
        numbers = [int(each.partition(":")[0]) for each in vote]
        return _several(visitor, numbers, trouble="Say why: a denial needs a note.", status=422)
    outcomes = batch.decide(visitor, vote, decision, note)
    with visitor.records() as session:
        return rendering.page(
            visitor, session, "approvals_decided.html", outcomes=outcomes, decision=decision
        )


def _several(visitor: Visitor, numbers: list[int], *, trouble: str = "", status: int = 200) -> HTMLResponse:
    with visitor.records() as session:
        chosen = batch.read(session, visitor, numbers)
        desk.reads_requests(session, visitor, waiting=bool(chosen))
        return rendering.page(
            visitor,
            session,
            "approvals_batch.html",
            status=status,
            chosen=chosen,
            to_approve=[each for each in chosen if not each.why_not],
            asked_for=len(set(numbers)),
            most=batch.MOST,
            trouble=trouble,
        )
