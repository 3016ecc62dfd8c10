"""One decision out of four signals: Global Privacy Control, Do Not Track, what the page says, and the tenant's rule.

Whoever objects is heard: a refusal by any signal outweighs a yes by another, and only the page can say yes.

    GPC or DNT   page says   the tenant needs a yes   decision   ids kept
    yes          anything    either                   denied     no
    no           denied      either                   denied     no
    no           granted     either                   granted    yes
    no           nothing     no                       unknown    yes
    no           nothing     yes                      unknown    no
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit


class Consent(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Objection(StrEnum):
    """What the browser itself says, whatever the page says."""

    NONE = ""
    GPC = "gpc"
    DNT = "dnt"
    BOTH = "gpc+dnt"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is recorded with the event, out of which signals, and whether the event may carry an id of its visitor."""

    consent: Consent
    signals: tuple[str, ...]
    keeps_ids: bool


NO_OBJECTION = Objection.NONE

_OBJECTIONS = {
    (False, False): NO_OBJECTION,
    (True, False): Objection.GPC,
    (False, True): Objection.DNT,
    (True, True): Objection.BOTH,
}
_PAGE_SAYS: dict[bool | Consent | None, Consent] = {
    True: Consent.GRANTED,
    False: Consent.DENIED,
    None: Consent.UNKNOWN,
    **{said: said for said in Consent},
}


def objection(headers: dict[bytes, bytes]) -> Objection:
    """What GPC and DNT say."""
    return _OBJECTIONS[headers.get(b"sec-gpc") == b"1", headers.get(b"dnt") == b"1"]


def decide(page: bool | Consent | None, objects: Objection, *, needs_yes: bool) -> Decision:
    """The decision of the table above; `needs_yes` is the tenant's rule."""
    return _DECISIONS[page, objects, needs_yes]


def _decision(said: Consent, objects: Objection, needs_yes: bool) -> Decision:
    signals = [signal for signal in objects.split("+") if signal]
    if said is not Consent.UNKNOWN:
        signals.append(f"page:{said}")
    if objects or said is Consent.DENIED:
        return Decision(Consent.DENIED, tuple(signals), keeps_ids=False)
    if said is Consent.GRANTED:
        return Decision(Consent.GRANTED, tuple(signals), keeps_ids=True)
    return Decision(Consent.UNKNOWN, tuple(signals), keeps_ids=not needs_yes)


# Every request asks, and there are few answers.
_DECISIONS = {
    (page, objects, needs_yes): _decision(said, objects, needs_yes)
    for page, said in _PAGE_SAYS.items()
    for objects in Objection
    for needs_yes in (False, True)
}


def without_ids(url: str) -> str:
    """The address with its campaign parameters alone: the others name clicks, and clicks name people."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    campaign = [pair for pair in parse_qsl(parts.query) if pair[0].lower().startswith("utm_")]
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query=urlencode(campaign), fragment="").geturl()
