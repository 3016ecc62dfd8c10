"""Tables of values: read in the letters they are written in, bounded, or refused with the row."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.creatives import tables
from marketing_pipelines.creatives.refusals import NotACreative
from tests.creatives import files


@pytest.mark.parametrize(
    ("codec", "name"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_a_table_is_read_in_the_letters_it_is_written_in(codec: str, name: str) -> None:
    table = tables.read(files.CSV.decode().encode(codec))
    assert table.columns == ["name", "city"]
    assert table.first_rows == [["Jürgen", "Köln"], ["Ann; the first", "Graz"]]
    assert (table.row_count, table.column_count, table.delimiter, table.encoding) == (2, 2, ";", name)


def test_only_the_beginning_is_shown_and_all_is_counted() -> None:
    wide = (
        ",".join(f"c{n}" for n in range(200))
        + "\n"
        + ",".join(["x" * 1000] * 200)
        + "\n\n" * 3
        + "y\n" * 5000
    )
    table = tables.read(wide.encode())
    assert (table.row_count, table.column_count) == (5001, 200)
    assert len(table.first_rows) == tables.SHOWN_ROWS
    assert len(table.first_rows[0]) == tables.SHOWN_COLUMNS
    assert len(table.first_rows[0][0]) == tables.SHOWN_CHARACTERS + 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n", "no first row"),
        (b",,\n1,2,3", "no first row"),
        (files.ZIP, "no letters"),
        (gzip.compress(b"a,b\n" * 100_000), "no letters"),
        (files.PNG, "no letters"),
        (b"a,b\n1,2,3\n", "3 cells in row 2"),
        (b'a,b\n1,2\n"open,2\n3,4', "from row"),
        (b"a\n" + b"x" * 40_000, "row 2"),
        (b"a\n" + b"x" * 400_000, "from row"),
        (b"a\n" * (tables.MOST_ROWS + 2), "split it"),
        (b",".join([b"a"] * 501), "500 are the most"),
        ("a,b\n\x9b31m,2".encode(), "no letters"),
    ],
)
def test_what_is_no_table_or_too_large_a_one_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(NotACreative, match=reason):
        tables.read(content)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    try:
        table = tables.read(content)
    except NotACreative:
        return
    assert 0 < len(table.columns) <= tables.SHOWN_COLUMNS
    assert len(table.first_rows) <= min(table.row_count, tables.SHOWN_ROWS)
