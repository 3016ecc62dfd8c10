"""What an error means to whoever made the request, person or program: one description of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.door import etags
from console.door.attempts import TooManyAttempts
from console.door.etags import ChangedMeanwhile
from console.door.idempotency import HEADER, AnswerLost, UsedForAnother
from console.door.sign_in import NoTenant, NotSignedIn
from console.door.versions import API
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.payloads import PayloadError
from store.records.actions import IllegalMove
from store.records.approvals import AlreadySettled, DecisionRefused, NotAllowed, StaleVersion


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    detail: str
    errors: Sequence[FieldError] = ()
    members: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


class Refused(Exception):
    """What a handler says when it will not."""

    def __init__(self, status: int, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.problem = Problem(status, detail, errors)


class TooManyRequests(Exception):
    """Try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many requests in this minute; try again in {seconds} s.")
        self.seconds = seconds


def nothing_here() -> Refused:
    """One answer for what never was, for what is gone and for what is another tenant's."""
    return Refused(404, "There is nothing here under this number or name.")


def problem_of(error: Exception) -> Problem:
    """What an error means to whoever made the request."""
    match error:
        case Refused():
            return error.problem
        case RequestValidationError():
            return _invalid(error)
        case PayloadError():
            errors = [FieldError(f"payload.{found.field}", found.reason) for found in error.problems]
            return Problem(422, "The payload cannot be sent as it is.", errors)
        case NotReady():
            field = f"payload.{error.field}" if error.of_payload else error.field
            reason = FieldError(field, error.reason)
            return Problem(422, "The action is not ready to be submitted.", [reason])
        case NotAllowed():
            return Problem(403, error.reason)
        case AlreadySettled():
            return Problem(409, error.reason)
        case StaleVersion():
            current = {"current_hash": error.current_hash.hex()} if error.current_hash else {}
            return Problem(409, error.reason, members=current)
        case DecisionRefused():
            return Problem(422, error.reason, [FieldError("note", error.reason)])
        case IllegalMove():
            return Problem(409, str(error))
        case TooManyAttempts() | TooManyRequests():
            return Problem(429, str(error), headers={"Retry-After": str(error.seconds)})
        case ChangedMeanwhile():
            return Problem(412, str(error), headers={etags.HEADER: error.tag})
        case UsedForAnother():
            reason = "was used for another request; take a new key for each thing that is to be made"
            return Problem(422, f"{HEADER} {reason}.", [FieldError(HEADER, reason)])
        case AnswerLost():
            where = {"location": error.location} if error.location else {}
            return Problem(
                409,
                "This was done already; what was answered then cannot be said again. Look up what was made.",
                members=where,
            )
        case NoTenant():
            return Problem(403, str(error))
        case NotSignedIn():
            return Problem(401, "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
        case DataError():
            return Problem(422, "The request holds characters or numbers that cannot be stored.")
        case OperationalError() if isinstance(error.orig, QueryCanceled):
            return Problem(
                503,
                "This took too long and was given up; nothing was changed. "
                "Ask for less at a time (a smaller page, a narrower search), or try again in a moment.",
                headers={"Retry-After": "5"},
            )
        case OperationalError():
            return Problem(503, "The records cannot be reached right now.", headers={"Retry-After": "5"})
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))
        case _:
            return Problem(500, "Something went wrong on our side; the log has it under the request id.")


def _invalid(error: RequestValidationError) -> Problem:
    """Field and reason; the value itself is not repeated, since it may be a secret."""
    found = error.errors()
    if any(problem["type"] == "json_invalid" for problem in found):
        return Problem(400, "The body is not valid JSON.")
    errors = [
        FieldError(
            ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0]),
            problem["msg"].removeprefix("Value error, "),
        )
        for problem in found
    ]
    return Problem(422, "Some fields are missing or wrong.", errors)


def is_api(request: Request) -> bool:
    return request.url.path.startswith(API)
