"""Whether a request comes from Slack: signed with the app's secret, and not long ago."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime

TOLERANCE = 300
LARGEST_BODY = 1024 * 1024

_SECONDS = re.compile(r"[0-9]{1,12}")


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """The body is meant as it came, byte for byte; the names of headers are in small letters."""
    at = headers.get("x-slack-request-timestamp", "")
    if not secret or len(body) > LARGEST_BODY or not _SECONDS.fullmatch(at):
        return False
    if abs(now.timestamp() - int(at)) > TOLERANCE:
        return False
    expected = "v0=" + hmac.digest(secret.encode(), b"v0:%b:%b" % (at.encode(), body), "sha256").hex()
    given = headers.get("x-slack-signature", "").encode(errors="replace")
    return hmac.compare_digest(expected.encode(), given)
