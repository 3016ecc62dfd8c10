"""What a person does with goals, the same for forms and for the API: each function is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from store.records import goals
from store.records.database import Session
from store.records.goals import ConversionGoal, NameTaken, RefundIsTheGoal, StillHeadline, Terms
from store.records.schema import GoalId, NotUsable


def etag(goal: ConversionGoal) -> str:
    return etags.of(goal)


def define(visitor: Visitor, terms: Terms) -> ConversionGoal:
    with visitor.records() as session, _refusing():
        return goals.define(session, visitor.tenant, visitor.actor, terms)


def read(visitor: Visitor, goal_id: int) -> ConversionGoal:
    """A goal, an archived one too."""
    with visitor.records() as session:
        goal = goals.named(session, visitor.tenant, GoalId(goal_id))
    if goal is None:
        raise nothing_here()
    return goal


def live(visitor: Visitor) -> list[ConversionGoal]:
    with visitor.records() as session:
        return goals.live(session, visitor.tenant)


def change(visitor: Visitor, goal_id: int, terms: Terms) -> ConversionGoal:
    with visitor.records() as session, _refusing():
        goal = _locked(session, visitor, goal_id)
        goals.change(session, goal, visitor.actor, terms)
        session.refresh(goal)
        return goal


def make_headline(visitor: Visitor, goal_id: int) -> ConversionGoal:
    with visitor.records() as session, _refusing():
        goal = _locked(session, visitor, goal_id)
        goals.make_headline(session, goal, visitor.actor)
        session.refresh(goal)
        return goal


def archive(visitor: Visitor, goal_id: int) -> None:
    with visitor.records() as session, _refusing():
        goals.archive(session, _locked(session, visitor, goal_id), visitor.actor)


def _locked(session: Session, visitor: Visitor, goal_id: int) -> ConversionGoal:
    goal = goals.locked(session, visitor.tenant, GoalId(goal_id))
    if goal is None:
        raise nothing_here()
    visitor.conditions.require(lambda: etag(goal))
    return goal


@contextmanager
def _refusing() -> Iterator[None]:
    """What the records refuse, beside the field that it is about."""
    try:
        yield
    except NameTaken as taken:
        raise Refused(422, str(taken), [FieldError("name", str(taken))]) from None
    except RefundIsTheGoal as same:
        raise Refused(422, str(same), [FieldError("refund_event", str(same))]) from None
    except StillHeadline as headline:
        raise Refused(409, str(headline)) from None
    except NotUsable as unusable:
        raise Refused(409, str(unusable)) from None
