"""From what was sent to what is kept: tenant and trust, consent, time, ids, lengths. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, structs

from collector.addresses import Whereabouts
from collector.click_ids import ClickIds
from collector.consent import NO_OBJECTION, Consent, Decision, Objection, decide, without_ids
from collector.directory.senders import Sender
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
NO_LINK = NO_CAMPAIGN = 0
UNPROVED_CLICK = "unproved_click"

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Circumstances(msgspec.Struct, frozen=True, gc=False):
    """What the request itself tells, the same for all its events; `come` counts what its address sent lately."""

    received_ms: int
    objects: Objection
    user_agent: str
    where: Whereabouts
    come: int = 0
    signals: tuple[str, ...] = ()


class Admission:
    """Looks at the events of one request; what they have in common is decided once for each sender."""

    def __init__(
        self,
        around: Circumstances,
        whereabouts: Callable[[str], Whereabouts],
        salts: Salts,
        click_ids: ClickIds,
        *,
        sent_at: Moment | None = None,
        consent: bool | Consent | None = None,
    ) -> None:
        """`sent_at` and `consent` are the envelope's, where an event has none of its own."""
        self._around = around
        self._whereabouts = whereabouts
        self._salts = salts
        self._click_ids = click_ids
        self._sent_at = sent_at
        self._said = consent
        self._sender: Sender | None = None

    def admit(self, event: IncomingEvent, sender: Sender) -> LoggedEvent:
        """What is kept of an event; raises Refused with the field that is wrong."""
        if sender is not self._sender:
            self._meet(sender)
        decision = self._decision if event.consent is None else self._decide(event.consent)
        if not decision.keeps_ids:
            event = _without_ids(event)
        rules, around, from_server = sender.rules, self._around, sender.is_server
        tenant_id, received_at = rules.tenant_id, around.received_ms
        # A server tells of people elsewhere, whose address it may name.
        where = self._whereabouts(event.ip or "") if from_server else around.where
        occurred_at, original_at = _moments(
            event.ts, event.sent_at or self._sent_at, received_at, from_server=from_server
        )
        sid, sid_kind = (event.sid, STORED) if event.sid else NOBODY
        if rules.makes_daily_ids and not from_server:
            sid, sid_kind = self._daily_id(sender) if decision.keeps_ids else NOBODY
        click_id, signals = event.click_id or "", self._signals
        if click_id and (proved := self._click_ids.proved(tenant_id, click_id)) != click_id:
            # A server may know clicks by other ways than ours; of a page's word nothing but this is kept.
            if not proved and not from_server:
                signals = (*signals, UNPROVED_CLICK)
            click_id = proved or (click_id if from_server else "")
        # By place, since names cost as much as all the rest; they are those of the fields.
        return LoggedEvent(
            tenant_id,
            received_at,
            event.id or mint(received_at),
            event.event,
            occurred_at,
            sender.trust,
            decision.consent,
            original_at,
            decision.signals,
            sid,
            sid_kind,
            event.user_id or "" if from_server else "",
            (event.url or "")[:LONGEST_ADDRESS],
            (event.referrer or "")[:LONGEST_ADDRESS],
            (event.utm_source or "")[:LONGEST_TEXT],
            (event.utm_medium or "")[:LONGEST_TEXT],
            (event.utm_campaign or "")[:LONGEST_TEXT],
            (event.utm_term or "")[:LONGEST_TEXT],
            (event.utm_content or "")[:LONGEST_TEXT],
            click_id,
            NO_LINK,
            NO_CAMPAIGN,
            None if event.value is None else _amount(event.value),
            event.currency.upper() if event.currency else "",
            NO_PROPS
            if event.props is UNSET and not event.user_id
            else _props(event, from_server=from_server),
            where.shortened if rules.keeps_addresses else "",
            where.country,
            where.city,
            where.asn,
            (event.user_agent or "")[:LONGEST_TEXT] if from_server else around.user_agent,
            signals,
        )

    def _meet(self, sender: Sender) -> None:
        self._sender = sender
        self._decision = self._decide(self._said)
        self._signals = () if sender.is_server else self._around.signals

    def _decide(self, said: bool | Consent | None) -> Decision:
        assert self._sender is not None
        objects = NO_OBJECTION if self._sender.is_server else self._around.objects
        return decide(said, objects, needs_yes=self._sender.rules.needs_yes)

    def _daily_id(self, sender: Sender) -> tuple[str, str]:
        """The id of a visitor who stores nothing, and of which kind it is."""
        around = self._around
        made = daily_id(
            self._salts, sender.rules.tenant_id, around.received_ms, around.where.address, around.user_agent
        )
        return (made, DAILY) if made else NOBODY


def _without_ids(event: IncomingEvent) -> IncomingEvent:
    return structs.replace(
        event,
        sid=None,
        user_id=None,
        click_id=None,
        props=UNSET,
        url=without_ids(event.url or ""),
        referrer=without_ids(event.referrer or ""),
    )


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
        if not from_server and not 0 <= waited <= LONGEST_WAIT_MS:
            waited = 0 if waited < 0 else LONGEST_WAIT_MS
        happened = received - waited
    else:
        happened = original if from_server else received
    if happened < EARLIEST_MS:
        raise Refused(Reason.INVALID_EVENT, "`ts` lies before the year 2000; is it in seconds?")
    return happened if happened < received else received, original


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
    """What the fields hold stays word for word: a number may be larger than any that we could hold."""
    try:
        said = _fields.decode(props)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(Reason.MALFORMED, "`props` has a name that is no text.") from None
    return msgspec.json.encode({**said, "claimed_user_id": user_id}).decode()
