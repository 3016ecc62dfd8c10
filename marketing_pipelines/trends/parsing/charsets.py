"""Charsets: the bytes of a document as text, whatever it says of itself.

What a document declares is a hint. Bytes that are valid UTF-8 are UTF-8, since nothing else looks like it by chance.
"""

import codecs
import re

BYTE_ORDER_MARKS = [
    # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
# How "<" and "<?" look in charsets that are no superset of ASCII.
FIRST_BYTES = [
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
]
IN_CONTENT_TYPE = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
IN_DOCUMENT = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})|<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})",
    re.IGNORECASE,
)
# What publishers call by the smaller charset's name; browsers read it as the larger one, too.
REALLY = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Codecs that a stranger may not choose: they are for host names and source code, and the first two take quadratic time.
NO_CHARSETS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}
SEVEN_BITS = ("utf-7", "iso2022", "hz")
SINGLE_BYTE = ("cp", "iso8859", "koi8", "mac", "latin", "tis")
MULTIBYTE_PAGES = {"cp932", "cp949", "cp950"}
# A guess looks at the beginning only.
GUESSED_FROM = 64 * 1024
LOST = "\N{REPLACEMENT CHARACTER}"


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a document; what no charset explains becomes replacement characters, never an exception."""
    for mark, charset in BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    for start, charset in FIRST_BYTES:
        if body.startswith(start):
            return body.decode(charset, "replace")
    declared = _declared(body, content_type)
    if body.isascii():
        stateful = [charset for charset in declared if charset.startswith(SEVEN_BITS)]
        return body.decode(stateful[0] if stateful else "ascii", "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return _not_utf8(body, declared)


def _not_utf8(body: bytes, declared: list[str]) -> str:
    """A declared charset that fits; else UTF-8 with a few broken bytes; else the likeliest of what is left."""
    for charset in declared:
        if not _single_byte(charset):
            text = body.decode(charset, "replace")
            if text.count(LOST) <= 1 + _beyond_ascii(text) // 50:
                return text
    lenient = body.decode("utf-8", "replace")
    if 2 * lenient.count(LOST) < _beyond_ascii(lenient):
        return lenient
    guesses = [charset for charset in declared if _single_byte(charset)] or [_guess(body)]
    return body.decode(guesses[0], "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    """What the header and then the document say, in Python's names, without what is unknown or no charset."""
    inside = IN_DOCUMENT.search(body[:2048])
    names = [found[1] for found in [IN_CONTENT_TYPE.search(content_type)] if found]
    names += [(inside[1] or inside[2]).decode()] if inside else []
    return [charset for charset in map(_known, names) if charset]


def _known(name: str) -> str:
    try:
        charset = codecs.lookup(name).name
        b"a".decode(charset, "replace")
    except (LookupError, UnicodeError):  # unknown, or a codec that makes no text
        return ""
    return "" if charset in NO_CHARSETS else REALLY.get(charset, charset)


def _guess(body: bytes) -> str:
    import chardet

    # The letters are what tells charsets apart; a long run of markup before them is passed over.
    letters = re.sub(rb"[\x00-\x7f]{200,}", b" ", body[: 4 * GUESSED_FROM])[:GUESSED_FROM]
    return _known(str(chardet.detect(letters)["encoding"] or "")) or "cp1252"


def _single_byte(charset: str) -> bool:
    return charset.startswith(SINGLE_BYTE) and charset not in MULTIBYTE_PAGES


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))
