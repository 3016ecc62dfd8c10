"""What is sent and answered, packed and unpacked, in every format."""

import gzip
import json
import zlib

import lz4.frame
import pytest
import zstandard

from store.embedded.clickhouse import native_blocks
from store.embedded.clickhouse.held_rows import MOST_IN_MEMORY
from tests.store.embedded.clickhouse.curl import Curl
from tests.store.embedded.clickhouse.running_server import Server


def _frames(data: bytes, pack: str, frames: int) -> bytes:
    size = len(data) // frames + 1
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    match pack:
        case "gzip":
            return b"".join(gzip.compress(part) for part in parts)
        case "deflate":
            return zlib.compress(data)
        case "lz4":
            return b"".join(lz4.frame.compress(part) for part in parts)
        case "zstd":
            return b"".join(zstandard.compress(part) for part in parts)
    raise AssertionError(pack)


@pytest.mark.parametrize("pack", ["gzip", "deflate", "lz4", "zstd"])
@pytest.mark.parametrize("whole", [False, True])
def test_packed_bodies(curl: Curl, table: str, pack: str, whole: bool) -> None:
    rows = b"".join(b"%d,name %d,2026-01-01 00:00:00\n" % (number, number) for number in range(50_000))
    statement = f"INSERT INTO {table} FORMAT CSV"
    header = ("-H", f"Content-Encoding: {pack}")
    if whole:
        answer = curl(*header, body=_frames(f"{statement}\n".encode() + rows, pack, 3))
    else:
        answer = curl(*header, query={"query": statement}, body=_frames(rows, pack, 3))
    assert answer.status == 200, answer.text
    assert json.loads(answer.headers["x-clickhouse-summary"])["written_rows"] == "50000"
    assert curl(body=f"SELECT count(), sum(id) FROM {table}".encode()).text == "50000\t1249975000\n"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ("(id UInt64, CONSTRAINT few CHECK id < 150) ENGINE = MergeTree ORDER BY id", "469"),
        ("(id UInt64) ENGINE = MergeTree PARTITION BY id ORDER BY id", "252"),
        ("(id UInt64, half UInt64 DEFAULT throwIf(id = 150)) ENGINE = MergeTree ORDER BY id", "395"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_rows_that_a_table_refuses_are_not_called_written(
    curl: Curl, made: str, code: str, together: bool
) -> None:
    """They are whole and well-formed: it is the table that does not take them."""
    curl(body=f"CREATE OR REPLACE TABLE picky {made}".encode())
    statement = "INSERT INTO picky (id) FORMAT TSV"
    rows = b"".join(b"%d\n" % number for number in range(200))
    if together:
        answer = curl(body=f"{statement}\n".encode() + rows)
    else:
        answer = curl(query={"query": statement}, body=rows)
    assert (answer.status, answer.code) == (500, code), answer.text
    assert curl(body=b"SELECT count() FROM picky").text == "0\n"
    curl(body=b"DROP TABLE picky")


@pytest.mark.parametrize("settings", ["", " SETTINGS max_insert_block_size = 100000"])
def test_more_rows_than_memory_holds_go_by_way_of_the_spool(
    server: Server, curl: Curl, table: str, settings: str
) -> None:
    name = b"x" * 500
    rows = b"".join(b"%d,%b,2026-01-01 00:00:00\n" % (number, name) for number in range(40_000))
    assert len(rows) > MOST_IN_MEMORY
    answer = curl(query={"query": f"INSERT INTO {table} (id, name, at){settings} FORMAT CSV"}, body=rows)
    assert answer.status == 200, answer.text
    assert curl(body=f"SELECT count(), sum(id) FROM {table}".encode()).text == "40000\t799980000\n"
    assert not list((server.directory / "data" / "spool").iterdir())


@pytest.mark.parametrize("pack", ["gzip", "deflate", "lz4", "zstd"])
def test_packed_answers(curl: Curl, pack: str) -> None:
    query = {"query": "SELECT number FROM numbers(300000)", "enable_http_compression": "1"}
    plain = curl(query=query)
    assert "content-encoding" not in plain.headers
    answer = curl("-H", f"Accept-Encoding: {pack}", query=query)
    assert answer.headers["content-encoding"] == pack
    assert len(answer.body) < len(plain.body)
    unpack = {
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
        "lz4": lz4.frame.decompress,
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    }
    assert unpack[pack](answer.body) == plain.body
    assert (
        "content-encoding" not in curl("-H", f"Accept-Encoding: {pack}", query={"query": "SELECT 1"}).headers
    )


@pytest.mark.parametrize("pack", ["gzip", "deflate", "lz4", "zstd"])
def test_broken_bodies(curl: Curl, table: str, pack: str) -> None:
    query = {"query": f"INSERT INTO {table} (id) FORMAT CSV"}
    packed = _frames(b"".join(b"%d\n" % number for number in range(1000)), pack, 1)
    header = ("-H", f"Content-Encoding: {pack}")
    assert curl(*header, query=query, body=packed[:-20]).status >= 400
    assert curl(*header, query=query, body=b"not packed at all").status >= 400
    assert curl("-H", "Content-Encoding: rot13", query=query, body=packed).status == 501
    assert curl(body=f"SELECT count() FROM {table}".encode()).text == "0\n"


def test_clickhouse_blocks_both_ways(curl: Curl, table: str) -> None:
    rows = b"".join(b"%d\n" % number for number in range(100_000))
    packed = native_blocks.BlockEncoder().encode(rows)
    query = {"query": f"INSERT INTO {table} (id) FORMAT CSV", "decompress": "1"}
    assert curl(query=query, body=packed).status == 200
    assert curl(query=query, body=packed[:-3]).status >= 400
    answer = curl(body=f"SELECT id FROM {table} ORDER BY id".encode(), query={"compress": "1"})
    assert b"".join(native_blocks.decoded_blocks([answer.body])) == rows


@pytest.mark.parametrize(
    "format_name", ["Native", "RowBinary", "Arrow", "ArrowStream", "Parquet", "JSONEachRow"]
)
def test_every_format_comes_back_as_it_went(curl: Curl, table: str, format_name: str) -> None:
    source = f"SELECT number AS id, toString(number) AS name, toDateTime('2026-01-01 00:00:00', 'UTC') AS at FROM numbers(200000) FORMAT {format_name}"
    data = curl(body=source.encode()).body
    whole = f"INSERT INTO {table} FORMAT {format_name}\n".encode() + data
    assert curl(body=whole).status == 200
    answer = curl(body=f"SELECT count(), sum(id), sum(length(name)) FROM {table}".encode())
    assert answer.text == "200000\t19999900000\t1088890\n"


def test_values_and_input(curl: Curl, table: str) -> None:
    assert (
        curl(body=f"INSERT INTO {table} VALUES (1, 'a', now()), (1 + 1, concat('b', 'c'), 0)".encode()).status
        == 200
    )
    url = {"query": f"INSERT INTO {table} (id, name) VALUES", "param_name": "from a parameter"}
    assert curl(query=url, body=b"(3, {name:String})").status == 200
    settings = f"INSERT INTO {table} (id, name) FORMAT CSV SETTINGS format_csv_delimiter = '|'\n4|d\n"
    assert curl(body=settings.encode()).status == 200
    selected = f"INSERT INTO {table} (id, name) SELECT a + 1, upper(b) FROM input('a UInt64, b String') FORMAT CSV\n4,e\n"
    assert curl(body=selected.encode()).status == 200, selected
    plain = f"INSERT INTO {table} (id, name) SELECT 6, 'f'"
    assert json.loads(curl(body=plain.encode()).headers["x-clickhouse-summary"])["written_rows"] == "1"
    answer = curl(body=f"SELECT id, name FROM {table} ORDER BY id FORMAT CSV".encode())
    assert answer.text.replace('"', "").split() == [
        "1,a",
        "2,bc",
        "3,from",
        "a",
        "parameter",
        "4,d",
        "5,E",
        "6,f",
    ]


def test_a_bad_row_writes_nothing(curl: Curl, table: str) -> None:
    answer = curl(body=f"INSERT INTO {table} (id) FORMAT CSV\n1\n2\nthree\n".encode())
    assert answer.status == 400
    assert curl(body=f"SELECT count() FROM {table}".encode()).text == "0\n"


def test_statement_that_is_too_long(curl: Curl) -> None:
    long = b"SELECT 1 /*" + b"x" * 300_000 + b"*/"
    assert curl(body=long).status == 400
    assert curl(body=long, query={"max_query_size": "1000000"}).text == "1\n"
