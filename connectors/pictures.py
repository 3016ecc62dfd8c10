"""Pictures for posts: fetched from where they are, as far as an installation goes, and told apart by how they begin."""

from typing import NoReturn

import httpx

from connectors.answers import ask, refusal_by_status
from connectors.errors import ChannelError, Invalid, TooMuchData, Transient
from connectors.face import Wire
from connectors.public_network import NotAllowed

_BEGINNINGS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def fetched(address: str, wire: Wire, *, largest: int, where: str) -> bytes:
    """The address is a user's, and the wire's client decides how far it reaches; no token goes there."""
    if not address.startswith(("https://", "http://")):
        _refuse("is no web address", where)
    try:
        picture = wire.patience.through(lambda: _asked_for(address, wire, largest, where))
    except TooMuchData:
        _refuse(f"is larger than {largest} bytes", where)
    if not type_of(picture):
        _refuse("is neither a JPEG nor a PNG nor a GIF", where)
    return picture


def type_of(picture: bytes) -> str:
    """Its media type; empty where it is none of those that every network takes."""
    return next((said for begins, said in _BEGINNINGS.items() if picture.startswith(begins)), "")


def _asked_for(address: str, wire: Wire, largest: int, where: str) -> bytes:
    try:
        answer = ask(wire.http, "GET", address, where="picture", largest=largest)
    except httpx.InvalidURL:
        _refuse("is no web address", where)
    except Transient as trouble:
        if isinstance(trouble.__cause__, NotAllowed | httpx.UnsupportedProtocol):
            _refuse("leads to where this installation does not go", where)
        raise
    if answer.status == 200:
        return answer.body
    meaning: ChannelError = refusal_by_status(answer, where="picture")
    if isinstance(meaning, Transient):
        raise meaning
    _refuse(f"cannot be fetched: HTTP {answer.status}", where)


def _refuse(what: str, where: str) -> NoReturn:
    raise Invalid(what=what, where=where, field="image")
