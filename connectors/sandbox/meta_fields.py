"""Field expansion as the Graph API reads it: `shares,comments.limit(0).summary(total_count),insights.metric(views){name,values}`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FIELD = re.compile(r"(\w+)((?:\.\w+\([^()]*\))*)(?:\{(.*)\})?")
_MODIFIER = re.compile(r"\.(\w+)\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of one field: modifiers such as `limit`, and which fields of it."""

    modifiers: dict[str, str] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()


def expanded(fields: str) -> dict[str, Wanted] | None:
    """By name; nothing where the brackets do not fit."""
    wanted: dict[str, Wanted] = {}
    for part in _parts(fields):
        if (found := _FIELD.fullmatch(part)) is None:
            return None
        name, modifiers, within = found.groups()
        wanted[name] = Wanted(dict(_MODIFIER.findall(modifiers)), frozenset(_parts(within or "")))
    return wanted


def _parts(fields: str) -> Iterator[str]:
    """At the commas that stand in no brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(fields):
        depth += (letter in "({") - (letter in ")}")
        if letter == "," and depth == 0:
            yield fields[start:place].strip()
            start = place + 1
    if fields[start:].strip():
        yield fields[start:].strip()
