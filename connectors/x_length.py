"""How long a post is as X counts it: by weight, as the third version of twitter-text does, and what in it is a link.

Text is counted in its composed form (NFC). A link counts as the 23 letters of the one that X puts in its place, an emoji
twice however many code points it takes, and so does whatever is not in one of the scripts named here.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from publicsuffixlist import PublicSuffixList

LONGEST = 280
OF_A_LINK = 23

_SINGLE = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_DOUBLE = 2

_SKIN = "[\U0001f3fb-\U0001f3ff]"
_PICTURE = (
    "[\u203c\u2049\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_DRESSED = f"{_PICTURE}(?:\ufe0f|{_SKIN})?[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag is two letters
    "|[#*0-9]\ufe0f?\u20e3"
    "|[\u00a9\u00ae\u2122]\ufe0f"
    f"|{_DRESSED}(?:\u200d{_DRESSED}){{0,3}}"  # no family has more than four
)

_LETTERS = "A-Za-z0-9\u00c0-\u024f\u0400-\u04ff"
_IN_PATH = f"[{_LETTERS}!*';:=+,.$/%#\\[\\]\\-\u2013_~@|&?]"
_LINK = re.compile(
    r"(?<![A-Za-z0-9@＠$#＃_./-])"
    r"(?:(?P<scheme>https?://)(?P<host>(?:[\w-]{1,63}\.)+(?P<top>[a-z]{2,63}))"
    r"|(?P<bare>(?:[a-z0-9-]{1,63}\.)+(?P<bare_top>[a-z]{2,63})))"
    r"(?![A-Za-z0-9@-])(?::\d{1,5})?"
    rf"(?P<rest>[/?#](?:(?:{_IN_PATH}|\({_IN_PATH}*\))*(?:[{_LETTERS}=_#/+\-]|\({_IN_PATH}*\)))?)?",
    re.I,
)
# A host of one label in a country is no link by itself, such as a sentence.In which a blank is missing.
_LETTERS_OF_A_COUNTRY = 2
_LINKS_ALL_THE_SAME = frozenset({"co", "tv"})


def weighted(text: str) -> int:
    """How much of a post's 280 a text takes up."""
    composed = unicodedata.normalize("NFC", text)
    weight, at = 0, 0
    for link in _links(composed):
        weight += _without_links(composed[at : link.start()]) + OF_A_LINK
        at = link.end()
    return weight + _without_links(composed[at:])


def links_in(text: str) -> list[str]:
    """Whatever X would make a link."""
    return [link[0] for link in _links(unicodedata.normalize("NFC", text))]


def _links(composed: str) -> Iterator[re.Match[str]]:
    return (found for found in _LINK.finditer(composed) if _is_link(found))


def _is_link(found: re.Match[str]) -> bool:
    if found["scheme"]:
        return _is_top_level(found["top"].lower())
    top = found["bare_top"].lower()
    short = found["bare"].count(".") == 1 and len(top) == _LETTERS_OF_A_COUNTRY
    if short and not found["rest"] and top not in _LINKS_ALL_THE_SAME:
        return False
    return _is_top_level(top)


def _is_top_level(name: str) -> bool:
    return _suffixes().publicsuffix(name, accept_unknown=False) is not None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def _without_links(text: str) -> int:
    weight = at = 0
    for emoji in _EMOJI.finditer(text):
        weight += sum(map(_weight, text[at : emoji.start()])) + _DOUBLE
        at = emoji.end()
    return weight + sum(map(_weight, text[at:]))


def _weight(letter: str) -> int:
    point = ord(letter)
    return 1 if any(first <= point <= last for first, last in _SINGLE) else _DOUBLE
