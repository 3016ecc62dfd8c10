"""One decision out of three signals: Global Privacy Control, Do Not Track and what the page says.

Whoever objects is heard: a refusal by any signal outweighs a yes by another, and only the page can say yes.

    GPC or DNT   page says   decision
    yes          anything    denied
    no           denied      denied
    no           granted     granted
    no           nothing     unknown
"""

from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit


class Consent(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


def decide(page: bool | Consent | None, *, objects: bool) -> Consent:
    """The decision that is recorded with the event; `objects` is GPC or DNT."""
    if objects or page is False or page is Consent.DENIED:
        return Consent.DENIED
    if page is True or page is Consent.GRANTED:
        return Consent.GRANTED
    return Consent.UNKNOWN


def objects(headers: dict[bytes, bytes]) -> bool:
    """Whether the browser itself says no."""
    return headers.get(b"sec-gpc") == b"1" or headers.get(b"dnt") == b"1"


def without_ids(url: str) -> str:
    """The address with its campaign parameters alone: the others name clicks, and clicks name people."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    campaign = [pair for pair in parse_qsl(parts.query) if pair[0].lower().startswith("utm_")]
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query=urlencode(campaign), fragment="").geturl()
