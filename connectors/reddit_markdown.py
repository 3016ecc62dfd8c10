"""Reddit's Markdown: words in which some characters mean something, unless a backslash stands before them."""

import re
from itertools import pairwise

# An address is led to as it stands: a backslash within would lead elsewhere.
_ADDRESS = re.compile(r"(https?://[^\s<>()\[\]]+)")
_SIGN = re.compile(r"[\\`*_~^|<\[\]]|&(?=[#A-Za-z])|!(?=<)")
_BEGINS = re.compile(r"[#>+=-]")
_NUMBERED = re.compile(r"([0-9]{1,9})(?=[.)](?:\s|$))")
_DEEPEST = 3  # spaces; what is further in is taken for code
_BREAK = "  \n"
_ESCAPED = re.compile(r"\\([\\`*_~^|<\[\]&!#>+=.)-])")


def escaped(words: str) -> str:
    """Markdown that readers see as these very words, line by line."""
    lines = [_line(line) for line in words.replace("\r\n", "\n").split("\n")]
    said = lines[0]
    for before, line in pairwise(lines):
        said += (_BREAK if before.strip() and line.strip() else "\n") + line
    return said


def plain(markdown: str) -> str:
    """The words that readers see of what was escaped."""
    return _ESCAPED.sub(r"\1", markdown.replace(_BREAK, "\n"))


def _line(line: str) -> str:
    begun = line.lstrip(" \t")
    inset = " " * min(len(line) - len(begun), _DEEPEST)
    said = "".join(
        piece if at % 2 else _SIGN.sub(r"\\\g<0>", piece) for at, piece in enumerate(_ADDRESS.split(begun))
    )
    if _BEGINS.match(said):
        said = f"\\{said}"
    return inset + _NUMBERED.sub(r"\1\\", said, count=1) if _NUMBERED.match(said) else inset + said
