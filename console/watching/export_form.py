"""The form of an export: of each thing that a report can be asked, a field, with what was typed or linked to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from console.frame import wording
from marketing_pipelines import attribution
from marketing_pipelines.analytics.reports import Report

# What is told apart by more than its name.
_LABELS: Mapping[str, str] = {
    "gran": "Step",
    "by": "A line for each",
    "window_days": "Within days of the first step",
    "campaign": "Campaign, as ad accounts call it",
    "campaign_id": "Number of a campaign",
    "goal_id": "Number of a goal",
    "limit": "At most",
}
_STEPS = {"h": "Hours", "d": "Days", "w": "Weeks", "m": "Months"}
# What a choice is called that was not made.
_UNCHOSEN: Mapping[str, str] = {"by": "All together", "model": "The headline model"}


class Input(StrEnum):
    DATE = "date"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    hint: str
    input: Input
    options: Sequence[tuple[str, str]]
    value: str


def fields(report: Report, typed: Mapping[str, str], today: date) -> Iterator[Field]:
    """In the order of the question; one that was not typed holds what would be meant without it."""
    usual = report.asked().settled(today)
    for name, info in report.asked.model_fields.items():
        called = info.alias or name
        options = _options(called, info)
        input = Input.CHOICE if options else _input(info)
        yield Field(
            name=called,
            label=info.title or _LABELS.get(called, wording.words(called)),
            hint=(info.description or "") if input in (Input.TEXT, Input.NUMBER) else "",
            input=input,
            options=options,
            value=typed.get(called, _as_typed(getattr(usual, name))),
        )


def _options(name: str, info: FieldInfo) -> Sequence[tuple[str, str]]:
    if name == "model":
        known = [(model.name, model.title) for model in attribution.models()]
    else:
        kind = _kind(info)
        if not (isinstance(kind, type) and issubclass(kind, Enum)):
            return ()
        known = [(str(it.value), _STEPS.get(str(it.value)) or _said(str(it.value))) for it in kind]
    return known if info.default is not None else [("", _UNCHOSEN.get(name, "Any")), *known]


def _said(value: str) -> str:
    return value.upper() if len(value) <= 3 or value == "roas" else wording.words(value)


def _input(info: FieldInfo) -> Input:
    kind = _kind(info)
    if kind is date:
        return Input.DATE
    return Input.NUMBER if kind is int else Input.TEXT


def _kind(info: FieldInfo) -> Any:
    """What a field holds when it holds something."""
    kind = info.annotation
    if get_origin(kind) in (Union, UnionType):
        [kind] = [it for it in get_args(kind) if it is not type(None)]
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    return kind


def _as_typed(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
