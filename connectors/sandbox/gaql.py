"""GAQL as the sandbox reads it: SELECT … FROM … WHERE … AND … ORDER BY … LIMIT …, and what that chooses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.google_ads_refusals import bad_query

Row = Mapping[str, object]
"""What can be chosen of one result, by the names of its fields; int64 are strings."""

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\\r\n]|\\[\\'\"nrt])*'|\"(?:[^\"\\\r\n]|\\[\\'\"nrt])*\")"
    r"|(?P<other>[A-Za-z][\w.]*|-?\d+(?:\.\d+)?|<=|>=|!=|[=<>(),]))",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")
_MEANT = {"n": "\n", "r": "\r", "t": "\t"}
_PATTERN = re.compile(r"\[(?P<literal>.)\]|(?P<any>%)|(?P<one>_)|(?P<open>\[)|(?P<plain>.)", re.DOTALL)
_OPERATORS = ("=", "!=", "<=", "IN", "LIKE", "BETWEEN")


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, row: Row) -> bool:
        value = _plain(_of(row, self.field))
        match self.operator:
            case "=" | "IN":
                return value in self.values
            case "!=":
                return value not in self.values
            case "<=":
                return int(value) <= int(self.values[0])
            case "LIKE":
                return _like(self.values[0]).fullmatch(value) is not None
            case _:
                return self.values[0] <= value <= self.values[1]


@dataclass(frozen=True, slots=True)
class Query:
    fields: tuple[str, ...]
    resource: str
    conditions: tuple[Condition, ...] = ()
    order: str = ""
    limit: int | None = None

    def mask(self) -> str:
        return ",".join(map(_camel, self.fields))

    def results(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """What the conditions hold for, as nested camelCase."""
        chosen = [row for row in rows if all(condition.holds(row) for condition in self.conditions)]
        if self.order:
            chosen.sort(key=lambda row: (len(_plain(_of(row, self.order))), _plain(_of(row, self.order))))
        return [self._result(row) for row in chosen[: self.limit]]

    def _result(self, row: Row) -> dict[str, Any]:
        """The chosen fields, with the resource name of each object whether it was chosen or not."""
        result: dict[str, Any] = {}
        names = (f"{name.partition('.')[0]}.resource_name" for name in self.fields)
        for name in (*self.fields, *(name for name in names if name in row)):
            if (value := _of(row, name)) is None:
                continue
            *parents, leaf = _camel(name).split(".")
            place = result
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = value
        return result


def read(query: str) -> Query:
    tokens = _Tokens(query)
    tokens.demand("SELECT")
    fields = tuple(tokens.listed())
    tokens.demand("FROM")
    resource = tokens.next()
    conditions = [tokens.condition()] if tokens.take("WHERE") else []
    while conditions and tokens.take("AND"):
        conditions.append(tokens.condition())
    order = ""
    if tokens.take("ORDER"):
        tokens.demand("BY")
        order = tokens.next()
    limit = int(tokens.next()) if tokens.take("LIMIT") else None
    tokens.demand("")
    return Query(fields, resource.lower(), tuple(conditions), order, limit)


class _Tokens:
    """A query in pieces, read from the front; the last piece is empty."""

    def __init__(self, query: str) -> None:
        self._pieces = [*_pieces(query.strip()), ""]

    def next(self) -> str:
        return self._pieces.pop(0) if len(self._pieces) > 1 else ""

    def take(self, word: str) -> bool:
        if self._pieces[0].upper() != word:
            return False
        self.next()
        return True

    def demand(self, word: str) -> None:
        if not self.take(word):
            raise bad_query(
                "UNEXPECTED_INPUT", f"{self._pieces[0] or 'the end'} where {word or 'the end'} is due"
            )

    def listed(self) -> Iterator[str]:
        yield self.next()
        while self.take(","):
            yield self.next()

    def condition(self) -> Condition:
        field, operator = self.next(), self.next().upper()
        if operator not in _OPERATORS:
            raise bad_query("BAD_OPERATOR", f"the sandbox does not know {operator or 'the end'}")
        return Condition(field, operator, tuple(map(_value, self._values(operator))))

    def _values(self, operator: str) -> list[str]:
        if operator == "IN":
            self.demand("(")
            values = list(self.listed())
            self.demand(")")
            return values
        values = [self.next()]
        if operator == "BETWEEN":
            self.demand("AND")
            values.append(self.next())
        return values


def _pieces(query: str) -> Iterator[str]:
    at = 0
    while at < len(query):
        piece = _TOKEN.match(query, at)
        if piece is None:
            raise bad_query("UNEXPECTED_INPUT", f"cannot be read from {query[at : at + 20]!r} on")
        yield piece["string"] or piece["other"]
        at = piece.end()


def _value(piece: str) -> str:
    """What a piece stands for; words and numbers are themselves."""
    if piece[:1] not in ("'", '"'):
        return piece
    return _ESCAPE.sub(lambda escape: _MEANT.get(escape[1], escape[1]), piece[1:-1])


def _like(pattern: str) -> re.Pattern[str]:
    parts = list(_PATTERN.finditer(pattern))
    if any(part["open"] for part in parts):
        raise bad_query("INVALID_VALUE_WITH_LIKE_OPERATOR", "a bracket that holds no single character")
    signs = (".*" if part["any"] else "." if part["one"] else None for part in parts)
    plain = (re.escape(part["literal"] or part["plain"] or "") for part in parts)
    return re.compile("".join(sign or text for sign, text in zip(signs, plain, strict=True)), re.I | re.S)


def _of(row: Row, name: str) -> object:
    if name not in row:
        raise bad_query("UNRECOGNIZED_FIELD", name)
    return row[name]


def _plain(value: object) -> str:
    return str(value).upper() if isinstance(value, bool) else str(value)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)
