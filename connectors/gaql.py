"""GAQL, the query language of Google Ads: how a value stands in it, and how LIKE is kept from reading more into it."""

from collections.abc import Iterable

# https://developers.google.com/google-ads/api/docs/query/grammar: the escapes that a string knows, and LIKE's own.
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_LITERALLY = str.maketrans({sign: f"[{sign}]" for sign in "[]%_"})


def text(value: str) -> str:
    return f"'{value.translate(_ESCAPES)}'"


def listed(values: Iterable[str]) -> str:
    return f"({', '.join(map(text, values))})"


def containing(part: str) -> str:
    """What LIKE matches with whatever contains this very part, in letters of either case."""
    return text(f"%{part.translate(_LITERALLY)}%")
