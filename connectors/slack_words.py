"""Plain words on their way to Slack and back: nothing in them is a mention, a command or a link of ours."""

import re
import unicodedata

_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
# What Slack has put in angle brackets since, such as an address that it found: `<address|as it was written>`.
_MADE = re.compile(r"<(?:[^<>|]*\|)?([^<>|]*)>")
# It keeps emoji by names of its own, which nobody else knows; a key cap is a digit and what is drawn around it.
_NAMED = re.compile(r":[\w+'-]+:", re.ASCII)
_KEY_CAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_DRAWN = frozenset({"So", "Sk", "Mn", "Cf"})


def written(words: str) -> str:
    """As Slack wants them, so that readers see the words themselves."""
    for letter, escape in _ESCAPES:
        words = words.replace(letter, escape)
    return words


def are_the_same(words: str, kept: str) -> bool:
    """Whether what Slack keeps are these words; emoji and spaces tell nothing, since it changes both."""
    return _bare(words) == _bare(_read(kept))


def _read(kept: str) -> str:
    words = _MADE.sub(r"\1", kept)
    for letter, escape in reversed(_ESCAPES):
        words = words.replace(escape, letter)
    return words


def _bare(words: str) -> str:
    named = _KEY_CAP.sub("", _NAMED.sub("", words))
    return " ".join("".join(each for each in named if unicodedata.category(each) not in _DRAWN).split())
