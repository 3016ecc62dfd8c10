"""A chunk: some twenty messages that are claimed together, sent one by one and settled together."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    QuotaExhausted,
    RateLimited,
    Transient,
    UnknownOutcome,
    Unwanted,
)
from connectors.retries import Patience
from marketing_pipelines.outbound import checks, kinds
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.checks import NotAsApproved
from marketing_pipelines.outbound.pulse import Pulse
from marketing_pipelines.outbound.sending import LEASE, Sending
from store import records
from store.clock import now
from store.records import actions, deliveries, delivery_chunks, policies, tenants
from store.records.action_states import Move, State
from store.records.actions import Action, Purpose
from store.records.database import Session
from store.records.deliveries import DeliveryState
from store.records.delivery_chunks import Claim, Outcome
from store.records.schedules import last_midnight, next_midnight
from store.settings import Role

SIZE = 20
MOST_ATTEMPTS = 5
# How long to leave a recipient's server, or ours, alone: doubling, with full jitter.
BACK_OFF = Patience(first_wait=30.0, longest_wait=1800.0)
_OURS = (AuthExpired, AuthRevoked, Forbidden, RateLimited, QuotaExhausted)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ending:
    """How a chunk went: what became of each message, and why the rest was not tried."""

    outcomes: list[Outcome] = field(default_factory=list)
    stopped: str = ""
    trouble: ChannelError | None = None

    @property
    def interrupted(self) -> bool:
        return bool(self.stopped or self.trouble)


def claim(sending: Sending) -> list[Claim] | None:
    """The next messages, checked once more against consent, expiry and the vote; None when there are none.

    What may not be sent is settled here, so the list can be empty while more is waiting.
    """
    with records.session(sending.settings, Role.PIPELINES) as session:
        action = actions.locked(session, sending.tenant, sending.action_id)
        if action is None or action.state is not State.EXECUTING or action.version != sending.version:
            return None
        if has_lapsed(action):
            deliveries.give_up(session, action, "the approval lapsed before this was sent")
            return None
        if not action.schedule.may_go(now()):
            return None
        left = _left_today(session, sending, action)
        claims = delivery_chunks.claim(session, action, sending.run_id, limit=min(SIZE, left), lease=LEASE)
        if not claims:
            return None
        return _withhold(session, sending, action, claims)


def send(sending: Sending, claims: Sequence[Claim], pulse: Pulse, carriers: Carriers) -> Ending:
    """Hands over one message after the other, for as long as nothing says stop."""
    ending = Ending()
    for claim in claims:
        if not ending.interrupted:
            ending.stopped = pulse.stopped()
        if ending.interrupted:
            ending.outcomes.append(Outcome(claim.delivery_id, DeliveryState.QUEUED, touched_the_wire=False))
            continue
        try:
            ending.outcomes.append(_hand_over(sending, claim, carriers))
        except UnknownOutcome as lost:
            ending.outcomes.append(_found(sending, claim, carriers) or _ended_by(lost, claim))
        except ChannelError as error:
            ending.outcomes.append(_ended_by(error, claim))
            ending.trouble = error if _concerns_everyone(error) else None
    return ending


def look_up(sending: Sending, carriers: Carriers) -> None:
    """Looks for what a run that went away left unknown; what is not found stays so, and is shown to a person."""
    if not kinds.of(sending.type).looks_up:
        return
    with records.session(sending.settings, Role.PIPELINES) as session:
        action = actions.locked(session, sending.tenant, sending.action_id)
        lost = delivery_chunks.unknown(session, action, SIZE) if action else []
    found = [outcome for claim in lost if (outcome := _found(sending, claim, carriers))]
    if not found:
        return
    with records.session(sending.settings, Role.PIPELINES) as session:
        action = actions.locked(session, sending.tenant, sending.action_id)
        assert action is not None, "an action with deliveries cannot be deleted"
        delivery_chunks.settle_found(session, action, found, sending.actor, mode=sending.approved.mode)


def settle(sending: Sending, ending: Ending) -> None:
    """Records how the chunk went, and holds the action when it was told to stop."""
    with records.session(sending.settings, Role.PIPELINES) as session:
        action = actions.locked(session, sending.tenant, sending.action_id)
        assert action is not None, "an action with deliveries cannot be deleted"
        delivery_chunks.settle(
            session, action, sending.run_id, ending.outcomes, sending.actor, mode=sending.approved.mode
        )
        if ending.stopped and action.state is State.EXECUTING:
            actions.move(session, action, Move.HOLD, sending.actor, reason=ending.stopped)


def has_lapsed(action: Action) -> bool:
    return action.expires_at is None or action.expires_at <= now()


def retry_at(attempts: int, error: ChannelError) -> timedelta:
    hint = error if isinstance(error, (Transient, RateLimited)) else Transient(what="", where="")
    return timedelta(seconds=BACK_OFF.wait_after(attempts, hint))


def _left_today(session: Session, sending: Sending, action: Action) -> int:
    """How many more the tenant lets go today of this type; with none left, the rest waits for tomorrow.

    Whoever has signed has read one limit, and the tenant may have set another since: the lower one holds.
    """
    limits = [
        limit
        for limit in (
            sending.approved.manifest["most_a_day"],
            policies.most_a_day(session, action.tenant_id, action.type),
        )
        if limit is not None
    ]
    if not limits:
        return SIZE
    zone = tenants.zone(session, action.tenant_id)
    gone = delivery_chunks.gone_since(session, action, last_midnight(now(), zone))
    left = max(min(limits) - gone, 0)
    if not left:
        deliveries.postpone(session, action, next_midnight(now(), zone))
    return left


def _withhold(session: Session, sending: Sending, action: Action, claims: Sequence[Claim]) -> list[Claim]:
    """Settles what may not go after all and gives the rest."""
    marketing = sending.approved.manifest["purpose"] == Purpose.MARKETING
    unwilling = kinds.of(sending.type).unwilling(session, sending.tenant, claims)
    going, withheld = [], []
    for claim in claims:
        if not claim.values:
            withheld.append(Outcome(claim.delivery_id, DeliveryState.SUPPRESSED, "erased"))
        elif (marketing and claim.unsubscribed) or claim.recipient_key in unwilling:
            withheld.append(Outcome(claim.delivery_id, DeliveryState.SUPPRESSED, "unsubscribed"))
        else:
            going.append(claim)
    try:
        for claim in going:
            checks.check_leaf(claim)
    except NotAsApproved as tampered:
        # One false recipient puts all of them in doubt: nothing more of this action goes out.
        withheld += [Outcome(claim.delivery_id, DeliveryState.FAILED, str(tampered)) for claim in going]
        deliveries.give_up(session, action, str(tampered))
        going = []
    if withheld:
        delivery_chunks.settle(
            session, action, sending.run_id, withheld, sending.actor, mode=sending.approved.mode
        )
    return going


def _hand_over(sending: Sending, claim: Claim, carriers: Carriers) -> Outcome:
    """One message, whole; where it is only rehearsed, the log and the outcome say what would have gone."""
    kind = kinds.of(sending.type)
    if why := sending.approved.simulates:
        log.info(
            "%s: %s for %s: %s", why, claim.message_id, claim.recipient_key, kind.rehearse(sending, claim)
        )
        return Outcome(claim.delivery_id, DeliveryState.SIMULATED, why)
    answer = kind.hand_over(sending, claim, carriers)
    return Outcome(claim.delivery_id, DeliveryState.SENT, _without_address(answer, claim))


def _found(sending: Sending, claim: Claim, carriers: Carriers) -> Outcome | None:
    """What became of a delivery whose answer got lost, where looking can tell."""
    kind = kinds.of(sending.type)
    try:
        there = kind.look_up(sending, claim, carriers) if kind.looks_up else None
    except ChannelError as trouble:
        log.warning("%s cannot be looked for: %s", claim.message_id, trouble)
        return None
    return Outcome(claim.delivery_id, DeliveryState.SENT, f"its answer was lost; {there}") if there else None


def _ended_by(error: ChannelError, claim: Claim) -> Outcome:
    """What an error makes of the message: lost answers are never sent again, passing trouble is."""
    reason = _without_address(str(error), claim)
    if isinstance(error, Duplicate):
        return Outcome(claim.delivery_id, DeliveryState.SENT, f"was there already: {reason}")
    if isinstance(error, UnknownOutcome):
        return Outcome(claim.delivery_id, DeliveryState.UNKNOWN, reason)
    if isinstance(error, Unwanted):
        return Outcome(claim.delivery_id, DeliveryState.SUPPRESSED, f"unsubscribed: {reason}")
    if _concerns_everyone(error):
        return Outcome(claim.delivery_id, DeliveryState.QUEUED, reason, touched_the_wire=False)
    if isinstance(error, Transient) and claim.attempts < MOST_ATTEMPTS:
        later = now() + retry_at(claim.attempts, error)
        return Outcome(claim.delivery_id, DeliveryState.QUEUED, reason, retry_at=later)
    return Outcome(claim.delivery_id, DeliveryState.FAILED, reason)


def _concerns_everyone(error: ChannelError) -> bool:
    """Whether the trouble is with our mail server, so that the next message would fare no better.

    A server that refuses one message for now says so with a code; one that cannot be reached has none.
    """
    return isinstance(error, _OURS) or (isinstance(error, Transient) and not error.code)


def _without_address(said: str, claim: Claim) -> str:
    """Servers like to repeat the address; outcomes are kept longer than addresses may be."""
    address = claim.values.get("email") or claim.values.get("phone")
    return said.replace(address, claim.recipient_key) if address else said
