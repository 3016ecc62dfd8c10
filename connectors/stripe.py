"""Stripe: what became of subscriptions, invoices and payments, as its events tell it; nothing is asked of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from connectors import stripe_events
from connectors.answers import credentials_as
from connectors.billing import BillingEvent
from connectors.errors import Invalid
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire

WHERE = "Stripe"

_SECRET = re.compile(r"whsec_[0-9A-Za-z_+/=-]{16,250}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeCredentials:
    """What signs the events of one endpoint; two while a secret is rolled. No key of the API is among them."""

    signing_secret: str = field(repr=False)
    other_secret: str = field(default="", repr=False)


class Stripe:
    """One endpoint at Stripe; nothing can be asked of it, so that its first event is what tests it."""

    channel: ClassVar[Channel] = Channel.STRIPE
    title: ClassVar[str] = "Stripe"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.BILLING})
    endpoint: ClassVar[Endpoint] = Endpoint()
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask(
            "signing_secret",
            "Signing secret of the endpoint",
            "whsec_…, at Stripe under Developers → Webhooks → the endpoint.",
        ),
        Ask(
            "other_secret",
            "Second signing secret",
            "While a secret is rolled, or of a second endpoint of the same account, such as in test mode.",
            is_required=False,
        ),
    )
    hook: ClassVar[str] = "stripe"

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        del wire
        cls.signing_secrets(credentials)
        return cls()

    @classmethod
    def signing_secrets(cls, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        known = credentials_as(StripeCredentials, credentials, where=WHERE)
        _require_secret(known.signing_secret, "signing_secret")
        if not known.other_secret:
            return (known.signing_secret,)
        _require_secret(known.other_secret, "other_secret")
        if known.other_secret == known.signing_secret:
            raise Invalid(what="is the same as the first", where=WHERE, field="other_secret")
        return known.signing_secret, known.other_secret

    @staticmethod
    def event_of(body: bytes) -> BillingEvent:
        return stripe_events.event_of(body)


def _require_secret(secret: str, name: str) -> None:
    if not _SECRET.fullmatch(secret):
        what = "must be the endpoint's signing secret, which begins with whsec_, and no key of the API"
        raise Invalid(what=what, where=WHERE, field=name)
