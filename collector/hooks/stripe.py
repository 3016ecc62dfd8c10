"""Stripe: an HMAC over timestamp and body; while a secret is rolled, one signature for each."""

from msgspec import Struct
from msgspec.json import Decoder

from collector.hooks.calls import Call, Id, Verified, seconds_since_1970
from collector.hooks.proofs import hmac_sha256, refuse_unless_signed


class Event(Struct, frozen=True):
    id: Id


_event = Decoder(Event)


def verify(call: Call, secret: str) -> Verified:
    """`Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`; other schemes than v1 may stand there too."""
    parts = [part.strip().partition(b"=") for part in call.header(b"stripe-signature").split(b",")]
    timestamp = next((value for name, _, value in parts if name == b"t"), b"")
    call.refuse_unless_recent(seconds_since_1970(timestamp))
    expected = hmac_sha256(secret.encode(), timestamp, b".", call.body).hex().encode()
    refuse_unless_signed(expected, (value for name, _, value in parts if name == b"v1"))
    return Verified(call.json(_event).id)
