"""What a person does with messages that failed or whose outcome is unknown: each function is one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from console.actions import desk
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from marketing_pipelines.outbound import checks, chunks
from store.records import dead_letters
from store.records.action_states import MOVES, Move
from store.records.actions import Action, IllegalMove
from store.records.contacts import Contact
from store.records.database import Session
from store.records.dead_letters import DeadLetter, DeadLetters, MayHaveArrived, NotDead, NothingFailed

WAY_ON = "Edit the action and submit it again; whoever has had it gets nothing a second time."


@dataclass(frozen=True, slots=True)
class Opened:
    """What lies here of one action, a page of its messages, and the address of each recipient who is still known."""

    dead: DeadLetters
    letters: Sequence[DeadLetter]
    next_cursor: int | None
    addresses: Mapping[int, str]


def opened(session: Session, visitor: Visitor, action_id: int, *, cursor: int | None, limit: int) -> Opened:
    action = desk.found(session, visitor, action_id)
    page, following = dead_letters.letters(session, action, cursor=cursor, limit=limit)
    numbers = [letter.recipient for letter in page if letter.recipient is not None]
    known = session.execute(
        select(Contact.id, Contact.email).where(Contact.tenant_id == visitor.tenant, Contact.id.in_(numbers))
    )
    return Opened(_of(session, visitor, action), page, following, dict(known.tuples().all()))


def listed(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[Sequence[DeadLetters], int | None]:
    with visitor.records() as session:
        return dead_letters.listed(session, visitor.tenant, cursor=cursor, limit=limit)


def letters(
    visitor: Visitor, action_id: int, *, cursor: int | None, limit: int
) -> tuple[Sequence[DeadLetter], int | None]:
    with visitor.records() as session:
        action = desk.found(session, visitor, action_id)
        return dead_letters.letters(session, action, cursor=cursor, limit=limit)


def requeue(
    visitor: Visitor, action_id: int, reason: str, named: list[int] | None, *, may_have_arrived: bool
) -> tuple[int, DeadLetters]:
    """Puts them back while the approval still holds, which the sender checks once more."""
    with visitor.records() as session:
        action = desk.locked(session, visitor, action_id)
        _require_approval(session, visitor, action)
        with _refusing():
            count = dead_letters.requeue(
                session, action, visitor.actor, reason, only=named, may_have_arrived=may_have_arrived
            )
        return count, _of(session, visitor, action)


def resolve(
    visitor: Visitor, action_id: int, named: list[int], *, arrived: bool, note: str
) -> tuple[int, DeadLetters]:
    """Settles what was unknown by what this person found out."""
    with visitor.records() as session:
        action = desk.locked(session, visitor, action_id)
        with _refusing():
            count = dead_letters.resolve(session, action, visitor.actor, named, arrived=arrived, note=note)
        return count, _of(session, visitor, action)


def _require_approval(session: Session, visitor: Visitor, action: Action) -> None:
    """Nothing goes out unsigned, also not the second time."""
    if action.state not in MOVES[Move.REQUEUE][0]:
        raise IllegalMove(action, Move.REQUEUE)
    if chunks.has_lapsed(action):
        raise Refused(409, f"The approval has lapsed, so that none of it goes out any more. {WAY_ON}")
    try:
        checks.approved(session, visitor.settings, action)
    except checks.NotAsApproved as refused:
        raise Refused(409, f"The approval no longer holds: {refused}. {WAY_ON}") from None


def _of(session: Session, visitor: Visitor, action: Action) -> DeadLetters:
    session.flush()
    [found] = dead_letters.of_actions(session, visitor.tenant, [action])
    return found


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except NothingFailed as nothing:
        raise Refused(409, str(nothing)) from None
    except MayHaveArrived as unsaid:
        raise Refused(422, str(unsaid), [FieldError("may_have_arrived", str(unsaid))]) from None
    except NotDead as wrong:
        raise Refused(422, str(wrong), [FieldError("deliveries", str(wrong))]) from None
