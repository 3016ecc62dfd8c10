"""What an action of each type must say, checked when it is created and again when it is submitted."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from marketing_pipelines.outbound import kinds
from marketing_pipelines.outbound.kinds.face import Payload
from store.records.actions import ActionType, Channel


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    reason: str


class PayloadError(ValueError):
    """A payload that cannot be sent; `problems` name each field and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.reason}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Checked:
    """A payload as it is stored, and what will carry it."""

    payload: dict[str, Any]
    channel: Channel


def parse(type: ActionType, payload: dict[str, Any]) -> Payload:
    """The typed payload, or a PayloadError with every field that is wrong."""
    kind = kinds.of(type)
    try:
        return kind.payload.model_validate(payload)
    except ValidationError as error:
        raise PayloadError([_problem(found, kind.main_field) for found in error.errors()]) from None


def checked(type: ActionType, payload: dict[str, Any]) -> Checked:
    """The payload as it is stored, or a PayloadError with every field that is wrong."""
    parsed = parse(type, payload)
    return Checked(parsed.model_dump(mode="json", exclude_none=True), kinds.of(type).channel(parsed))


def _problem(found: Any, main_field: str) -> Problem:
    """What is wrong with the payload as a whole is said of its main field."""
    field = ".".join(str(part) for part in found["loc"]) or main_field
    return Problem(field, found["msg"].removeprefix("Value error, "))
