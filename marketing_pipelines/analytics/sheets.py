"""Sheets: rows as they come, written to a CSV or an XLSX that spreadsheets open, with no more of them in memory than a piece.

In both a number is a number, a day a day, and text is text: what a spreadsheet would run as a formula is kept from it.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketing_pipelines.links.columns import escaped
from store.records.exports import ExportFormat
from store.records.schema import NotUsable

if TYPE_CHECKING:
    import polars as pl
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# Without it Excel takes the letters of other languages for something else; who reads CSV by program says utf-8-sig.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What Excel has room for in a cell.
LONGEST_CELL = 32_767
# Rows are shorter once they are packed; no more than this many times the largest file are ever taken in.
_MOST_UNPACKED = 10
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class Form(Enum):
    """How a spreadsheet shows a number; what it is does not change with it."""

    PLAIN = "General"
    WHOLE = "#,##0"
    MONEY = "#,##0.00"
    SHARE = "0.0%"
    RATIO = "0.00"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    title: str
    form: Form = Form.PLAIN


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may become."""

    rows: int
    size: int


def write(
    format: ExportFormat,
    path: Path,
    columns: Sequence[Column],
    pieces: "Iterable[pl.DataFrame]",
    bounds: Bounds,
) -> int:
    """Writes a file and gives the number of its rows; raises NotUsable when there is more than it may hold."""
    taken = _Taken(bounds)
    bounded = (taken.piece(piece.select([column.name for column in columns])) for piece in pieces)
    match format:
        case ExportFormat.CSV:
            _write_csv(path, columns, bounded, taken)
        case ExportFormat.XLSX:
            _write_xlsx(path, columns, bounded)
    taken.file(path.stat().st_size)
    return taken.rows


class _Taken:
    """What has been taken in, held against the bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._unpacked = 0
        self.rows = 0

    def piece(self, piece: "pl.DataFrame") -> "pl.DataFrame":
        self.rows += len(piece)
        self._unpacked += int(piece.estimated_size())
        if self.rows > self._bounds.rows:
            raise NotUsable(f"It has more than {self._bounds.rows:,} rows; ask for fewer days.")
        self.file(self._unpacked // _MOST_UNPACKED)
        return piece

    def file(self, size: int) -> None:
        if size > self._bounds.size:
            raise NotUsable(f"It is larger than {self._bounds.size:,} bytes; ask for fewer days.")


def _write_csv(
    path: Path, columns: Sequence[Column], pieces: "Iterable[pl.DataFrame]", taken: _Taken
) -> None:
    import polars as pl

    with path.open("wb") as file:
        file.write(BYTE_ORDER_MARK)
        header = pl.DataFrame({column.title: [] for column in columns})
        header.write_csv(file)
        for piece in pieces:
            as_text = [
                pl.col(name).map_elements(escaped, return_dtype=pl.String)
                for name, kind in piece.schema.items()
                if kind == pl.String
            ]
            piece.with_columns(as_text).write_csv(file, include_header=False, datetime_format=_MOMENT)
            taken.file(file.tell())


def _write_xlsx(path: Path, columns: Sequence[Column], pieces: "Iterable[pl.DataFrame]") -> None:
    with _sheet(path, columns) as (sheet, forms, moments):
        place = 0
        for piece in pieces:
            for row in piece.iter_rows():
                place += 1
                for at, cell in enumerate(row):
                    _write_cell(sheet, place, at, cell, forms[at], moments)


@contextmanager
def _sheet(
    path: Path, columns: Sequence[Column]
) -> "Iterator[tuple[Worksheet, list[Format], dict[type, Format]]]":
    """An empty sheet under its header, whose rows go to the disk one by one."""
    import xlsxwriter

    settled = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(str(path), settled) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, max(12, len(column.title) + 2))
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column.title, bold)
        forms = [book.add_format({"num_format": column.form.value}) for column in columns]
        moments = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        yield sheet, forms, moments


def _write_cell(
    sheet: "Worksheet", row: int, at: int, cell: Any, form: "Format", moments: "dict[type, Format]"
) -> None:
    match cell:
        case None:
            return
        case float() if not math.isfinite(cell):
            return
        case str():
            sheet.write_string(row, at, cell[:LONGEST_CELL])
        case date():
            sheet.write_datetime(row, at, cell, moments[type(cell)])  # pyright: ignore[reportArgumentType] (it takes days too)
        case _:
            sheet.write_number(row, at, cell, form)
