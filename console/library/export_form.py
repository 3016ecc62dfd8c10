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
_ANY = "As it is by itself"


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


def fields(report: Report, typed: Mapping[str, str]) -> Iterator[Field]:
    """In the order of the question; one that was not typed holds what would be meant without it."""
    for name, info in report.asked.model_fields.items():
        called = info.alias or name
        options = _options(called, info)
        yield Field(
            name=called,
            label=_LABELS.get(called, wording.words(called)),
            hint="" if options else info.description or "",
            input=Input.CHOICE if options else _input(info),
            options=options,
            value=typed.get(called, _usual(info.default)),
        )


def names(report: Report) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in report.asked.model_fields.items())


def _options(name: str, info: FieldInfo) -> Sequence[tuple[str, str]]:
    if name == "model":
        known = [(model.name, model.title) for model in attribution.models()]
    else:
        kind = _kind(info)
        if not (isinstance(kind, type) and issubclass(kind, Enum)):
            return ()
        known = [(str(it.value), _STEPS.get(str(it.value)) or _said(str(it.value))) for it in kind]
    return known if info.default is not None else [("", _ANY), *known]


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


def _usual(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default is None else str(default)
