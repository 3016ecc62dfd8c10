"""What stands in the log: one entry a record, as an array. New fields go to the end, with a default."""

from enum import IntEnum

import msgspec


class Topic(IntEnum):
    """Each topic has its own sink and cursor; the numbers are on disk."""

    EVENTS = 1
    CLICKS = 2
    REJECTS = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class LoggedEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A row of raw.events; times are milliseconds since 1970, the value is text with four places."""

    tenant_id: int
    event_id: str
    event: str
    received_at: int
    occurred_at: int
    trust: str
    consent: str
    sid: str = ""
    user_id: str = ""
    url: str = ""
    referrer: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    click_id: str = ""
    link_id: int = 0
    campaign_id: int = 0
    value: str | None = None
    currency: str = ""
    props: str = "{}"
    ip: str = ""
    user_agent: str = ""
    is_bot: bool = False


class LoggedRejection(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A row of raw.rejected."""

    received_at: int
    tenant_id: int
    reason: str
    detail: str
    topic: str
    payload: str
