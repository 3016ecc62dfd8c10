"""What Twilio's codes mean, be it that a request is refused or that a text did not arrive."""

from enum import StrEnum
from typing import Any

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    Scope,
    Transient,
    Unwanted,
)

_UNWANTED = 21610
# The number is none, is no mobile phone's, or none that this account may write to.
_NOT_REACHED = (21211, 21214, 21217, 21265, 21408, 21608, 21612, 21614, 21635, 30004, 30005, 30006)
_NOT_SENDABLE = (21602, 21605, 21617, 21619, 30007)
# Whom it is from, or who we are there: the next text would fare no better.
_OURS = (
    *(20005, 20006, 20008, 20403, 20404, 21212, 21603, 21606, 21609, 21659, 21660, 21661, 21701, 21703, 21705),
    *(30002, 30032, 30034, 90010),
)  # fmt: skip
_KINDS: dict[int, type[ChannelError]] = {
    _UNWANTED: Unwanted,
    **dict.fromkeys(_NOT_REACHED, Invalid),
    **dict.fromkeys(_NOT_SENDABLE, Invalid),
    **dict.fromkeys(_OURS, Forbidden),
    20003: AuthRevoked,
    **dict.fromkeys((14107, 20429, 21611, 30001, 30022), RateLimited),
    **dict.fromkeys((30023, 30027, 63038), QuotaExhausted),
    **dict.fromkeys((20500, 20503, 20504, 30003, 30008), Transient),
}
# Of these no text will ever arrive at the number.
_NEVER = frozenset({21211, 21214, 21217, 21614, 21635, 30005, 30006})
_WORDS = {
    20003: "the key or its secret is not known there",
    21211: "this is no phone's number",
    21408: "the account may not send to this country",
    21606: "the account may not send from there",
    21608: "a trial account sends to verified numbers only",
    _UNWANTED: "whoever has this number has answered STOP",
    21612: "this number cannot be reached from there",
    21614: "this number is no mobile phone's",
    21617: "the text is too long",
    30001: "too many wait to be sent",
    30002: "the account is suspended",
    30003: "the phone could not be reached",
    30004: "this number takes no such texts",
    30005: "the number is not known, or in use no more",
    30006: "this number is a landline's, or its network cannot be reached",
    30007: "the network took it for spam",
    30008: "it did not arrive, and nobody says why",
    30034: "the sender is not registered with the networks of the United States",
}


class Fate(StrEnum):
    """What a code says of the number, once a text did not arrive."""

    UNWANTED = "unwanted"
    NEVER = "never"
    """The next one would not arrive either."""
    THIS_TIME = "this_time"


class _Said(msgspec.Struct):
    code: int | None = None
    message: str | None = None


def meaning_of(code: int, *, where: str, said: str = "", answer: Answer | None = None) -> ChannelError | None:
    """None where the code is not among those that are known here."""
    kind = _KINDS.get(code)
    if kind is None:
        return None
    told: dict[str, Any] = {"what": _WORDS.get(code) or said or "refused", "where": where, "code": str(code)}
    if issubclass(kind, Invalid):
        told["field"] = "body" if code in _NOT_SENDABLE else "to"
    if kind is RateLimited:
        told |= {"retry_after": retry_after(answer.headers) if answer else None, "scope": Scope.ACCOUNT}
    return kind(**told)


def refusal(answer: Answer, *, where: str, secrets: tuple[str, ...] = ()) -> ChannelError:
    """Twilio repeats numbers in what it says, and whoever answers has been shown the key."""
    said = _said(answer)
    what = said.message or ""
    for secret in secrets:
        what = what.replace(secret, "(…)")
    known = meaning_of(said.code, where=where, said=what, answer=answer) if said.code is not None else None
    if known is not None:
        return known
    code = str(said.code if said.code is not None else answer.status)
    match answer.status:
        case 401:
            return AuthRevoked(what=what or "the key is not known there", where=where, code=code)
        case 404 | 405:
            return Forbidden(what=what or "is not at this address", where=where, code=code)
        case status if 300 <= status < 400:
            return Forbidden(what="leads elsewhere, and redirects are not followed", where=where, code=code)
        case _:
            found = refusal_by_status(answer, where=where, what=what)
            found.code = code
            return found


def fate_of(code: int) -> Fate:
    """Only what is known to be for good is taken so."""
    if code == _UNWANTED:
        return Fate.UNWANTED
    return Fate.NEVER if code in _NEVER else Fate.THIS_TIME


def words_of(code: int) -> str:
    return _WORDS.get(code, "it did not arrive")


def _said(answer: Answer) -> _Said:
    try:
        return msgspec.json.decode(answer.body, type=_Said)
    except (msgspec.DecodeError, RecursionError):
        return _Said()
