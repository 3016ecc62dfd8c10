"""What people have typed into a form, checked field by field: the value itself, or a reason beside each wrong field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from console.door.problems import Refused


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Troubles:
    """Why a form was not taken, by field; what is wrong with all of it stands under no name."""

    reasons: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        return self.reasons.get(field, "")

    @classmethod
    def of(cls, refused: Refused) -> "Troubles":
        """What the desk found, beside the fields it names."""
        problem = refused.problem
        return cls({error.field: error.reason for error in problem.errors} or {"": problem.detail})


NONE = Troubles({})


F = TypeVar("F", bound="Form")


def read(form: type[F], **typed: str) -> F | Troubles:
    try:
        return form.model_validate(typed)
    except ValidationError as error:
        return Troubles({str(problem["loc"][0]): _said(problem["msg"]) for problem in error.errors()})


def _said(message: str) -> str:
    """As it reads beside a field; values are not repeated, since they may be secret."""
    plain = message.removeprefix("Value error, ").removeprefix("String ").removeprefix("Input ")
    return plain[:1].upper() + plain[1:]
