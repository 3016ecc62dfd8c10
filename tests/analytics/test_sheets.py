"""Sheets: whoever opens them finds numbers, days and text, and nothing that runs."""

import csv
import io
import resource
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from marketing_pipelines.analytics import sheets
from marketing_pipelines.analytics.sheets import Bounds, Column, Form
from store.records.exports import ExportFormat
from store.records.schema import NotUsable

COLUMNS = (
    Column("name", "Name"),
    Column("spend", "Spend", Form.MONEY),
    Column("day", "Day"),
    Column("at", "At"),
    Column("people", "People", Form.WHOLE),
)
WIDE = Bounds(rows=100_000, size=2**24)
HOSTILE = (
    "=1+1",
    '=HYPERLINK("https://evil.example")',
    "+49 1234",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "'=1+1",
)
MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def frame(*names: str | None, spend: float | None = 12.5) -> pl.DataFrame:
    rows = [(name, spend, date(2026, 3, 1), MOMENT, 7) for name in names]
    schema = {
        "name": pl.String,
        "spend": pl.Float64,
        "day": pl.Date,
        "at": pl.Datetime("ms", "UTC"),
        "people": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def as_csv(path: Path, *pieces: pl.DataFrame) -> list[list[str]]:
    sheets.write(ExportFormat.CSV, path, COLUMNS, pieces, WIDE)
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def as_xlsx(path: Path, *pieces: pl.DataFrame) -> list[tuple[Any, ...]]:
    sheets.write(ExportFormat.XLSX, path, COLUMNS, pieces, WIDE)
    return rows_of(path)


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).active
    assert sheet is not None
    return list(sheet.iter_rows())


def test_a_csv_has_a_mark_for_excel_a_header_and_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "file"
    header, first, second = as_csv(path, frame("Müller, Söhne"), frame(None, spend=None))
    assert path.read_bytes().startswith(b"\xef\xbb\xbfName,Spend,Day,At,People\n")
    assert header == ["Name", "Spend", "Day", "At", "People"]
    assert first == ["Müller, Söhne", "12.5", "2026-03-01", "2026-03-01T09:30:00Z", "7"]
    assert second == ["", "", "2026-03-01", "2026-03-01T09:30:00Z", "7"]


def test_no_cell_of_text_is_a_formula_in_a_csv_and_numbers_stay_numbers(tmp_path: Path) -> None:
    rows = as_csv(tmp_path / "file", frame(*HOSTILE, "plain", spend=-3.5))[1:]
    assert [row[0] for row in rows] == [*(f"'{text}" for text in HOSTILE), "plain"]
    assert {row[1] for row in rows} == {"-3.5"}, "a negative number is a number"


def test_an_xlsx_has_numbers_days_and_text_as_what_they_are(tmp_path: Path) -> None:
    header, first, second = as_xlsx(tmp_path / "file", frame("Müller"), frame(None, spend=None))
    assert [cell.value for cell in header] == ["Name", "Spend", "Day", "At", "People"]
    assert [cell.value for cell in first] == [
        "Müller",
        12.5,
        datetime(2026, 3, 1),  # noqa: DTZ001 (a spreadsheet knows no zones)
        MOMENT.replace(tzinfo=None),
        7,
    ]
    assert [cell.data_type for cell in first] == ["s", "n", "d", "d", "n"]
    assert (first[1].number_format, first[2].number_format) == ("#,##0.00", "yyyy-mm-dd")
    assert [cell.value for cell in second[:2]] == [None, None]


def test_what_is_no_number_leaves_its_cell_empty(tmp_path: Path) -> None:
    rows = as_xlsx(tmp_path / "file", frame("a", spend=float("nan")), frame("b", spend=float("inf")))[1:]
    assert [row[1].value for row in rows] == [None, None]


def test_no_cell_of_text_is_a_formula_or_a_link_in_an_xlsx(tmp_path: Path) -> None:
    rows = as_xlsx(tmp_path / "file", frame(*HOSTILE, "https://evil.example", "12"))[1:]
    assert [row[0].data_type for row in rows] == ["s"] * len(rows)
    assert [row[0].value for row in rows][:2] == list(HOSTILE[:2])
    assert all(row[0].hyperlink is None for row in rows)


@pytest.mark.parametrize("format", list(ExportFormat))
def test_money_is_not_rounded_on_its_way(format: ExportFormat, tmp_path: Path) -> None:
    money = pl.DataFrame({"spend": [Decimal("1234567.8901")]}, schema={"spend": pl.Decimal(18, 4)})
    path = tmp_path / "file"
    sheets.write(format, path, [COLUMNS[1]], [money], WIDE)
    if format is ExportFormat.CSV:
        assert path.read_text("utf-8-sig").splitlines()[1] == "1234567.8901"
    else:
        assert rows_of(path)[1][0].value == 1234567.8901


@pytest.mark.parametrize("format", list(ExportFormat))
def test_what_is_too_much_is_refused_before_it_is_all_written(format: ExportFormat, tmp_path: Path) -> None:
    written = 0

    def endless() -> Iterator[pl.DataFrame]:
        nonlocal written
        while True:
            written += 1
            yield frame(*["a name"] * 1_000)

    with pytest.raises(NotUsable, match="more than 5,000 rows"):
        sheets.write(format, tmp_path / "rows", COLUMNS, endless(), Bounds(5_000, 2**30))
    assert written == 6
    with pytest.raises(NotUsable, match="larger than 20,000 bytes"):
        sheets.write(format, tmp_path / "bytes", COLUMNS, endless(), Bounds(10**9, 20_000))


def test_a_report_without_rows_is_a_header(tmp_path: Path) -> None:
    assert as_csv(tmp_path / "csv", frame()) == [["Name", "Spend", "Day", "At", "People"]]
    assert len(as_xlsx(tmp_path / "xlsx", frame())) == 1


@pytest.mark.parametrize("format", list(ExportFormat))
def test_memory_does_not_grow_with_the_rows(format: ExportFormat, tmp_path: Path) -> None:
    """Ten times the rows: the same few megabytes."""

    def pieces(count: int) -> Iterator[pl.DataFrame]:
        for number in range(count):
            yield frame(*(f"name {number} {row}" for row in range(2_000)))

    sheets.write(format, tmp_path / "few", COLUMNS, pieces(4), Bounds(10**6, 2**30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sheets.write(format, tmp_path / "many", COLUMNS, pieces(40), Bounds(10**6, 2**30))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, f"{grown} KB for {(tmp_path / 'many').stat().st_size} bytes"
