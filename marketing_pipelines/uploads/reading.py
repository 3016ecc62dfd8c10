"""Reading a list: bytes of whatever kind become rows of cells, bounded, each with the line it stands in. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from marketing_pipelines.uploads import columns
from marketing_pipelines.uploads.columns import COLUMNS, Column

MOST_COLUMNS = 100
LONGEST_CELL = 500
LONGEST_HEADING = 80
DELIMITERS = (",", ";")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Unreadable(Exception):
    """The file as a whole is no list; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, in which column, and what to do. Lines count as an editor counts them, the heading's first."""

    line: int
    column: str
    what: str


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a line that say something, by column."""

    line: int
    cells: Mapping[Column, str]

    def __getitem__(self, column: Column) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list as it was written: its rows, what is no row, and the headings that nobody reads."""

    rows: Sequence[Row]
    problems: Sequence[Problem]
    unread: Sequence[str]


def read(content: bytes, *, most_rows: int) -> Sheet:
    """The rows of a CSV in UTF-8, with commas or semicolons; raises Unreadable where the file is none."""
    text = _decoded(content)
    lines = _lines(text)
    _, header = next(lines, (1, []))
    places, unread = _places(header)
    rows, problems = list[Row](), list[Problem]()
    for line, cells in lines:
        if isinstance(cells, csv.Error):
            problems.append(Problem(line, "", f"The line is no CSV ({cells}); look for a quote too many."))
        elif any(map(str.strip, cells)):
            assert not isinstance(header, csv.Error)
            problem = _wrong_shape(line, cells, len(header))
            if problem:
                problems.append(problem)
            else:
                rows.append(_row(line, cells, places))
        if len(rows) + len(problems) > most_rows:
            raise Unreadable(
                f"The list has more than {most_rows:,} lines; split it into several files (UPLOAD_MAX_ROWS)."
            )
    if not rows and not problems:
        raise Unreadable("The list has headings and no lines; add a line for each touch or sale.")
    return Sheet(rows, problems, unread)


def _decoded(content: bytes) -> str:
    if not content.strip():
        raise Unreadable("The file is empty.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("The file is UTF-16; save it again as “CSV UTF-8”.")
    if content.startswith(b"PK\x03\x04"):
        raise Unreadable("The file is a spreadsheet, not a CSV; save it again as “CSV UTF-8”.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"Line {line} is not UTF-8; save the file again as “CSV UTF-8”.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable(f"Line {line} holds a null character; save the file again as “CSV UTF-8”.")
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Each row with the line it begins in; one that is no CSV does not end those after it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            yield begins, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, error


def _delimiter(text: str) -> str:
    """The one that the first line has more of; none of our headings has either in it."""
    head = text[: MOST_COLUMNS * LONGEST_HEADING].lstrip("\r\n").partition("\n")[0]
    return max(DELIMITERS, key=head.count)


def _places(header: list[str] | csv.Error) -> tuple[Mapping[Column, int], Sequence[str]]:
    """Where each column stands, and the headings that are none of ours."""
    if isinstance(header, csv.Error) or not any(map(str.strip, header)):
        raise Unreadable("The first line does not name the columns; take the template's.")
    if len(header) > MOST_COLUMNS:
        raise Unreadable(
            f"The list has {len(header):,} columns, and {MOST_COLUMNS} is the most; take some out."
        )
    places, unread = dict[Column, int](), list[str]()
    for place, heading in enumerate(header):
        column = columns.column(heading)
        if column is None:
            if heading.strip():
                unread.append(_UNPRINTABLE.sub("�", heading.strip()[:LONGEST_HEADING]))
        elif column in places:
            raise Unreadable(f"Two columns are the {column}; take one of them out.")
        else:
            places[column] = place
    missing = [column for column, told in COLUMNS.items() if told.is_needed and column not in places]
    if missing:
        raise Unreadable(
            f"No column is called {' and none '.join(missing)}; take the template's headings, in any order."
        )
    return places, unread


def _wrong_shape(line: int, cells: Sequence[str], width: int) -> Problem | None:
    if any(map(str.strip, cells[width:])):
        what = f"The line has {len(cells):,} cells under {width} headings; put quotes around what has the separator in it."
        return Problem(line, "", what)
    return None


def _row(line: int, cells: Sequence[str], places: Mapping[Column, int]) -> Row:
    written = {column: cells[place].strip() for column, place in places.items() if place < len(cells)}
    return Row(line, {column: cell for column, cell in written.items() if cell})


def unfit(cell: str) -> str:
    """Why a cell cannot be kept whatever it means; nothing where it can."""
    if len(cell) > LONGEST_CELL:
        return f"is longer than {LONGEST_CELL} characters; shorten it"
    if _UNPRINTABLE.search(cell):
        return "has line breaks or control characters in it; take them out"
    if cell.startswith("="):
        return "is a formula; put its value in its place"
    return ""
