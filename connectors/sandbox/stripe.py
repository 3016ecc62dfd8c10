"""Stripe as the sandbox plays it: one customer's story in events of either era of its API, really signed or wrongly."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CREDENTIALS = {"signing_secret": "whsec_sandboxSigningSecretOfStripe01", "other_secret": ""}
VERSION = ""
SUBSCRIPTION, INVOICE, CUSTOMER = "sub_sandbox1", "in_sandbox1", "cus_sandbox1"

Said = dict[str, Any]

_BEGAN = 1_791_000_000
_PERIOD_ENDS = _BEGAN + 2_592_000
_OTHER = "whsec_ofAnotherEndpointAltogether01"
_ADDRESS = {"city": "Wien", "country": "AT", "line1": "Ring 1", "line2": None, "postal_code": "1010"}
_CARD = {"brand": "visa", "exp_month": 4, "exp_year": 2031, "last4": "4242", "fingerprint": "Xt5EWLLDS7F"}


class Era(StrEnum):
    """Before and after periods and subscriptions moved in Stripe's objects (its versions called basil)."""

    OLD = "2024-11-20.acacia"
    NEW = "2026-06-24.dahlia"


class Signed(StrEnum):
    RIGHTLY = "rightly"
    ROLLED = "rolled"
    """By two secrets, as while one is changed."""
    WRONGLY = "wrongly"
    STALE = "stale"
    AHEAD = "ahead"
    BY_AN_OLD_SCHEME = "by_an_old_scheme"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the web hook, as it would travel."""

    headers: dict[str, str]
    body: bytes


class StripeEvents:
    """Tells what it is asked to, in the order and as often as it is asked."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def call(
        self,
        name: str,
        era: Era = Era.NEW,
        signed: Signed = Signed.RIGHTLY,
        *,
        is_live: bool = False,
        secret: str = CREDENTIALS["signing_secret"],
    ) -> Call:
        """An event has the same id and body whenever it is told."""
        body = msgspec.json.encode(_event(name, era, is_live))
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Stripe/1.0"}
        return Call({**headers, "stripe-signature": self._signature(body, secret, signed)}, body)

    def routes(self) -> list[Route]:
        """`GET /events?event=invoice.paid&era=2024-11-20.acacia&live=1&signed=wrongly&secret=whsec_…`, for whoever is to be told."""
        return [Route("/events", self._told, methods=["GET"])]

    async def _told(self, request: Request) -> Response:
        asked = request.query_params
        names: Sequence[str] = asked.getlist("event") or EVENTS
        try:
            era, signed = Era(asked.get("era", Era.NEW)), Signed(asked.get("signed", Signed.RIGHTLY))
            is_live, secret = asked.get("live") == "1", asked.get("secret") or CREDENTIALS["signing_secret"]
            calls = [self.call(name, era, signed, is_live=is_live, secret=secret) for name in names]
        except (KeyError, ValueError) as wrong:
            return JSONResponse({"error": f"event, era or signed: {wrong}"}, status_code=400)
        return JSONResponse([{"headers": call.headers, "body": call.body.decode()} for call in calls])

    def _signature(self, body: bytes, secret: str, signed: Signed) -> str:
        at = int(self._clock().timestamp()) + {Signed.STALE: -600, Signed.AHEAD: 600}.get(signed, 0)
        ours, another = _digest(secret, at, body), _digest(_OTHER, at, body)
        match signed:
            case Signed.WRONGLY:
                return f"t={at},v1={another}"
            case Signed.ROLLED:
                return f"t={at},v1={another},v1={ours}"
            case Signed.BY_AN_OLD_SCHEME:
                return f"t={at},v0={ours}"
            case _:
                return f"t={at},v1={ours},v0={another}"


def _digest(secret: str, at: int, body: bytes) -> str:
    return hmac.digest(secret.encode(), b"%d." % at + body, "sha256").hex()


def _event(name: str, era: Era, is_live: bool) -> Said:
    object_of, before = _STORY[name]
    created = _BEGAN + 60 * EVENTS.index(name)
    number = hashlib.sha256(f"{name} {is_live}".encode()).hexdigest()[:24]
    if name.startswith("v1."):
        written = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        thin = {"id": f"evt_{number}", "object": "v2.core.event", "type": name, "created": written}
        return {**thin, "livemode": is_live, "reason": None, "related_object": object_of(era)}
    data: Said = {"object": {**object_of(era), "livemode": is_live}}
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": era,
        "created": created,
        "data": {**data, "previous_attributes": before} if before else data,
        "livemode": is_live,
        "pending_webhooks": 1,
        "request": {"id": "req_sandbox1", "idempotency_key": None},
        "type": name,
    }


