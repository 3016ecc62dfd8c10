"""What a person does with hold-outs, the same for forms and for the API: each function is one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from console.measuring import bodies
from store.records import goals, hold_outs
from store.records.database import Session
from store.records.hold_outs import HoldOut, Terms, WrongTerm
from store.records.schema import CampaignId, GoalId, HoldOutId, NotUsable


def etag(hold_out: HoldOut) -> str:
    return etags.of(hold_out)


def plan(visitor: Visitor, body: bodies.HoldOut) -> HoldOut:
    with visitor.records() as session, _refusing():
        goal = body.goal_id or goals.headline(session, visitor.tenant).id
        terms = Terms(
            name=body.name,
            question=body.question,
            goal_id=GoalId(goal),
            share=body.share,
            first_day=body.first_day,
            last_day=body.last_day,
            campaign_id=CampaignId(body.campaign_id) if body.campaign_id else None,
        )
        return hold_outs.plan(session, visitor.tenant, visitor.actor, terms)


def read(visitor: Visitor, hold_out_id: int) -> HoldOut:
    with visitor.records() as session:
        found = hold_outs.named(session, visitor.tenant, HoldOutId(hold_out_id))
    if found is None:
        raise nothing_here()
    return found


def listed(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[Sequence[HoldOut], int | None]:
    with visitor.records() as session:
        return hold_outs.listed(session, visitor.tenant, cursor=cursor, limit=limit)


def end(visitor: Visitor, hold_out_id: int) -> HoldOut:
    with visitor.records() as session, _refusing():
        found = _locked(session, visitor, hold_out_id)
        hold_outs.end(session, found, visitor.actor)
        session.refresh(found)
        return found


def _locked(session: Session, visitor: Visitor, hold_out_id: int) -> HoldOut:
    found = hold_outs.locked(session, visitor.tenant, HoldOutId(hold_out_id))
    if found is None:
        raise nothing_here()
    visitor.conditions.require(lambda: etag(found))
    return found


@contextmanager
def _refusing() -> Iterator[None]:
    """What the records refuse, beside the field that it is about."""
    try:
        yield
    except WrongTerm as wrong:
        raise Refused(422, str(wrong), [FieldError(wrong.field, str(wrong))]) from None
    except NotUsable as unusable:
        raise Refused(409, str(unusable)) from None
