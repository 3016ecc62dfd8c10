"""Nothing in what people sign stays hidden: characters that cannot be seen get a name, and addresses show their host."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

# Looks like nothing, or like a space, though its category says that it is a letter, a mark or a symbol.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_SUSPECT = re.compile(r"[^\x20-\x7e\n\t\r]")
_ORDINARY_SPACES = frozenset("\u00a0\u202f")
_JOINER, _PICTURE = "\u200d", "\ufe0f"
# Scripts whose letters can be taken for Latin ones.
_LOOKALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_WORD = re.compile(r"[^\W\d_]+")
_SHORT = {
    "\u200b": "zero-width space",
    "\u200c": "zero-width non-joiner",
    "\u200d": "zero-width joiner",
    "\u00ad": "soft hyphen",
    "\ufeff": "zero-width no-break space",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text as it is read, or the name of what stands there unseen; a letter in disguise has both."""

    text: str
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An address with the part that decides where it leads; `ascii` is that part as a browser asks for it."""

    before: str
    host: str
    after: str
    ascii: str = ""


def pieces(text: str) -> list[Piece]:
    """The text, with every character that hides or disguises itself in a piece of its own."""
    foreign = set(_lookalikes(text))
    found: list[Piece] = []
    plain = 0
    for suspect in _SUSPECT.finditer(text):
        at = suspect.start()
        if at in foreign:
            piece = Piece(text[at], _called(text[at]))
        elif _is_hidden(text, at):
            piece = Piece("", _called(text[at]))
        else:
            continue
        if plain < at:
            found.append(Piece(text[plain:at]))
        found.append(piece)
        plain = at + 1
    if plain < len(text):
        found.append(Piece(text[plain:]))
    return found


def count_hidden(text: str) -> int:
    return sum(1 for piece in pieces(text) if piece.hidden)


def address(link: str) -> Address:
    """Of `https://bank.example@evil.example/pay` the host is what comes behind the @."""
    try:
        split = urlsplit(link)
        host = split.hostname or ""
    except ValueError:
        return Address(link, "", "")
    at = link.lower().find(host, len(split.scheme) + 3 + (split.netloc.rfind("@") + 1)) if host else -1
    if at < 0:
        return Address(link, "", "")
    shown = link[at : at + len(host)]
    return Address(link[:at], shown, link[at + len(host) :], _as_asked_for(host))


def _as_asked_for(host: str) -> str:
    """Only where it is not what is written."""
    if host.isascii():
        return ""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return "a host that no browser can ask for"


def _is_hidden(text: str, at: int) -> bool:
    character = text[at]
    if character in _ORDINARY_SPACES:
        return False
    if character == _JOINER and _joins_pictures(text, at):
        return False
    category = unicodedata.category(character)
    return category in _UNSEEN or character in _BLANK or category == "Zs"


def _joins_pictures(text: str, at: int) -> bool:
    """A family of emoji is one picture made of several."""
    before = text[:at].rstrip(_PICTURE + "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")[-1:]
    after = text[at + 1 : at + 2]
    return all(near and unicodedata.category(near) == "So" for near in (before, after))


def _called(character: str) -> str:
    name = _SHORT.get(character) or unicodedata.name(character, "unnamed character").lower()
    return f"{name} U+{ord(character):04X}"


def _lookalikes(text: str) -> Iterator[int]:
    """Letters of another script inside a word that is Latin otherwise."""
    if text.isascii():
        return
    for word in _WORD.finditer(text):
        if word[0].isascii():
            continue
        names = [unicodedata.name(letter, "") for letter in word[0]]
        if any(name.startswith("LATIN") for name in names):
            yield from (word.start() + at for at, name in enumerate(names) if name.startswith(_LOOKALIKE))
