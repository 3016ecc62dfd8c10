"""What a person does about identities that were joined wrongly: each function is one transaction."""

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from store.records import identity_splits
from store.records.identity_splits import IdentitySplit
from store.records.schema import NotUsable, SplitId


def etag(decision: IdentitySplit) -> str:
    return etags.of(decision)


def split(visitor: Visitor, visitor_id: str, person_id: str, reason: str) -> IdentitySplit:
    with visitor.records() as session:
        try:
            return identity_splits.split(
                session, visitor.tenant, visitor.actor, visitor_id, person_id, reason
            )
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("visitor_id", str(unusable))]) from None


def listed(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[list[IdentitySplit], int | None]:
    with visitor.records() as session:
        return identity_splits.listed(session, visitor.tenant, cursor=cursor, limit=limit)


def read(visitor: Visitor, split_id: int) -> IdentitySplit:
    with visitor.records() as session:
        decision = identity_splits.named(session, visitor.tenant, SplitId(split_id))
    if decision is None:
        raise nothing_here()
    return decision


def take_back(visitor: Visitor, split_id: int) -> None:
    with visitor.records() as session:
        decision = identity_splits.locked(session, visitor.tenant, SplitId(split_id))
        if decision is None:
            raise nothing_here()
        visitor.conditions.require(lambda: etag(decision))
        try:
            identity_splits.take_back(session, decision, visitor.actor)
        except NotUsable as unusable:
            raise Refused(409, str(unusable)) from None
