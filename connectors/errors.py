"""What a provider's refusal means, whoever the provider is, and what is to be done about it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

_LONGEST_MESSAGE = 500


class Scope(StrEnum):
    """Who has been told to slow down."""

    APP = "app"
    ACCOUNT = "account"
    USER = "user"
    ENDPOINT = "endpoint"
    UNKNOWN = "unknown"


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_LONGEST_MESSAGE]


@dataclass(eq=False, kw_only=True)
class ChannelError(Exception):
    """What happened, where it happened, the provider's own code and request id, and the way out."""

    what: str
    where: str
    code: str = ""
    request_id: str = ""
    remedy: ClassVar[str] = "Look at the provider's message."

    def __post_init__(self) -> None:
        # The texts may come from the provider, who is not trusted with the log or the page they are shown on.
        self.what, self.code, self.request_id = map(_shown, (self.what, self.code, self.request_id))

    def __str__(self) -> str:
        code = f" (code {self.code})" if self.code else ""
        request = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.where}: {self.what.rstrip('.')}{code}{request}. {self.remedy}"


class AuthExpired(ChannelError):
    remedy = "The access token has expired: refresh it once and ask again."


class AuthRevoked(ChannelError):
    remedy = "The connection no longer has permission: connect the account again."


class Forbidden(ChannelError):
    remedy = "The account, its role or its tier does not allow this: settle it with the provider."


@dataclass(eq=False, kw_only=True)
class RateLimited(ChannelError):
    retry_after: float | None = None
    scope: Scope = Scope.UNKNOWN
    remedy: ClassVar[str] = "Wait, then ask more slowly."


@dataclass(eq=False, kw_only=True)
class QuotaExhausted(ChannelError):
    reset_at: datetime | None = None
    remedy: ClassVar[str] = "The budget of the day or month is used up: stop until it is renewed."

    def __str__(self) -> str:
        renewed = f" It is at {self.reset_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC." if self.reset_at else ""
        return f"{super().__str__()}{renewed}"


class Transient(ChannelError):
    remedy = "The trouble is passing: try again later."


class TooMuchData(ChannelError):
    remedy = "Ask for fewer days, smaller pages or a coarser level."


@dataclass(eq=False, kw_only=True)
class Invalid(ChannelError):
    field: str = ""
    remedy: ClassVar[str] = "The request is wrong and will stay wrong: correct it."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.field = _shown(self.field)

    def __str__(self) -> str:
        return f"{self.field}: {super().__str__()}" if self.field else super().__str__()


class Unwanted(Invalid):
    """Whom it is for has told the provider to let nothing more of ours through."""

    remedy: ClassVar[str] = "Its reader wants no more of them: leave them alone."


@dataclass(eq=False, kw_only=True)
class Duplicate(ChannelError):
    existing_id: str = ""
    remedy: ClassVar[str] = "The object is there already: look it up and adopt it."


class UnknownOutcome(ChannelError):
    remedy = "It may have been accepted: look it up, never send it again unseen."


class NotReady(ChannelError):
    remedy = "The provider is still working on it: ask again later."


class Sunset(ChannelError):
    remedy = "This version of the provider's API is gone: move to a living one."


class UnexpectedAnswer(ChannelError):
    """The answer is whole but not of the documented shape, so that trying again would not help."""

    remedy = "The provider's answer has changed: bring the connector up to date."
