"""Rows of an answer, each beside the very words that it came in, without a thought for rows one by one."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from connectors.answers import Answer, canonical, typed

Row = TypeVar("Row")

Scalar = str | int | float | bool | None

_WRITER = msgspec.json.Encoder()


def wording(fields: Mapping[str, Any]) -> Any:
    """A struct that takes these fields where they are there, and writes them in the order of their names."""
    in_order = enumerate(sorted(fields.items()))
    return msgspec.defstruct(
        "Wording",
        [
            (f"field_{n}", kind | UnsetType, msgspec.field(name=name, default=UNSET))
            for n, (name, kind) in in_order
        ],
        forbid_unknown_fields=True,
        gc=False,
    )


class Verbatim(Generic[Row]):
    """How an answer's rows are read: their values, and their words in canonical JSON.

    It is decoded for each of the two by itself, and never into objects that would have to be sorted: what was asked for is
    known by name, so that its `wording` is. An answer with anything else in its rows is worded the long way, and no
    differently.
    """

    def __init__(
        self, *, values: Any, words: Any, anything: Any, rows: Callable[[Any], Iterable[Any]], where: str
    ) -> None:
        self._values = msgspec.json.Decoder(values, strict=False)
        self._words = msgspec.json.Decoder(words)
        self._anything = msgspec.json.Decoder(anything)
        self._rows, self._where = rows, where

    def read(self, answer: Answer) -> tuple[Any, list[tuple[Row, bytes]]]:
        """The answer as its values have it, and its rows."""
        page = typed(answer, self._values, where=self._where)
        return page, list(zip(self._rows(page), self._worded(answer), strict=True))

    def _worded(self, answer: Answer) -> list[bytes]:
        try:
            return [_WRITER.encode(row) for row in self._rows(self._words.decode(answer.body))]
        except msgspec.ValidationError:
            anything = typed(answer, self._anything, where=self._where)
            return [canonical(row) for row in self._rows(anything)]


def fingerprint(words: bytes) -> str:
    return hashlib.sha256(words).hexdigest()
