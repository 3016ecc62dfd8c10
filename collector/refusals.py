"""Why something was not taken: one word for the counters, one sentence for the sender."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    MALFORMED = "malformed"
    INVALID_EVENT = "invalid_event"
    TOO_LARGE = "too_large"
    TOO_MANY_EVENTS = "too_many_events"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    MISSING_KEY = "missing_key"
    UNKNOWN_KEY = "unknown_key"
    WRONG_ORIGIN = "wrong_origin"
    BAD_SIGNATURE = "bad_signature"
    OVER_QUOTA = "over_quota"

    @property
    def status(self) -> int:
        return _STATUS.get(self, 400)

    @property
    def headline(self) -> str:
        return self.value.replace("_", " ").capitalize()


_STATUS = {
    Reason.TOO_LARGE: 413,
    Reason.TOO_MANY_EVENTS: 413,
    Reason.UNSUPPORTED_ENCODING: 415,
    Reason.MISSING_KEY: 401,
    Reason.UNKNOWN_KEY: 401,
    Reason.WRONG_ORIGIN: 403,
    Reason.BAD_SIGNATURE: 401,
    Reason.OVER_QUOTA: 429,
}


@dataclass(eq=False)
class Refused(Exception):
    """What a sender did wrong and how to do it right."""

    reason: Reason
    detail: str
    tenant_id: int = 0
    retry_after: int = 0

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class NotNow(Exception):
    """Nothing is wrong with the request: it should come again in a moment."""

    def __init__(self, detail: str, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
