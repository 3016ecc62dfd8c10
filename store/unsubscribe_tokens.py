"""The token in a mail's unsubscribe address: it proves itself, also while Postgres is away, and never expires.

Who holds it may do one thing, and for one contact: end that contact's marketing. Pure.
"""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from store.records.schema import ContactId, TenantId

PURPOSE = "unsubscribe"
LENGTH = 55
_VERSION = 1
_FIELDS = struct.Struct(">BQQQ")
_PROOF_BYTES = 16


@dataclass(frozen=True, slots=True)
class Leaving:
    """Whose marketing is to end, and the action whose mail made them leave (0 for none)."""

    tenant: TenantId
    contact: ContactId
    action: int = 0


class NotAToken(Exception):
    """What was shown is no unsubscribe token of ours."""


def token(key: bytes, leaving: Leaving) -> str:
    fields = _FIELDS.pack(_VERSION, leaving.tenant, leaving.contact, leaving.action)
    return urlsafe_b64encode(fields + _proof(key, fields)).rstrip(b"=").decode()


def read(key: bytes, shown: str) -> Leaving:
    try:
        raw = urlsafe_b64decode(shown.encode("ascii") + b"=") if len(shown) == LENGTH else b""
    except ValueError:
        raw = b""
    fields, proof = raw[: _FIELDS.size], raw[_FIELDS.size :]
    if len(raw) != _FIELDS.size + _PROOF_BYTES or not hmac.compare_digest(proof, _proof(key, fields)):
        raise NotAToken
    version, tenant, contact, action = _FIELDS.unpack(fields)
    if version != _VERSION:
        raise NotAToken
    return Leaving(TenantId(tenant), ContactId(contact), action)


def _proof(key: bytes, fields: bytes) -> bytes:
    return hmac.new(key, fields, hashlib.sha256).digest()[:_PROOF_BYTES]
