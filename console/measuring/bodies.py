"""What people say of goals, measurement and identities, the same in forms and over the API."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from console.frame.bodies import Body, Name, Number
from console.frame.texts import storable
from marketing_pipelines.attribution import catalogue
from store.records import goals, hold_outs, identity_splits, measurement
from store.records.goals import Counting, Terms
from store.records.measurement import Choices


def currency_if_any(said: str) -> str:
    if said and not (len(said) == 3 and said.isascii() and said.isalpha() and said.isupper()):
        raise ValueError("write a currency by its three capital letters, like EUR, or none")
    return said


def known_model(name: str) -> str:
    """The catalogue's own words where it has no such model."""
    return catalogue.model(name).name


def _named(longest: int, *, shortest: int = 1) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, strip_whitespace=True)


Event = Annotated[str, _named(goals.LONGEST_EVENT), AfterValidator(storable)]
EventIfAny = Annotated[str, _named(goals.LONGEST_EVENT, shortest=0), AfterValidator(storable)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]


class Goal(Body):
    """A goal, whole; what is left out is as a new goal has it.

    `currency` (ISO 4217, such as EUR) is that of the fixed value, and of events that name none; empty is the tenant's.
    """

    name: Name
    event: Event
    refund_event: EventIfAny = "refund"
    fixed_value: Annotated[Decimal, Field(ge=0, le=goals.HIGHEST_VALUE, decimal_places=4)] | None = None
    currency: Annotated[str, AfterValidator(currency_if_any)] = ""
    counting: Counting = Counting.EACH
    once_days: Annotated[int, Field(ge=1, le=goals.LONGEST_ONCE_DAYS)] = 30
    lookback_days: Annotated[int, Field(ge=1, le=goals.LONGEST_LOOKBACK_DAYS)] = 30

    def as_terms(self) -> Terms:
        return Terms(**self.model_dump())


class HoldOut(Body):
    """What is kept from whom, by which goal it is read, and for how long; days are the warehouse's, in UTC.

    Without a goal it is read by the headline goal. `share` is the part of all people that is held out.
    """

    name: Name
    question: Annotated[str, _named(hold_outs.LONGEST_QUESTION), AfterValidator(storable)]
    goal_id: Number | None = None
    campaign_id: Number | None = None
    share: Annotated[
        Decimal, Field(ge=hold_outs.SMALLEST_SHARE, le=hold_outs.LARGEST_SHARE, decimal_places=4)
    ] = Decimal("0.1")
    first_day: date
    last_day: date


class Measurement(Body):
    """All choices; what is left out is as the house has it. `markov_order` 0 leaves the order to held-out paths."""

    session_gap_minutes: Annotated[int, Field(ge=1, le=measurement.LONGEST_GAP_MINUTES)] = 30
    session_ends_at_midnight: bool = False
    session_ends_with_campaign: bool = False
    headline_model: Annotated[str, Field(max_length=40), AfterValidator(known_model)] = "last_touch"
    first_weight: Share = Decimal("0.4")
    last_weight: Share = Decimal("0.4")
    half_life_hours: Annotated[int, Field(ge=1, le=measurement.LONGEST_HALF_LIFE_HOURS)] = 168
    markov_order: Annotated[int, Field(ge=measurement.ORDER_BY_LIKELIHOOD, le=measurement.HIGHEST_ORDER)] = 1
    collapse_repeats: bool = True
    direct_overrides: bool = False

    def as_choices(self) -> Choices:
        return Choices(**self.model_dump())


class Split(Body):
    """A device, by the id that pages gave it, and the person whom it is not."""

    visitor_id: Annotated[str, _named(identity_splits.LONGEST_VISITOR), AfterValidator(storable)]
    person_id: Annotated[str, _named(identity_splits.LONGEST_PERSON), AfterValidator(storable)]
    reason: Annotated[str, _named(identity_splits.LONGEST_REASON), AfterValidator(storable)]
