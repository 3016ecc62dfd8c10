"""JSON that people hand over: bounded, and such that its canonical form can be hashed."""

from typing import Annotated, Any

import rfc8785
from pydantic import AfterValidator

LARGEST = 256 * 1024
DEEPEST = 20


def _canonical(document: dict[str, Any]) -> dict[str, Any]:
    if _depth(document) > DEEPEST:
        raise ValueError(f"is nested more than {DEEPEST} deep")
    try:
        size = len(rfc8785.dumps(document))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise ValueError("holds numbers or characters that JSON cannot carry everywhere") from None
    if size > LARGEST:
        raise ValueError(f"is larger than {LARGEST // 1024} KiB")
    return document


def _depth(value: Any) -> int:
    """How deeply lists and objects lie in each other, level by level, so that no depth is too deep to be measured."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        containers = [inner for inner in level if isinstance(inner, dict | list)]
        if not containers:
            return depth
        depth += 1
        level = [
            child for inner in containers for child in (inner.values() if isinstance(inner, dict) else inner)
        ]
    return depth


Document = Annotated[dict[str, Any], AfterValidator(_canonical)]
