"""How a tenant measures: read, and chosen anew as a whole."""

from console.door import etags
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from store.records import measurement
from store.records.measurement import Choices, Measurement, WeightsTooHeavy


def etag(chosen: Measurement) -> str:
    return etags.of(chosen)


def read(visitor: Visitor) -> Measurement:
    with visitor.records() as session:
        return measurement.of_tenant(session, visitor.tenant)


def choose(visitor: Visitor, choices: Choices) -> Measurement:
    with visitor.records() as session:
        chosen = measurement.locked(session, visitor.tenant)
        visitor.conditions.require(lambda: etag(chosen))
        try:
            measurement.change(session, chosen, visitor.actor, choices)
        except WeightsTooHeavy as heavy:
            raise Refused(422, str(heavy), [FieldError("first_weight", str(heavy))]) from None
        session.refresh(chosen)
        return chosen