def _subscription(status: str) -> Callable[[Era], Said]:
    def of(era: Era) -> Said:
        period = {"current_period_start": _BEGAN, "current_period_end": _PERIOD_ENDS}
        item = {"id": "si_sandbox1", "object": "subscription_item", "price": {"id": "price_sandbox1"}}
        items = [{**item, **period} if era is Era.NEW else item]
        return {
            "id": SUBSCRIPTION,
            "object": "subscription",
            "customer": CUSTOMER,
            "currency": "eur",
            "status": status,
            "items": {"object": "list", "data": items, "has_more": False},
            **({} if era is Era.NEW else period),
        }

    return of


def _invoice(status: str, due: int, paid: int) -> Callable[[Era], Said]:
    def of(era: Era) -> Said:
        details = {"metadata": {}, "subscription": SUBSCRIPTION}
        parent = {"type": "subscription_details", "quote_details": None, "subscription_details": details}
        return {
            "id": INVOICE,
            "object": "invoice",
            "customer": CUSTOMER,
            "customer_email": "buyer@example.com",
            "customer_address": _ADDRESS,
            "currency": "eur",
            "status": status,
            "amount_due": due,
            "amount_paid": paid,
            **({"parent": parent} if era is Era.NEW else {"subscription": SUBSCRIPTION}),
        }

    return of


def _session(_: Era) -> Said:
    return {
        "id": "cs_sandbox1",
        "object": "checkout.session",
        "customer": CUSTOMER,
        "customer_details": {"email": "buyer@example.com", "name": "A Buyer", "address": _ADDRESS},
        "currency": "eur",
        "status": "complete",
        "payment_status": "no_payment_required",
        "amount_total": 0,
        "subscription": SUBSCRIPTION,
    }


def _payment_method(_: Era) -> Said:
    details = {"email": "buyer@example.com", "name": "A Buyer", "address": _ADDRESS}
    method = {"id": "pm_sandbox1", "object": "payment_method", "customer": CUSTOMER}
    return {**method, "billing_details": details, "card": _CARD}


def _charge(_: Era) -> Said:
    return {
        "id": "ch_sandbox1",
        "object": "charge",
        "customer": CUSTOMER,
        "billing_details": {"email": "buyer@example.com", "name": "A Buyer", "address": _ADDRESS},
        "payment_method_details": {"type": "card", "card": _CARD},
        "currency": "eur",
        "status": "succeeded",
        "amount": 2900,
        "amount_refunded": 900,
    }


def _dispute(_: Era) -> Said:
    return {
        "id": "dp_sandbox1",
        "object": "dispute",
        "charge": "ch_sandbox1",
        "currency": "eur",
        "status": "needs_response",
        "amount": 2000,
        "evidence": {"billing_address": "Ring 1, 1010 Wien", "customer_email_address": "buyer@example.com"},
    }


def _meter(_: Era) -> Said:
    return {"id": "mtr_sandbox1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_sandbox1"}


# What happened, in its order: each object as it stood then, and what of it had been otherwise.
_STORY: dict[str, tuple[Callable[[Era], Said], Said]] = {
    "checkout.session.completed": (_session, {}),
    "payment_method.attached": (_payment_method, {}),
    "customer.subscription.created": (_subscription("trialing"), {}),
    "customer.subscription.trial_will_end": (_subscription("trialing"), {}),
    "invoice.finalized": (_invoice("open", 2900, 0), {"status": "draft"}),
    "invoice.payment_failed": (_invoice("open", 2900, 0), {}),
    "customer.subscription.updated": (_subscription("past_due"), {"status": "trialing"}),
    "invoice.paid": (_invoice("paid", 2900, 2900), {}),
    "charge.refunded": (_charge, {"amount_refunded": 0}),
    "charge.dispute.created": (_dispute, {}),
    "v1.billing.meter.error_report_triggered": (_meter, {}),
    "customer.subscription.deleted": (_subscription("canceled"), {}),
}
EVENTS = tuple(_STORY)
