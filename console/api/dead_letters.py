"""Dead letters: what was not sent, or perhaps was, and putting it back."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from console.actions import listing
from console.api.answers import REFUSALS
from console.door.admission import LARGEST_ID, Id, SignedIn
from console.frame.bodies import Body
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Reason, storable
from console.watching import dead_letters
from store.records.action_states import State
from store.records.dead_letters import MOST_NAMED, DeadLetter, DeadLetters
from store.records.deliveries import DeliveryState

router = APIRouter(tags=["dead letters"], responses=REFUSALS)

Why = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True),
    AfterValidator(storable),
    Field(description="Kept beside the audit chain, which names it by its number."),
]
Named = Annotated[
    list[Annotated[int, Field(ge=1, le=LARGEST_ID)]], Field(min_length=1, max_length=MOST_NAMED)
]


class Requeue(Body):
    """Every message that failed, or those named; one whose outcome is unknown is only taken by its number."""

    reason: Why
    deliveries: Annotated[
        Named | None, Field(description="Messages by their number; none for all that failed.")
    ] = None
    may_have_arrived: Annotated[
        bool,
        Field(description="Needed where the outcome of one named is unknown: it may come a second time."),
    ] = False


class Found(Body):
    """What somebody found out about messages whose outcome was unknown."""

    deliveries: Named
    arrived: bool
    note: Reason = ""


class ReasonOut(BaseModel):
    state: DeliveryState
    reason: str
    count: int


class DeadLettersOut(BaseModel):
    """An action with what failed and what is unknown of it; the ten most frequent reasons."""

    action_id: int
    title: str
    state: State
    version: int
    failed: int
    unknown: int
    reasons: list[ReasonOut]
    said: Annotated[str, Field(description="Why the whole action was given up, where it was.")]
    expires_at: Annotated[
        datetime | None, Field(description="Until when the approval holds: then it takes another one.")
    ]
    updated_at: datetime

    @classmethod
    def of(cls, dead: DeadLetters) -> Self:
        action = dead.action
        return cls(
            action_id=action.id,
            title=listing.title_of(action),
            state=action.state,
            version=action.version,
            failed=dead.counts.get(DeliveryState.FAILED, 0),
            unknown=dead.counts.get(DeliveryState.UNKNOWN, 0),
            reasons=[ReasonOut(state=it.state, reason=it.text, count=it.count) for it in dead.reasons],
            said=str((action.outcome or {}).get("reason", "")),
            expires_at=action.expires_at,
            updated_at=action.updated_at,
        )


class DeadLetterPage(BaseModel):
    items: list[DeadLettersOut]
    next_cursor: int | None


class LetterOut(BaseModel):
    id: int
    recipient_id: int | None
    state: DeliveryState
    reason: str
    attempts: int
    version: int
    settled_at: datetime | None

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        row = letter.delivery
        return cls(
            id=row.id,
            recipient_id=letter.recipient,
            state=row.state,
            reason=row.outcome,
            attempts=row.attempts,
            version=row.version,
            settled_at=row.settled_at,
        )


class LetterPage(BaseModel):
    items: list[LetterOut]
    next_cursor: int | None


class Decided(BaseModel):
    """How many messages it was about, and how the action stands now."""

    count: int
    action: DeadLettersOut


@router.get("/api/dead-letters")
def list_actions(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> DeadLetterPage:
    """Actions with messages that failed for good or whose outcome is unknown, newest first."""
    page, following = dead_letters.listed(visitor, cursor=cursor, limit=limit)
    return DeadLetterPage(items=[DeadLettersOut.of(dead) for dead in page], next_cursor=following)


@router.get("/api/dead-letters/{action_id}")
def list_letters(visitor: SignedIn, action_id: Id, limit: Limit, cursor: Cursor = None) -> LetterPage:
    """The messages themselves."""
    page, following = dead_letters.letters(visitor, action_id, cursor=cursor, limit=limit)
    return LetterPage(items=[LetterOut.of(letter) for letter in page], next_cursor=following)


@router.post("/api/dead-letters/{action_id}/requeue")
def requeue(visitor: SignedIn, action_id: Id, body: Requeue) -> Decided:
    """Back in the queue while the approval holds; whoever has had the message gets nothing a second time."""
    count, dead = dead_letters.requeue(
        visitor, action_id, body.reason, body.deliveries, may_have_arrived=body.may_have_arrived
    )
    return Decided(count=count, action=DeadLettersOut.of(dead))


@router.post("/api/dead-letters/{action_id}/resolve")
def resolve(visitor: SignedIn, action_id: Id, body: Found) -> Decided:
    """An unknown outcome becomes sent or failed, as somebody has found out."""
    count, dead = dead_letters.resolve(
        visitor, action_id, body.deliveries, arrived=body.arrived, note=body.note
    )
    return Decided(count=count, action=DeadLettersOut.of(dead))
