"""Forms are read by the same models as the API's bodies, and refused in the same words."""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from console.door.problems import FieldError, Refused, problem_of

_WORDS_FOR = {
    "Field required": "fill this in",
    "String should have at least 1 character": "fill this in",
    "Input should be a valid string": "fill this in",
    "Input should be a valid number, unable to parse string as a number": "write a number, like 12.5",
    "Input should be a valid decimal": "write a number, like 12.5",
    "Input should be a finite number": "write a number, like 12.5",
    "Input should be a valid integer, unable to parse string as an integer": "write a whole number",
}


Troubles = Mapping[str, str]
Body = TypeVar("Body", bound=BaseModel)


def read(body: type[Body], said: Mapping[str, Any]) -> Body:
    """What a form says, or a refusal with every field that is wrong."""
    try:
        return body.model_validate(said)
    except ValidationError as error:
        located = [{**found, "loc": ("body", *found["loc"])} for found in error.errors()]
        problem = problem_of(RequestValidationError(located))
        raise Refused(problem.status, problem.detail, problem.errors) from None


def troubles(refused: Refused) -> Troubles:
    """Why a form was refused, by field; what belongs to no field is under the empty name."""
    found = refused.problem.errors or [FieldError("", refused.problem.detail)]
    return {each.field.split(".")[0]: in_words(each.reason) for each in reversed(found)}


def in_words(reason: str) -> str:
    """A reason as it stands beside a field."""
    return _WORDS_FOR.get(reason, reason)
