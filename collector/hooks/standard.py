"""Standard Webhooks: an HMAC over id, timestamp and body, for every sender that keeps to the specification."""

import base64
import binascii
import re

from collector.hooks.calls import ID_PATTERN, Call, NotGenuine, UnusableSecret, Verified, seconds_since_1970
from collector.hooks.proofs import hmac_sha256, refuse_unless_signed

SHORTEST_KEY = 24

_is_id = re.compile(ID_PATTERN.encode()).match


def key_of(secret: str) -> bytes:
    """`whsec_` and the key in base64; the prefix may be missing."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableSecret("The secret must be whsec_ followed by base64.") from None
    if len(key) < SHORTEST_KEY:
        raise UnusableSecret(f"The secret must be of at least {SHORTEST_KEY} bytes, written as base64.")
    return key


def verify(call: Call, secret: str) -> Verified:
    """`webhook-signature: v1,<base64> [v1,<base64>]`, one for each secret that is valid now."""
    key = key_of(secret)
    timestamp = call.header(b"webhook-timestamp")
    event_id = call.header(b"webhook-id")
    signatures = call.header(b"webhook-signature").split(b" ")
    call.refuse_unless_recent(seconds_since_1970(timestamp))
    # A full stop in the id would let the same signature be read as that of another id and another body.
    if not _is_id(event_id) or b"." in event_id:
        raise NotGenuine("The webhook-id is not of letters, digits and signs, without a full stop.")
    digest = hmac_sha256(key, event_id, b".", timestamp, b".", call.body)
    refuse_unless_signed(b"v1," + base64.b64encode(digest), signatures)
    return Verified(event_id.decode())
