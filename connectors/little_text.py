"""LinkedIn's "little text": words in which some characters mean something, unless a backslash stands before them."""

import re

_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_ESCAPED = re.compile(r"\\([\\|{}@\[\]()<>#*_~])")
# How a hashtag is told that LinkedIn has recognised.
_HASHTAG = re.compile(r"\{hashtag\|\\?#\|([^{}|]*)\}")


def escaped(words: str) -> str:
    """Little text that readers see as these very words; without this it ends at the first reserved character."""
    return _RESERVED.sub(r"\\\g<0>", words)


def plain(little_text: str) -> str:
    """The words that readers see."""
    return _ESCAPED.sub(r"\1", _HASHTAG.sub(r"#\1", little_text))
