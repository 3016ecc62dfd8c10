"""Safe XML: a stranger's document without what XML parsers stumble over or are attacked with.

A document type declaration reaches no parser: its short entities are put into the text here, and whatever else it declares
is dropped. So there is nothing to expand, and no other document to ask for.
"""

import html.entities
import re
from typing import NoReturn
from xml.parsers import expat

LONGEST_NAMESPACE = 512
# Each mended ampersand makes the text longer; after that many it is not meant to be XML.
MOST_MENDED = 100_000
# A declared entity stands for a character or a few words. All their uses together may add this much text.
LONGEST_ENTITY = 64
MOST_FROM_ENTITIES = 2**20

XML_DECLARATION = re.compile(r"<\?xml[^>]{0,1000}>", re.IGNORECASE)
NO_XML_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Possessive all the way, so that no text is looked at twice.
PROLOG = re.compile(r"(?:[^<]|<!--.*?(?:-->|\Z)|<\?[^>]*+>)*+", re.DOTALL)
DOCTYPE = re.compile(
    r"""<!DOCTYPE(?:[^\[>"']|"[^"]*+"|'[^']*+')*+
        (?:\[(?:[^\]"'<]|"[^"]*+"|'[^']*+'|<!--.*?(?:-->|\Z)|<)*+\])?+ \s*+ >?+""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
ENTITY_NAME = re.compile(r"<!ENTITY\s{1,9}(\w{1,40})")
ENTITY = re.compile(r"""<!ENTITY\s{1,9}(\w{1,40})\s{1,9}(?:"([^"]{0,200})"|'([^']{0,200})')\s{0,9}>""")
ONE_CHARACTER = re.compile(r"&#(?:\d{1,7}|x[0-9a-fA-F]{1,6});")
REFERENCE = re.compile(r"&(\w{1,40});")
LONG_NAMESPACE = re.compile(
    rf"""xmlns[^\s=]{{0,100}}\s?=\s?("[^"]{{{LONGEST_NAMESPACE},}}"|'[^']{{{LONGEST_NAMESPACE},}}')"""
)
# CDATA is text already; the rest of an unclosed one is, too.
CDATA_OR_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)(?:(\w{1,40});)?",
    re.DOTALL,
)


def parser() -> "expat.XMLParserType":
    """expat with namespaces, and without an ear for declarations."""
    strict = expat.ParserCreate("utf-8", " ")
    strict.buffer_text = True
    strict.StartDoctypeDeclHandler = _refuse
    return strict


def _refuse(*_declaration: object) -> NoReturn:
    """Declarations have been taken away; one that hid from that is not listened to."""
    error = expat.ExpatError("a second document type declaration")
    error.code, error.lineno = expat.errors.codes[expat.errors.XML_ERROR_SYNTAX], 1
    raise error


def without_declarations(text: str) -> str:
    """The elements and their text: no declarations, no characters that XML has not, and entities put in place."""
    declaration = XML_DECLARATION.search(text, 0, 8_192)
    text = NO_XML_CHARACTER.sub("", text[declaration.end() :] if declaration else text)
    text = LONG_NAMESPACE.sub("", text)
    prolog = PROLOG.match(text)
    text = text[prolog.end() if prolog else 0 :]
    doctype = DOCTYPE.match(text)
    if doctype is None:
        return text
    rest = text[doctype.end() :]
    entities = _entities(doctype[0], uses=rest.count("&"))
    return REFERENCE.sub(lambda found: entities.get(found[1], found[0]), rest) if entities else rest


def _entities(declarations: str, uses: int) -> dict[str, str]:
    """What each declared entity stands for: a character or a few plain words; nothing where it is more."""
    longest = LONGEST_ENTITY if uses * LONGEST_ENTITY <= MOST_FROM_ENTITIES else len("&#x10ffff;")
    entities: dict[str, str] = {}
    for name in ENTITY_NAME.findall(declarations):
        entities.setdefault(name, "")
    for found in ENTITY.finditer(declarations):
        value = found[2] or found[3] or ""
        harmless = ONE_CHARACTER.fullmatch(value) or not set(value) & {"<", "&", "%"}
        entities[found[1]] = value if harmless and len(value) <= longest else ""
    return entities


def with_mended_ampersands(text: str) -> str:
    """HTML's named characters as themselves, and bare ampersands as what they were meant to be; CDATA stays as it is."""
    return CDATA_OR_AMPERSAND.sub(_mended, text, count=MOST_MENDED)


def _mended(found: re.Match[str]) -> str:
    """A named character as itself, and a bare ampersand as what it was meant to be."""
    if found[0].startswith("<"):
        return found[0]
    number = html.entities.name2codepoint.get(found[1] or "")
    return chr(number) if number else f"&amp;{found[0][1:]}"


def escaped(text: str) -> str:
    """Text as an element's content."""
    return NO_XML_CHARACTER.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
