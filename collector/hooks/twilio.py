"""Twilio: an HMAC over the address that was entered there and every field of the form, by the names' alphabet."""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from collector.hooks.calls import Call, NotGenuine, UnusableSecret, Verified
from collector.hooks.proofs import refuse_unless_signed, token_of

MOST_FIELDS = 200
_MESSAGE = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_WORD = re.compile(r"[a-z_-]{1,40}")
_PORTS = {"https": 443, "http": 80}

Fields = list[tuple[str, str]]


def verify(call: Call, secret: str) -> Verified:
    """No time is signed; a text's id and how far it has got tell one call from another."""
    address, token = secret_of(secret)
    given = call.header(b"x-twilio-signature")
    fields = _fields(call.body)
    expected = [signature(each, fields, token) for each in _as_reached(address)]
    refuse_unless_signed(given, expected)
    return Verified(_event_id(dict(fields)))


def secret_of(secret: str) -> tuple[str, bytes]:
    """The address that Twilio calls, without which nobody can say what was signed, and the account's auth token."""
    parts = secret.split(" ")
    if len(parts) != 2 or not _is_web_address(parts[0]):
        raise UnusableSecret(
            "The secret must be the hook's address as it was entered at Twilio, a space, and the account's auth token."
        )
    return parts[0], token_of(parts[1])


def signature(address: str, fields: Iterable[tuple[str, str]], token: bytes) -> bytes:
    """A field that comes twice with the same value is signed once."""
    signed = address + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token, signed.encode(), "sha1"))


def _as_reached(address: str) -> Iterator[str]:
    """Twilio may sign the port that the scheme stands for, or leave it out."""
    yield address
    parts = urlsplit(address)
    if parts.port is None:
        yield parts._replace(netloc=f"{parts.netloc}:{_PORTS[parts.scheme]}").geturl()


def _fields(body: bytes) -> Fields:
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except (UnicodeDecodeError, ValueError):
        raise NotGenuine("The body is not what this provider sends: it is no form.") from None


def _event_id(fields: dict[str, str]) -> str | None:
    message = fields.get("MessageSid", "")
    said = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    return f"{message}:{said}" if _MESSAGE.fullmatch(message) and _WORD.fullmatch(said) else None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0 and not parts.fragment
    except ValueError:
        return False
