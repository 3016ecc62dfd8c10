"""What Stripe tells: each event kept once with the connection whose secret has proven it, and the rest of its call forgotten.

Kept for billing and nothing else: no event changes anything here but the list of them.
"""

import hashlib
from collections import Counter

from connectors.billing import BillingEvent
from connectors.errors import Invalid
from connectors.stripe import Stripe
from marketing_pipelines.hooks import interpreting
from store.records import billing_events, hooks
from store.records.billing_events import NewEvent
from store.records.database import Session
from store.records.hooks import HookCall, Waiting
from store.settings import Settings

PROVIDER = Stripe.hook


def waiting(settings: Settings) -> Waiting | None:
    return interpreting.waiting(settings, PROVIDER, of_connections=True)


def interpret(settings: Settings) -> Counter[str]:
    return interpreting.interpret(settings, PROVIDER, _interpreted, of_connections=True)


def _interpreted(session: Session, call: HookCall) -> Counter[str]:
    """A call of which nothing can be made stays as it came, for people to look at."""
    try:
        event = Stripe.event_of(call.body)
    except Invalid as why:
        return interpreting.unreadable(session, call, f"the {why.field} {why.what}")
    is_new = billing_events.keep(session, hooks.connection_of(session, call), _told(event, call))
    hooks.mark_interpreted(session, call)
    return Counter({"calls": 1, event.kind.value if is_new else "told_before": 1})


def _told(event: BillingEvent, call: HookCall) -> NewEvent:
    money = event.money
    return NewEvent(
        event_id=event.id,
        type=event.type,
        occurred_at=event.at,
        received_at=call.received_at,
        is_live=event.is_live,
        raw_hash=hashlib.sha256(call.body).digest(),
        is_thin=event.is_thin,
        api_version=event.api_version,
        account=event.account,
        object_kind=event.object_kind,
        object_id=event.object_id,
        stage=int(event.stage),
        status=event.status,
        customer_id=event.customer_id,
        subscription_id=event.subscription_id,
        coins=money.coins if money else None,
        amount=money.amount if money else None,
        currency=money.currency if money else "",
        period_ends_at=event.period_ends_at,
        changed=event.changed,
    )
