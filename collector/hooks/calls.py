"""A call as it came, what is known of it once it is proven, and the two ways in which it is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from msgspec import DecodeError, Meta
from msgspec.json import Decoder

from collector.refusals import NotNow, Reason, Refused

T = TypeVar("T")

MINUTES = 60
HOURS = 60 * MINUTES
TOLERANCE = 5 * MINUTES
LONGEST_HEADER = 4096

# Ids are kept and challenges echoed: nothing in them can break a line, a log or a page.
ID_PATTERN = r"\A[!-~]{1,512}\Z"
CHALLENGE_PATTERN = r"\A[0-9A-Za-z._-]{1,256}\Z"
Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Challenge = Annotated[str, Meta(pattern=CHALLENGE_PATTERN)]


class NotGenuine(Refused):
    """The call is not proven to come from the provider; the detail is for people and holds no secret."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.BAD_SIGNATURE, detail)


class UnusableSecret(NotGenuine):
    """What is kept as the secret cannot be one of this provider's."""


class CannotVerifyNow(NotNow):
    """Whose key proves the call could not be asked for it; the provider should call again."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a genuine call says about itself.

    `provider_event_id` stays the same when the provider calls again; None where the scheme has no such thing.
    `nonce` may be taken once only: the same one again is a repetition, whatever the body says.
    `answer` is a challenge to be echoed as plain text; such a call carries nothing to be kept.
    """

    provider_event_id: str | None = None
    nonce: str | None = None
    answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a hook's address; the names of headers are lower-case, the body is as it travelled."""

    headers: Mapping[bytes, bytes]
    query: Mapping[str, str]
    body: bytes
    received_ms: int

    def header(self, name: bytes) -> bytes:
        """A header without which the call cannot be genuine."""
        value = self.headers.get(name)
        if value is None:
            raise NotGenuine(f"The call has no {name.decode()} header.")
        if len(value) > LONGEST_HEADER:
            raise NotGenuine(f"The {name.decode()} header is over {LONGEST_HEADER} bytes.")
        return value

    def json(self, decoder: Decoder[T]) -> T:
        """The fields of the body that a scheme needs; how deep it may nest is bounded by the decoder."""
        try:
            return decoder.decode(self.body)
        except (DecodeError, UnicodeDecodeError) as error:
            raise NotGenuine(f"The body is not what this provider sends: {error}.") from None
        except RecursionError:
            raise NotGenuine("The body is not what this provider sends: it is nested too deeply.") from None

    def refuse_unless_recent(self, seconds: float, *, within: int = TOLERANCE) -> None:
        """A call may be as old as the provider may still be repeating it, and our clocks may differ."""
        age = self.received_ms / 1000 - seconds
        if age > within:
            raise NotGenuine(f"The call was signed more than {_spelled(within)} ago.")
        if age < -TOLERANCE:
            raise NotGenuine(
                f"The call was signed more than {_spelled(TOLERANCE)} in the future; check this machine's clock."
            )


def seconds_since_1970(text: bytes) -> int:
    """A timestamp as it is signed, before it is known to be."""
    if not (text.isdigit() and len(text) <= 12):
        raise NotGenuine("The call's timestamp is not in whole seconds since 1970.")
    return int(text)


def _spelled(seconds: int) -> str:
    return f"{seconds // HOURS} h" if seconds % HOURS == 0 else f"{seconds // MINUTES} minutes"
