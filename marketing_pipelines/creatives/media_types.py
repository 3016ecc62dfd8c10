"""What a file is, by its own bytes: one of a short list, whole, and what it says it is. Pure."""

import re
import struct
from collections.abc import Callable
from enum import StrEnum

from marketing_pipelines.creatives import tables
from marketing_pipelines.creatives.refusals import NotACreative
from store.records.assets import AssetKind

# A name without a meaning of its own: the bytes decide.
ANYTHING = frozenset({"", "application/octet-stream"})
_PNG = b"\x89PNG\r\n\x1a\n"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SVG = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<svg[\s>]", re.I | re.S)
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|div|table|p|h[1-6])[\s>/]", re.I | re.S
)
# A picture that can act, or that pulls in what nobody has looked at.
_ACTIVE_SVG = re.compile(
    r"<\s*(?:script|foreignobject|iframe)\b|\bon[a-z]+\s*=|javascript:|<!\s*(?:doctype|entity)", re.I
)


class MediaType(StrEnum):
    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"
    SVG = "image/svg+xml"
    PDF = "application/pdf"
    TEXT = "text/plain"
    HTML = "text/html"
    CSV = "text/csv"


# What browsers and spreadsheets call a CSV beside its own name.
CSV_TOO = frozenset(
    {"", "application/octet-stream", "application/csv", "application/vnd.ms-excel", "text/plain"}
)
# What a page may show in its own place: pictures that are nothing but pixels.
RASTER = frozenset({MediaType.PNG, MediaType.JPEG, MediaType.GIF, MediaType.WEBP})
# Where markup has begun, if there is any.
LONGEST_PROLOGUE = 4096
_NONE = f"is none of {', '.join(MediaType)}"
KIND_OF = {
    MediaType.PDF: AssetKind.DOCUMENT,
    MediaType.TEXT: AssetKind.TEXT,
    MediaType.HTML: AssetKind.HTML,
    MediaType.CSV: AssetKind.CSV,
} | dict.fromkeys((*sorted(RASTER), MediaType.SVG), AssetKind.IMAGE)


def declared_type(declared: str, file_name: str) -> str:
    """What a browser says a file is, once its name has said that it is a table of values."""
    said = declared.partition(";")[0].strip().lower()
    return MediaType.CSV if said in CSV_TOO and file_name.lower().endswith(".csv") else said


def media_type_of(content: bytes, declared: str = "") -> MediaType:
    """What the bytes are; NotACreative where they are nothing we take, cut off, or not what they are said to be."""
    if not content:
        raise NotACreative("is empty")
    said = declared.partition(";")[0].strip().lower()
    found = _binary(content) or (_table(content) if said == MediaType.CSV else _written(content, said))
    if said not in ANYTHING and said != found:
        raise NotACreative(f"says {said[:60]} and is {found}")
    return found


def _binary(content: bytes) -> MediaType | None:
    for media_type, (beginning, is_whole) in _BINARIES.items():
        if re.match(beginning, content, re.S):
            if not is_whole(content):
                raise NotACreative(
                    f"begins like {media_type} and is cut off, damaged or goes on as something else"
                )
            return media_type
    return None


def _table(content: bytes) -> MediaType:
    """A table of values is read through, whatever letters it is written in; markup is none."""
    beginning = content[:LONGEST_PROLOGUE].decode("latin-1")
    for markup, media_type in ((_SVG, MediaType.SVG), (_HTML, MediaType.HTML)):
        if markup.match(beginning):
            return media_type
    tables.read(content)
    return MediaType.CSV


def _written(content: bytes, said: str) -> MediaType:
    """Text is what can be read; between plain words and markup decides what it is said to be, then its beginning."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotACreative(_NONE) from None
    if _UNPRINTABLE.search(text):
        raise NotACreative(f"{_NONE}: as text it would hold control characters")
    if _SVG.match(text):
        if _ACTIVE_SVG.search(text):
            raise NotACreative("is an SVG that holds a script, an event handler or a document type")
        return MediaType.SVG
    if said in (MediaType.TEXT, MediaType.HTML):
        return MediaType(said)
    return MediaType.HTML if _HTML.match(text) else MediaType.TEXT


def _is_whole_png(content: bytes) -> bool:
    """Chunk after chunk up to the last one, and nothing behind it."""
    at = len(_PNG)
    first = True
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name = content[at + 4 : at + 8]
        if first != (name == b"IHDR"):
            return False
        at, first = at + 12 + length, False
        if name == b"IEND":
            return at == len(content)
    return False


def _is_whole_webp(content: bytes) -> bool:
    """The length it states, padded to an even one."""
    (stated,) = struct.unpack_from("<I", content, 4)
    return len(content) == stated + 8 + stated % 2


_BINARIES: dict[MediaType, tuple[bytes, Callable[[bytes], bool]]] = {
    MediaType.PNG: (re.escape(_PNG), _is_whole_png),
    MediaType.JPEG: (rb"\xff\xd8\xff", lambda content: content.rstrip(b"\0\r\n").endswith(b"\xff\xd9")),
    MediaType.GIF: (rb"GIF8[79]a", lambda content: content.endswith(b"\x3b")),
    MediaType.WEBP: (rb"RIFF....WEBP", _is_whole_webp),
    MediaType.PDF: (rb"%PDF-[12]\.", lambda content: b"%%EOF" in content[-1024:]),
}
