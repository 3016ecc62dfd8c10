"""Postmark signs nothing: a token of our choosing travels with each call, and is all that proves it."""

import base64
import binascii
import re

from collector.hooks.calls import ID_PATTERN, Call, NotGenuine, Verified
from collector.hooks.proofs import is_among, token_of

# The same each time that Postmark repeats a call; not every call has one.
TRACE_HEADER = b"x-pm-webhook-trace-id"

_is_id = re.compile(ID_PATTERN.encode()).match


def verify(call: Call, secret: str) -> Verified:
    """The token as the password of HTTP basic authentication, as `X-Webhook-Token`, or as `?token=`."""
    if not is_among(token_of(secret), _tokens(call)):
        raise NotGenuine(
            "The token kept here is neither the password of the Authorization header, nor in X-Webhook-Token, "
            "nor ?token= of the address."
        )
    trace = call.headers.get(TRACE_HEADER, b"")
    return Verified(trace.decode() if _is_id(trace) else None)


def _tokens(call: Call) -> list[bytes]:
    return [_password(call), call.headers.get(b"x-webhook-token", b""), call.query.get("token", "").encode()]


def _password(call: Call) -> bytes:
    scheme, _, credentials = call.headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
