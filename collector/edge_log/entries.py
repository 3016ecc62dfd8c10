"""What stands in the log: one entry a line, as JSON that leaves out what is empty."""

from typing import NewType

import msgspec

# Each topic goes its own way from the log; the letters are on disk. Bytes, since every record is made of one.
Topic = NewType("Topic", bytes)
EVENTS = Topic(b"e")
CLICKS = Topic(b"c")
REJECTS = Topic(b"r")
UNSUBSCRIBES = Topic(b"u")
HOOKS = Topic(b"h")

NO_PROPS = "{}"


class Entry(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Times are milliseconds since 1970."""

    tenant_id: int
    received_at: int


class LoggedEvent(Entry, frozen=True, gc=False, omit_defaults=True):
    """The raw columns of raw.events; what rules make of them is added when it is shipped."""

    event_id: str
    event: str
    occurred_at: int
    trust: str
    consent: str
    original_at: int | None = None
    consent_signals: tuple[str, ...] = ()
    sid: str = ""
    sid_kind: str = ""
    user_id: str = ""
    url: str = ""
    referrer: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    click_id: str = ""
    link_id: int = 0
    campaign_id: int = 0
    value: str | None = None
    currency: str = ""
    props: str = NO_PROPS
    ip: str = ""
    country: str = ""
    city: str = ""
    asn: int = 0
    user_agent: str = ""
    signals: tuple[str, ...] = ()


class LoggedRejection(Entry, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A row of raw.rejected; tenant 0 where none could be told, and how many were alike."""

    reason: str
    detail: str
    door: str
    request_id: str = ""
    payload: str = ""
    events: int = 1


class LoggedUnsubscribe(Entry, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A contact that wants no more marketing, and the action whose mail it left by."""

    contact_id: int
    action_id: int = 0


class LoggedCall(Entry, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A genuine call of a provider, as it came, and by which secret it is proven.

    Its body is in base64, since it need not be text.
    """

    provider: str
    provider_event_id: str | None = None
    secret_id: int | None = None
    headers: str = "{}"
    body: str
