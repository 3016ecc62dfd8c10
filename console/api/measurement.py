"""Measurement: how visits become sessions, and how attribution models share out the credit."""

from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from console.api.answers import REFUSALS
from console.door.admission import SignedIn
from console.door.sign_in import Visitor
from console.measuring import measurement_book
from console.measuring.bodies import Measurement
from store.records import measurement

router = APIRouter(tags=["measurement"], responses=REFUSALS)


class MeasurementOut(BaseModel):
    """Shares are decimal numbers as text."""

    model_config = ConfigDict(from_attributes=True)

    session_gap_minutes: int
    session_ends_at_midnight: bool
    session_ends_with_campaign: bool
    headline_model: str
    first_weight: Decimal
    last_weight: Decimal
    half_life_hours: int
    markov_order: int
    collapse_repeats: bool
    direct_overrides: bool
    changed_at: datetime


@router.get("/api/measurement")
def read(visitor: SignedIn) -> MeasurementOut:
    return _shown(visitor, measurement_book.read(visitor))


@router.put("/api/measurement")
def choose(visitor: SignedIn, body: Measurement) -> MeasurementOut:
    """All of it; the past is measured anew as well."""
    return _shown(visitor, measurement_book.choose(visitor, body.as_choices()))


def _shown(visitor: Visitor, chosen: measurement.Measurement) -> MeasurementOut:
    visitor.conditions.show(measurement_book.etag(chosen))
    return MeasurementOut.model_validate(chosen)
