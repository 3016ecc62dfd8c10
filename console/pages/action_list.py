"""The list of all actions, and what of it is shown."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from console.actions import action_filters, choices, listing
from console.actions.action_filters import Filter
from console.door.admission import SignedIn
from console.frame import days, rendering
from console.frame.bodies import ChosenId
from console.frame.cursors import Cursor
from console.frame.texts import IF_CHOSEN, Text
from store.records.action_states import State
from store.records.actions import ActionType, Source

router = APIRouter(include_in_schema=False)

MINE = "mine"


@router.get("/actions")
def actions(
    visitor: SignedIn,
    state: Annotated[State | None, IF_CHOSEN, Query()] = None,
    type: Annotated[ActionType | None, IF_CHOSEN, Query()] = None,
    campaign: ChosenId = None,
    author: Annotated[str, Query(pattern="^(mine)?$")] = "",
    source: Annotated[Source | None, IF_CHOSEN, Query()] = None,
    text: Annotated[Text, Query(max_length=200)] = "",
    due: Annotated[days.Shown | None, IF_CHOSEN, Query()] = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    only = Filter(
        state=state,
        type=type,
        campaign=campaign,
        author=visitor.user if author == MINE else None,
        source=source,
        text=text.strip(),
        due=days.day(due, visitor.time_zone) if due else None,
    )
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "actions.html",
            page=listing.newest(session, visitor.tenant, only=only, cursor=cursor),
            only=only,
            counts=action_filters.by_state(session, visitor.tenant, only),
            campaigns=choices.campaigns(session, visitor, campaign),
            is_first=cursor is None,
        )
