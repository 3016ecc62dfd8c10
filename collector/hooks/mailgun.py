"""Mailgun: an HMAC over timestamp and token, inside the body. The rest of the body is not signed."""

from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.json import Decoder

from collector.hooks.calls import HOURS, Call, Id, Verified, seconds_since_1970
from collector.hooks.proofs import hmac_sha256, refuse_unless_signed

# Mailgun repeats a call for eight hours under the signature it first made; only the token stops a replay in them.
REPEATED_WITHIN = 9 * HOURS

Hex = Annotated[str, Meta(max_length=64)]


class Signature(Struct, frozen=True):
    timestamp: Annotated[str, Meta(max_length=12)]
    token: Id
    signature: Hex
    # An account that has subaccounts signs for them too.
    parent: Hex | None = field(name="parent-signature", default=None)

    @property
    def all(self) -> list[bytes]:
        return [given.encode() for given in (self.signature, self.parent) if given]


class Event(Struct, frozen=True):
    id: Id | None = None


class Body(Struct, frozen=True):
    signature: Signature
    event: Event = field(name="event-data")


_body = Decoder(Body)


def verify(call: Call, secret: str) -> Verified:
    """The token comes back as the nonce: whoever has seen one call could write another body around it."""
    body = call.json(_body)
    signed = body.signature
    timestamp = signed.timestamp.encode()
    call.refuse_unless_recent(seconds_since_1970(timestamp), within=REPEATED_WITHIN)
    expected = hmac_sha256(secret.encode(), timestamp, signed.token.encode()).hex().encode()
    refuse_unless_signed(expected, signed.all)
    return Verified(body.event.id, nonce=signed.token)
