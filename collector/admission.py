"""From what was sent to what is kept: tenant and trust, consent, time, ids, lengths. Pure."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from collector.consent import Consent, decide, without_ids
from collector.edge_log.entries import LoggedEvent
from collector.incoming import IncomingEvent, Moment
from collector.refusals import Reason, Refused

LONGEST_ADDRESS = 2048
LONGEST_TEXT = 512
LARGEST_PROPS = 16 * 1024
LARGEST_VALUE = Decimal(10**14)
# A page may say how long an event waited in its queue, since both readings are of one clock; no longer than this.
LONGEST_WAIT_MS = 7 * 24 * 3600 * 1000
EARLIEST_MS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
# Seconds stay below this until the year 5138, milliseconds have been above it since 1973.
FIRST_IN_MILLISECONDS = 100_000_000_000


class Trust(StrEnum):
    UNTRUSTED = "untrusted"
    BROWSER = "browser"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Sender:
    tenant_id: int
    trust: Trust


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the request itself tells, the same for all its events; the address is shortened already."""

    received_ms: int
    objects: bool
    user_agent: str
    address: str
    is_program: bool


def mint(now_ms: int) -> str:
    """An id that sorts by time and cannot be guessed."""
    return f"{now_ms:012x}{os.urandom(10).hex()}"


def admit(
    event: IncomingEvent,
    sender: Sender,
    around: Circumstances,
    *,
    sent_at: Moment | None = None,
    consent: bool | Consent | None = None,
) -> LoggedEvent:
    """What is kept of an event; `sent_at` and `consent` are the envelope's, where the event has none of its own.

    Raises Refused with the field that is wrong.
    """
    from_server = sender.trust is Trust.SERVER
    decision = decide(
        event.consent if event.consent is not None else consent, objects=around.objects and not from_server
    )
    silent = decision is Consent.DENIED
    url, referrer = event.url or "", event.referrer or ""
    return LoggedEvent(
        tenant_id=sender.tenant_id,
        event_id=event.id or mint(around.received_ms),
        event=event.event,
        received_at=around.received_ms,
        occurred_at=_occurred(event.ts, event.sent_at or sent_at, around.received_ms, sender.trust),
        trust=sender.trust.value,
        consent=decision.value,
        sid="" if silent else event.sid or "",
        user_id="" if silent or not from_server else event.user_id or "",
        url=(without_ids(url) if silent else url)[:LONGEST_ADDRESS],
        referrer=(without_ids(referrer) if silent else referrer)[:LONGEST_ADDRESS],
        utm_source=(event.utm_source or "")[:LONGEST_TEXT],
        utm_medium=(event.utm_medium or "")[:LONGEST_TEXT],
        utm_campaign=(event.utm_campaign or "")[:LONGEST_TEXT],
        click_id="" if silent else event.click_id or "",
        value=_amount(event.value),
        currency=(event.currency or "").upper(),
        props="{}" if silent else _props(event, sender.trust),
        ip=around.address,
        user_agent=(event.user_agent or "" if from_server else around.user_agent)[:LONGEST_TEXT],
        is_bot=around.is_program and not from_server,
    )


def _occurred(ts: Moment | None, sent_at: Moment | None, received: int, trust: Trust) -> int:
    """When it happened by our clock; only a server may name a time, a page names a waiting time at most."""
    happened = received if ts is None else _milliseconds(ts, "ts")
    if sent_at is not None and ts is not None:
        waited = _milliseconds(sent_at, "sent_at") - happened
        if trust is not Trust.SERVER:
            waited = min(max(waited, 0), LONGEST_WAIT_MS)
        happened = received - waited
    elif trust is not Trust.SERVER:
        return received
    if happened < EARLIEST_MS:
        raise Refused(Reason.INVALID_EVENT, "`ts` lies before the year 2000; is it in seconds?")
    return min(happened, received)


def _milliseconds(moment: Moment, field: str) -> int:
    """Milliseconds or seconds since 1970, or ISO 8601; a time without a zone is UTC."""
    try:
        if isinstance(moment, str) and not moment.isdecimal():
            said = datetime.fromisoformat(moment)
            zoned = said if said.tzinfo else said.replace(tzinfo=UTC)
            return int(zoned.timestamp() * 1000)
        since_1970 = float(moment)
        in_milliseconds = since_1970 if abs(since_1970) >= FIRST_IN_MILLISECONDS else since_1970 * 1000
        if abs(in_milliseconds) < FIRST_IN_MILLISECONDS * 100:
            return int(in_milliseconds)
    except (ValueError, OverflowError):
        pass
    raise Refused(
        Reason.INVALID_EVENT, f"`{field}` is neither ISO 8601 nor milliseconds or seconds since 1970."
    )


def _amount(value: Decimal | None) -> str | None:
    """The value as text, with the four places that are kept."""
    if value is None:
        return None
    if not value.is_finite() or abs(value) >= LARGEST_VALUE:
        raise Refused(Reason.INVALID_EVENT, f"`value` must be a number below {LARGEST_VALUE:,}.")
    return f"{value:.4f}"


def _props(event: IncomingEvent, trust: Trust) -> str:
    """The page's own fields, as JSON; a user id that a page claims stays among them, since nobody vouches for it."""
    raw = bytes(event.props)
    if len(raw) > LARGEST_PROPS:
        raise Refused(Reason.INVALID_EVENT, f"`props` is over {LARGEST_PROPS // 1024} KB.")
    try:
        props = raw.decode()
    except UnicodeDecodeError:
        raise Refused(Reason.MALFORMED, "`props` is not UTF-8.") from None
    if props == "null":
        props = "{}"
    if not props.startswith("{"):
        raise Refused(Reason.INVALID_EVENT, "Expected `object` - at `$.props`")
    if event.user_id and trust is not Trust.SERVER:
        claimed = msgspec.json.decode(props)
        return msgspec.json.encode({**claimed, "claimed_user_id": event.user_id}).decode()
    return props
