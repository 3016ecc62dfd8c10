"""Signed server events: HMAC-SHA256 over timestamp and raw body.

X-Write-Key: the server key's public half
X-Timestamp: seconds since 1970
X-Signature: hex(HMAC-SHA256(secret, timestamp + "." + body)); several may stand there, comma-separated,
             while a secret is being changed
"""

import hashlib
import hmac
from collections.abc import Iterable

from collector.refusals import Reason, Refused

TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 4


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """What a server puts into X-Signature."""
    return hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()


def verify(
    secrets: Iterable[str], body: bytes, *, timestamp: bytes | None, signatures: bytes | None, now_ms: int
) -> None:
    """Refuses a body that was not signed with one of the key's secrets within the last minutes."""
    if timestamp is None or signatures is None:
        raise Refused(Reason.BAD_SIGNATURE, "X-Timestamp and X-Signature are needed with a server key.")
    if not (timestamp.isdigit() and len(timestamp) <= 12):
        raise Refused(Reason.BAD_SIGNATURE, "X-Timestamp must be in whole seconds since 1970.")
    if abs(now_ms / 1000 - int(timestamp)) > TOLERANCE_SECONDS:
        raise Refused(
            Reason.BAD_SIGNATURE,
            f"X-Timestamp is more than {TOLERANCE_SECONDS // 60} minutes off; check the sender's clock.",
        )
    given = [signature.strip().lower() for signature in signatures.split(b",")[:MOST_SIGNATURES]]
    expected = [sign(secret, int(timestamp), body).encode() for secret in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise Refused(
            Reason.BAD_SIGNATURE,
            'X-Signature is not the hex HMAC-SHA256 of timestamp + "." + body under this key\'s secret.',
        )
