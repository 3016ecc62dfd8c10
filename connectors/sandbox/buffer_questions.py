"""GraphQL as the sandbox's Buffer reads it: one field of an operation, and of its answer what was asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'\.\.\.|\$?[A-Za-z_]\w*|[{}():!=,\[\]]|-?\d+|"[^"]*"')
_DEEPEST = 25

Said = dict[str, Any]


class Unreadable(Exception):
    """What was asked is no operation, or asks for what there is not."""


@dataclass(slots=True)
class Selection:
    """Fields with what is wanted of each, and what is wanted of what is of a type."""

    fields: dict[str, "Selection"] = field(default_factory=dict)
    of_types: dict[str, "Selection"] = field(default_factory=dict)

    def asks_for(self, name: str) -> bool:
        """Here or anywhere below."""
        return name in self.fields or any(
            each.asks_for(name) for each in (*self.fields.values(), *self.of_types.values())
        )


@dataclass(frozen=True, slots=True)
class Operation:
    is_mutation: bool
    root: str
    selection: Selection


def read(text: str) -> Operation:
    tokens = _Tokens(_TOKEN.findall(text))
    kind = tokens.next()
    if kind not in {"query", "mutation"}:
        raise Unreadable(f'Syntax Error: Unexpected Name "{kind}".')
    while tokens.peek() != "{":
        tokens.next()
    selection = _selection(tokens, 0)
    if len(selection.fields) != 1:
        raise Unreadable("The sandbox answers one field at a time.")
    [(root, below)] = selection.fields.items()
    return Operation(kind == "mutation", root, below)


def chosen(value: Any, wanted: Selection, interfaces: Mapping[str, str]) -> Any:
    """Of a value that holds all there is, what was asked for; a field that there is not is refused."""
    if isinstance(value, list):
        return [chosen(each, wanted, interfaces) for each in value]
    if not isinstance(value, dict):
        return value
    if not wanted.fields and not wanted.of_types:
        raise Unreadable("Field must have a selection of subfields.")
    told: Said = {}
    for name, below in wanted.fields.items():
        if name not in value:
            raise Unreadable(f'Cannot query field "{name}".')
        told[name] = chosen(value[name], below, interfaces)
    kind = str(value.get("__typename", ""))
    for name, below in wanted.of_types.items():
        if name in {kind, interfaces.get(kind)}:
            told |= chosen(value, below, interfaces)
    return told


class _Tokens:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def peek(self) -> str:
        if self._at == len(self._tokens):
            raise Unreadable("Syntax Error: Unexpected <EOF>.")
        return self._tokens[self._at]

    def next(self) -> str:
        token = self.peek()
        self._at += 1
        return token


def _selection(tokens: _Tokens, depth: int) -> Selection:
    if depth > _DEEPEST:
        raise Unreadable("Query exceeds maximum allowed depth. Please simplify your query.")
    selection = Selection()
    tokens.next()
    while (word := tokens.next()) != "}":
        if word == "...":
            tokens.next()
            kind = tokens.next()
            selection.of_types[kind] = _selection(tokens, depth + 1)
            continue
        if tokens.peek() == "(":
            while tokens.next() != ")":
                pass
        selection.fields[word] = _selection(tokens, depth + 1) if tokens.peek() == "{" else Selection()
    return selection
