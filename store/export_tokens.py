"""The token in an export's address: it proves itself, names one file of one tenant, and dies with its hour.

Who holds it may fetch that file until then, and nothing else. Pure.
"""

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from store.records.schema import ExportId, TenantId

PURPOSE = "exports"
_VERSION = 1
_FIELDS = struct.Struct(">BQQQ")
_PROOF_BYTES = 32
_LENGTH = -(-(_FIELDS.size + _PROOF_BYTES) * 4 // 3)
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Fetching:
    """Which file may be fetched, and until when."""

    tenant: TenantId
    export: ExportId
    until: datetime


class NotAToken(Exception):
    """What was shown is no token of ours, or its time is over."""


def token(key: bytes, fetching: Fetching) -> str:
    until = int(fetching.until.timestamp())
    fields = _FIELDS.pack(_VERSION, fetching.tenant, fetching.export, until)
    return urlsafe_b64encode(fields + _proof(key, fields)).rstrip(b"=").decode()


def read(key: bytes, shown: str, now: datetime) -> Fetching:
    """What a token is for; raises NotAToken for one that nobody here made, and for one whose time is over."""
    if not _FORM.fullmatch(shown):
        raise NotAToken
    raw = urlsafe_b64decode(shown + "=" * (-_LENGTH % 4))
    fields, proof = raw[: _FIELDS.size], raw[_FIELDS.size :]
    if not hmac.compare_digest(proof, _proof(key, fields)):
        raise NotAToken
    version, tenant, export, until = _FIELDS.unpack(fields)
    ends = datetime.fromtimestamp(until, UTC)
    if version != _VERSION or ends <= now:
        raise NotAToken
    return Fetching(TenantId(tenant), ExportId(export), ends)


def _proof(key: bytes, fields: bytes) -> bytes:
    return hmac.new(key, fields, hashlib.sha256).digest()
