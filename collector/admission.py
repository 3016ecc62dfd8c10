"""From what was sent to what is kept: tenant and trust, consent, time, ids, lengths. Pure."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET

from collector.addresses import Whereabouts
from collector.click_ids import ClickIds
from collector.consent import NO_OBJECTION, Consent, Objection, decide, without_ids
from collector.directory.senders import Rules, Sender
from collector.edge_log import LoggedEvent
from collector.edge_log.entries import NO_PROPS
from collector.ids import mint
from collector.incoming import IncomingEvent, Moment
from collector.refusals import Reason, Refused
from collector.visitors import DAILY, STORED, Salts, daily_id

LONGEST_ADDRESS = 2048
LONGEST_TEXT = 512
LARGEST_PROPS = 16 * 1024
LARGEST_VALUE = Decimal(10**14)
# A page may say how long an event waited in its queue, since both readings are of one clock; no longer than this.
LONGEST_WAIT_MS = 7 * 24 * 3600 * 1000
EARLIEST_MS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
# Seconds stay below this until the year 5138, milliseconds have been above it since 1973.
FIRST_IN_MILLISECONDS = 100_000_000_000
LAST_IN_MILLISECONDS = FIRST_IN_MILLISECONDS * 100

NOBODY = ("", "")
UNPROVED_CLICK = "unproved_click"


class Circumstances(msgspec.Struct, frozen=True, gc=False):
    """What the request itself tells, the same for all its events; `come` counts what its address sent lately."""

    received_ms: int
    objects: Objection
    user_agent: str
    where: Whereabouts
    come: int = 0
    signals: tuple[str, ...] = ()


def admit(
    event: IncomingEvent,
    sender: Sender,
    around: Circumstances,
    salts: Salts,
    click_ids: ClickIds,
    *,
    sent_at: Moment | None = None,
    consent: bool | Consent | None = None,
) -> LoggedEvent:
    """What is kept of an event; `sent_at` and `consent` are the envelope's, where the event has none of its own.

    Raises Refused with the field that is wrong.
    """
    rules, received = sender.rules, around.received_ms
    from_server = sender.is_server
    said = consent if event.consent is None else event.consent
    objects = NO_OBJECTION if from_server else around.objects
    decision = decide(said, objects, needs_yes=rules.needs_yes)
    keeps_ids = decision.keeps_ids
    url, referrer = event.url or "", event.referrer or ""
    if rules.makes_daily_ids and not from_server:
        sid, sid_kind = _daily(rules, around, salts) if keeps_ids else NOBODY
    else:
        sid, sid_kind = (event.sid, STORED) if keeps_ids and event.sid else NOBODY
    occurred, original = _moments(event.ts, event.sent_at or sent_at, received, from_server=from_server)
    where, click_id = around.where, ""
    signals = () if from_server else around.signals
    if event.click_id and keeps_ids:
        click_id = click_ids.proved(rules.tenant_id, event.click_id)
        if not click_id:
            # A server may know clicks by other ways than ours; of a page's word nothing but this is kept.
            click_id, signals = (event.click_id, signals) if from_server else ("", (*signals, UNPROVED_CLICK))
    return LoggedEvent(
        tenant_id=rules.tenant_id,
        event_id=event.id or mint(received),
        event=event.event,
        received_at=received,
        occurred_at=occurred,
        original_at=original,
        trust=sender.trust,
        consent=decision.consent,
        consent_signals=decision.signals,
        sid=sid,
        sid_kind=sid_kind,
        user_id=event.user_id or "" if keeps_ids and from_server else "",
        url=(url if keeps_ids else without_ids(url))[:LONGEST_ADDRESS],
        referrer=(referrer if keeps_ids else without_ids(referrer))[:LONGEST_ADDRESS],
        utm_source=(event.utm_source or "")[:LONGEST_TEXT],
        utm_medium=(event.utm_medium or "")[:LONGEST_TEXT],
        utm_campaign=(event.utm_campaign or "")[:LONGEST_TEXT],
        utm_term=(event.utm_term or "")[:LONGEST_TEXT],
        utm_content=(event.utm_content or "")[:LONGEST_TEXT],
        click_id=click_id,
        value=None if event.value is None else _amount(event.value),
        currency=event.currency.upper() if event.currency else "",
        props=_props(event, from_server=from_server) if keeps_ids else NO_PROPS,
        ip=where.shortened if rules.keeps_addresses else "",
        country=where.country,
        city=where.city,
        asn=where.asn,
        user_agent=(event.user_agent or "")[:LONGEST_TEXT] if from_server else around.user_agent,
        signals=signals,
    )


def _daily(rules: Rules, around: Circumstances, salts: Salts) -> tuple[str, str]:
    """The id of a visitor who stores nothing, and of which kind it is."""
    made = daily_id(salts, rules.tenant_id, around.received_ms, around.where.address, around.user_agent)
    return (made, DAILY) if made else NOBODY


def _moments(
    ts: Moment | None, sent_at: Moment | None, received: int, *, from_server: bool
) -> tuple[int, int | None]:
    """When it happened by our clock, and what the sender said if that was something else.

    Only a server may name a time; a page names a waiting time at most.
    """
    if ts is None:
        return received, None
    original = _milliseconds(ts, "ts")
    if sent_at is not None:
        waited = _milliseconds(sent_at, "sent_at") - original
        if not from_server:
            waited = min(max(waited, 0), LONGEST_WAIT_MS)
        happened = received - waited
    else:
        happened = original if from_server else received
    if happened < EARLIEST_MS:
        raise Refused(Reason.INVALID_EVENT, "`ts` lies before the year 2000; is it in seconds?")
    return min(happened, received), original


def _milliseconds(moment: Moment, field: str) -> int:
    """Milliseconds or seconds since 1970, or ISO 8601; a time without a zone is UTC."""
    if type(moment) is int and FIRST_IN_MILLISECONDS <= moment < LAST_IN_MILLISECONDS:
        return moment
    try:
        if isinstance(moment, str) and not moment.isdecimal():
            said = datetime.fromisoformat(moment)
            zoned = said if said.tzinfo else said.replace(tzinfo=UTC)
            return int(zoned.timestamp() * 1000)
        since_1970 = float(moment)
        in_milliseconds = since_1970 if abs(since_1970) >= FIRST_IN_MILLISECONDS else since_1970 * 1000
        if abs(in_milliseconds) < LAST_IN_MILLISECONDS:
            return int(in_milliseconds)
    except (ValueError, OverflowError):
        pass
    raise Refused(
        Reason.INVALID_EVENT, f"`{field}` is neither ISO 8601 nor milliseconds or seconds since 1970."
    )


def _amount(value: Decimal) -> str:
    """The value as text, with the four places that are kept."""
    if not value.is_finite() or abs(value) >= LARGEST_VALUE:
        raise Refused(Reason.INVALID_EVENT, f"`value` must be a number below {LARGEST_VALUE:,}.")
    return f"{value:.4f}"


def _props(event: IncomingEvent, *, from_server: bool) -> str:
    """The page's own fields, as JSON; a user id that a page claims stays among them, since nobody vouches for it."""
    raw = b"{}" if event.props is UNSET else bytes(event.props)
    if len(raw) > LARGEST_PROPS:
        raise Refused(Reason.INVALID_EVENT, f"`props` is over {LARGEST_PROPS // 1024} KB.")
    try:
        props = raw.decode()
    except UnicodeDecodeError:
        raise Refused(Reason.MALFORMED, "`props` is not UTF-8.") from None
    if props in ("{}", "null"):
        return NO_PROPS if not event.user_id or from_server else _claiming("{}", event.user_id)
    if not props.startswith("{"):
        raise Refused(Reason.INVALID_EVENT, "Expected `object` - at `$.props`")
    if event.user_id and not from_server:
        return _claiming(props, event.user_id)
    return props


def _claiming(props: str, user_id: str) -> str:
    return msgspec.json.encode({**msgspec.json.decode(props), "claimed_user_id": user_id}).decode()
