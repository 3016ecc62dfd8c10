"""Measurement: how visits become sessions and how models share out the credit, chosen for the whole tenant."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.door.admission import SignedIn
from console.door.etags import ChangedMeanwhile, Conditions
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import rendering
from console.frame.form_bodies import Troubles, troubles
from console.measuring import measurement_book, measurement_form
from console.measuring.measurement_form import Typed

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form(max_length=100)]


def _typed(
    session_gap_minutes: Field = "",
    session_ends_at_midnight: Field = "",
    session_ends_with_campaign: Field = "",
    headline_model: Field = "",
    first_weight: Field = "",
    last_weight: Field = "",
    half_life_hours: Field = "",
    markov_order: Field = "",
    collapse_repeats: Field = "",
    direct_overrides: Field = "",
) -> Typed:
    return Typed(
        session_gap_minutes,
        session_ends_at_midnight,
        session_ends_with_campaign,
        headline_model,
        first_weight,
        last_weight,
        half_life_hours,
        markov_order,
        collapse_repeats,
        direct_overrides,
    )


@router.get("/measurement")
def measurement(visitor: SignedIn, done: str = "") -> HTMLResponse:
    return _page(visitor, done=done)


@router.post("/measurement", response_model=None)
def choose(visitor: SignedIn, typed: Annotated[Typed, Depends(_typed)], etag: Field = "") -> Response:
    knowing = replace(visitor, conditions=Conditions(reads=False, if_match=etag))
    try:
        measurement_book.choose(knowing, typed.as_choices())
    except ChangedMeanwhile as changed:
        return _page(visitor, typed, {"": str(changed)}, 409)
    except Refused as refused:
        return _page(visitor, typed, troubles(refused), refused.problem.status, etag)
    return RedirectResponse("/measurement?done=chosen", 303)


def _page(
    visitor: Visitor,
    typed: Typed | None = None,
    wrong: Troubles | None = None,
    status: int = 200,
    etag: str = "",
    done: str = "",
) -> HTMLResponse:
    chosen = measurement_book.read(visitor)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "measurement.html",
            status=status,
            chosen=Typed.of(chosen.choices),
            typed=typed or Typed.of(chosen.choices),
            changed_at=chosen.changed_at,
            etag=etag or measurement_book.etag(chosen),
            models=measurement_form.models(),
            orders=measurement_form.ORDERS,
            troubles=wrong or {},
            done=done,
        )
