"""How a text travels by SMS: in which encoding, in how many segments, and what plainer characters would save.

The alphabet is the default one of GSM 03.38 with its extension table; national tables are left out, since hardly anybody
sends by them.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each stands behind an escape, so that it takes the room of two.
_EXTENSION = frozenset("\f^{}\\[~]|€")

_PLAIN = {
    **dict.fromkeys("‘’‚‛′‹›`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•‣·", "*"),
    **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " "),
    **dict.fromkeys("\u200b\u2060\ufeff\u00ad", ""),
    "…": "...",
}


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Room:
    """How many units a text has that travels alone, and how many each part of a longer one has beside its header."""

    alone: int
    in_parts: int


ROOM = {Encoding.GSM_7: Room(160, 153), Encoding.UCS_2: Room(70, 67)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`units` are what the encoding counts: septets, or units of UTF-16; `forcing` are the characters that ask for UCS-2."""

    encoding: Encoding
    units: int
    segments: int
    forcing: tuple[str, ...] = ()


def measured(text: str) -> Measured:
    """An empty text still takes a segment to be told."""
    forcing = tuple(dict.fromkeys(letter for letter in text if not _is_in_alphabet(letter)))
    encoding = Encoding.UCS_2 if forcing else Encoding.GSM_7
    widths = [_width(letter, encoding) for letter in text]
    return Measured(
        encoding=encoding,
        units=sum(widths),
        segments=_segments(widths, ROOM[encoding]),
        forcing=forcing,
    )


def plain(text: str) -> str:
    """The text with what the alphabet lacks written by what it has, as far as there is anything like it."""
    composed = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", "".join(map(_plain, composed)))


def saved_by_plain(text: str) -> int:
    """How many segments fewer the plain text takes; none where it holds what nothing plain stands for."""
    plainly = measured(plain(text))
    if plainly.encoding is Encoding.UCS_2:
        return 0
    return max(measured(text).segments - plainly.segments, 0)


def shown(letter: str) -> str:
    """A character for people, also one that cannot be seen."""
    name = unicodedata.name(letter, f"U+{ord(letter):04X}").lower()
    return letter if letter.isprintable() and not unicodedata.combining(letter) else name


def _segments(widths: list[int], room: Room) -> int:
    """No character is split: neither an escape from what it escapes, nor one half of a surrogate pair from the other."""
    if sum(widths) <= room.alone:
        return 1
    return sum(1 for _ in _filled(widths, room.in_parts))


def _filled(widths: list[int], most: int) -> Iterator[int]:
    taken = 0
    for width in widths:
        if taken + width > most:
            yield taken
            taken = 0
        taken += width
    yield taken


def _width(letter: str, encoding: Encoding) -> int:
    if encoding is Encoding.UCS_2:
        return 2 if ord(letter) > 0xFFFF else 1
    return 2 if letter in _EXTENSION else 1


def _is_in_alphabet(text: str) -> bool:
    return all(letter in _ALPHABET or letter in _EXTENSION for letter in text)


def _plain(letter: str) -> str:
    """A letter that only its accent keeps out loses that; what nothing stands for stays."""
    if _is_in_alphabet(letter):
        return letter
    if letter in _PLAIN:
        return _PLAIN[letter]
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn"
    )
    candidates = (unicodedata.normalize("NFKC", letter), bare)
    return next((each for each in candidates if _is_in_alphabet(each)), letter)
