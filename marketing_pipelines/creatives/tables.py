"""Tables of values (CSV): read through once, bounded, in the letters they are written in. Pure."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from marketing_pipelines.creatives.refusals import NotACreative

MOST_ROWS = 500_000
MOST_COLUMNS = 500
LONGEST_CELL = 32_767
SHOWN_ROWS = 20
SHOWN_COLUMNS = 30
SHOWN_CHARACTERS = 200
DELIMITERS = (",", ";", "\t", "|")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns, the first rows, and how many there are of each in all."""

    columns: Sequence[str]
    first_rows: Sequence[Sequence[str]]
    column_count: int
    row_count: int
    encoding: str
    delimiter: str


def read(content: bytes) -> Table:
    """The table; NotACreative where the bytes are none, saying in which row it ends to be one."""
    text, encoding = _decoded(content)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 1
    try:
        header = next(reader, [])
        if not any(map(str.strip, header)):
            raise NotACreative("has no first row that names its columns")
        if len(header) > MOST_COLUMNS:
            raise NotACreative(f"has {len(header)} columns; {MOST_COLUMNS} are the most")
        count, first = 0, list[Sequence[str]]()
        for row, cells in enumerate(reader, start=2):
            if not cells:
                continue
            _check(row, cells, len(header))
            count += 1
            if count > MOST_ROWS:
                raise NotACreative(f"has more than {MOST_ROWS:,} rows; split it")
            if count <= SHOWN_ROWS:
                first.append(_shown(cells))
    except csv.Error as error:
        raise NotACreative(f"is no CSV from row {row} on: {error}") from None
    return Table(_shown(header), first, len(header), count, encoding, delimiter)


def _check(row: int, cells: Sequence[str], columns: int) -> None:
    if len(cells) > columns:
        raise NotACreative(f"has {len(cells)} cells in row {row} and names {columns} columns")
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise NotACreative(f"has a cell of more than {LONGEST_CELL:,} characters in row {row}")


def _shown(cells: Sequence[str]) -> list[str]:
    return [
        cell if len(cell) <= SHOWN_CHARACTERS else f"{cell[:SHOWN_CHARACTERS]}…"
        for cell in cells[:SHOWN_COLUMNS]
    ]


def _decoded(content: bytes) -> tuple[str, str]:
    """UTF-8, else UTF-16 that says so as Excel's "Unicode text" does, else what European Excels write."""
    if not content:
        raise NotACreative("is empty")
    tried = (("utf-16", "UTF-16"),) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else (
        ("utf-8-sig", "UTF-8"),
        ("cp1252", "Windows-1252"),
    )  # fmt: skip
    for codec, name in tried:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if _UNPRINTABLE.search(text):
            break
        return text, name
    raise NotACreative("is no CSV: it holds bytes that are no letters; save it as CSV in UTF-8")


def _delimiter(text: str) -> str:
    """The one that the header has the most of."""
    head = text[:LONGEST_CELL].partition("\n")[0]
    return max(DELIMITERS, key=head.count)
