"""Slack: an HMAC over version, timestamp and body; events are JSON, commands and buttons are forms."""

from msgspec import Struct
from msgspec.json import Decoder

from collector.hooks.calls import Call, Challenge, Id, Verified, seconds_since_1970
from collector.hooks.proofs import hmac_sha256, refuse_unless_signed


class Event(Struct, frozen=True):
    """The challenge is asked once, when the address is entered at Slack."""

    type: str
    event_id: Id | None = None
    challenge: Challenge | None = None


_event = Decoder(Event)


def verify(call: Call, secret: str) -> Verified:
    """`X-Slack-Signature: v0=<hex>`; the challenge is signed like everything else."""
    timestamp = call.header(b"x-slack-request-timestamp")
    signature = call.header(b"x-slack-signature")
    call.refuse_unless_recent(seconds_since_1970(timestamp))
    digest = hmac_sha256(secret.encode(), b"v0:", timestamp, b":", call.body)
    refuse_unless_signed(b"v0=" + digest.hex().encode(), [signature])
    if not call.body.startswith(b"{"):
        return Verified()
    event = call.json(_event)
    if event.type == "url_verification" and event.challenge:
        return Verified(answer=event.challenge.encode())
    return Verified(event.event_id)
