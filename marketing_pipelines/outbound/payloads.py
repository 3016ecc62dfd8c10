"""What an action of each type must say, checked when it is created and again when it is submitted."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from marketing_pipelines.email import addresses
from store.records.actions import ActionType
from store.records.contacts import normalised

MOST_RECIPIENTS = 10_000
LONGEST_SUBJECT = 255
LONGEST_BODY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    reason: str


class PayloadError(ValueError):
    """A payload that cannot be sent; `problems` name each field and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.reason}" for problem in problems))
        self.problems = problems


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _sender_line(text: str) -> str:
    addresses.sender(text)
    return text


Address = Annotated[str, AfterValidator(addresses.address)]
SenderLine = Annotated[str, AfterValidator(_sender_line)]
Line = Annotated[
    str, Field(max_length=LONGEST_SUBJECT), AfterValidator(_not_blank), AfterValidator(addresses.line)
]
Body = Annotated[
    str, Field(max_length=LONGEST_BODY), AfterValidator(_not_blank), AfterValidator(addresses.body)
]


class EmailPayload(BaseModel):
    """A mail to one recipient or to several, each of whom gets a message of their own."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    recipient: Address | None = None
    recipients: Annotated[list[Address], Field(min_length=1, max_length=MOST_RECIPIENTS)] | None = None
    subject: Line
    body: Body
    html: Body | None = None
    sender: SenderLine | None = None

    @model_validator(mode="after")
    def _to_someone(self) -> "EmailPayload":
        if (self.recipient is None) == (self.recipients is None):
            raise ValueError("give either recipient or recipients")
        return self

    @property
    def audience(self) -> list[str]:
        """Whom it goes to, each address once."""
        given = self.recipients if self.recipients is not None else [self.recipient or ""]
        return list(dict.fromkeys(normalised(address) for address in given))


_PAYLOADS = {ActionType.EMAIL: EmailPayload}


def parse(type: ActionType, payload: dict[str, Any]) -> EmailPayload:
    """The typed payload, or a PayloadError with every field that is wrong."""
    try:
        return _PAYLOADS[type].model_validate(payload)
    except ValidationError as error:
        raise PayloadError([_problem(found) for found in error.errors()]) from None


def validate(type: ActionType, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as it is stored, or a PayloadError with every field that is wrong."""
    return parse(type, payload).model_dump(exclude_none=True)


def _problem(found: Any) -> Problem:
    field = ".".join(str(part) for part in found["loc"]) or "recipient"
    return Problem(field, found["msg"].removeprefix("Value error, "))
