"""Reading requests, statements, bodies and errors: pure functions, no server."""

import base64
import gzip
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from store.embedded.clickhouse import compression, forms, native_blocks, protocol, sql
from store.embedded.clickhouse.cityhash import cityhash128
from store.embedded.clickhouse.compression import Encoding
from store.embedded.clickhouse.directory import Version, parse_version
from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode, from_engine


def read(method: str = "POST", headers: dict[str, str] | None = None, **fields: str) -> protocol.Request:
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return protocol.request(method, urlencode(fields), pairs)


def code_of(**arguments: str) -> int:
    with pytest.raises(ClickHouseError) as caught:
        protocol.request("POST", urlencode(arguments), [])
    return caught.value.code


# requests


def test_a_bare_request() -> None:
    request = read("GET")
    assert request.credentials == protocol.Credentials("default", None)
    assert (request.query, request.database, request.session, request.read_only) == ("", None, None, True)
    assert request.default_format == "TabSeparated"
    assert not read("POST").read_only


def test_fields_are_sorted() -> None:
    request = read(
        query="SELECT 1",
        param_a="x",
        max_threads="2",
        database="d",
        compress="1",
        decompress="0",
        quota_key="k",
    )
    assert request.parameters == {"a": "x"}
    assert request.settings == {"max_threads": "2"}
    assert (request.database, request.answer_in_blocks, request.body_in_blocks) == ("d", True, False)


def test_headers_come_before_fields() -> None:
    headers = {"X-ClickHouse-Database": "h", "X-ClickHouse-Format": "CSV"}
    request = read(headers=headers, database="d", default_format="TSV")
    assert (request.database, request.default_format) == ("h", "CSV")


def test_log_ins() -> None:
    basic = base64.b64encode("ann:p:ß".encode()).decode()
    assert read(headers={"Authorization": f"Basic {basic}"}).credentials == protocol.Credentials("ann", "p:ß")
    own = {"X-ClickHouse-User": "ann", "X-ClickHouse-Key": "ß"}
    assert read(headers=own).credentials == protocol.Credentials("ann", "ß")
    assert read(user="ann", password="p").credentials == protocol.Credentials("ann", "p")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic YTpi", "X-ClickHouse-User": "a"},
    ],
)
def test_log_ins_that_cannot_be_read(headers: dict[str, str]) -> None:
    with pytest.raises(ClickHouseError) as caught:
        read(headers=headers)
    assert (caught.value.code, caught.value.status) == (516, 403)


def test_sessions() -> None:
    assert read(session_id="s").session == protocol.Session("s", 60, must_exist=False, close=False)
    request = read(session_id="s", session_timeout="5", session_check="1", close_session="true")
    assert request.session == protocol.Session("s", 5, must_exist=True, close=True)
    assert code_of(session_id="") == ErrorCode.SESSION_ID_EMPTY
    assert code_of(session_id="s", session_timeout="-1") == ErrorCode.INVALID_SESSION_TIMEOUT
    assert code_of(session_id="s", session_timeout="3601") == ErrorCode.INVALID_SESSION_TIMEOUT


def test_names_that_would_be_sql() -> None:
    for name in ("a = 1, b", "a'", "a`b", "1a", "param_a b", "param_", "größe"):
        with pytest.raises(ClickHouseError) as caught:
            protocol.request("POST", urlencode({name: "1"}), [])
        assert caught.value.code == ErrorCode.UNKNOWN_SETTING
    assert code_of(default_format="CSV SETTINGS a = 1") == ErrorCode.UNKNOWN_FORMAT
    assert code_of(compress="maybe") == ErrorCode.BAD_ARGUMENTS
    assert code_of(role="admin") == ErrorCode.UNKNOWN_ROLE


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip", Encoding.GZIP),
        ("gzip, deflate, br, zstd", Encoding.ZSTD),
        ("lz4;q=1, gzip", Encoding.LZ4),
        ("zstd;q=0, deflate", Encoding.DEFLATE),
    ],
)
def test_the_answers_encoding(header: str, expected: Encoding | None) -> None:
    assert read(headers={"Accept-Encoding": header}, enable_http_compression="1").answer_encoding is expected
    assert read(headers={"Accept-Encoding": header}).answer_encoding is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TSVWithNames", "text/tab-separated-values; charset=UTF-8"),
        ("CSV", "text/csv; charset=UTF-8; header=absent"),
        ("JSONCompact", "application/json; charset=UTF-8"),
        ("JSONEachRow", "application/x-ndjson; charset=UTF-8"),
        ("ArrowStream", "application/octet-stream"),
        ("Pretty", "text/plain; charset=UTF-8"),
    ],
)
def test_media_types(name: str, expected: str) -> None:
    assert protocol.content_type(name) == expected


# statements


@pytest.mark.parametrize(
    ("statement", "head", "format_name", "data"),
    [
        ("INSERT INTO t VALUES (1)", "INSERT INTO t ", "Values", " (1)"),
        ("insert t format CSV\n1,2", "insert t ", "CSV", "1,2"),
        (
            'INSERT INTO `a`."b c" (`format`, x) FORMAT TSV 1\n',
            'INSERT INTO `a`."b c" (`format`, x) ',
            "TSV",
            "1\n",
        ),
        ("INSERT INTO d.{t:Identifier} FORMAT CSV\r\n\n1", "INSERT INTO d.{t:Identifier} ", "CSV", "\n1"),
        ("INSERT INTO FUNCTION f('a') FORMAT CSV 1", "INSERT INTO FUNCTION f('a') ", "CSV", "1"),
        ("INSERT INTO t (* EXCEPT (a)) VALUES (1)", "INSERT INTO t (* EXCEPT (a)) ", "Values", " (1)"),
        ("INSERT INTO t SETTINGS a = 1 FORMAT CSV\n1", "INSERT INTO t SETTINGS a = 1 ", "CSV", "1"),
        (
            "INSERT INTO t FORMAT CSV SETTINGS a = -1, b = 'x'\n1",
            "INSERT INTO t SETTINGS a = -1, b = 'x'",
            "CSV",
            "1",
        ),
        ("INSERT INTO t -- FORMAT x\nFORMAT CSV\n1", "INSERT INTO t -- FORMAT x\n", "CSV", "1"),
        (
            "/* a */ INSERT INTO t (a) FORMAT JSONEachRow {}",
            "/* a */ INSERT INTO t (a) ",
            "JSONEachRow",
            "{}",
        ),
        ("INSERT INTO t FORMAT Native\n\x00'(`", "INSERT INTO t ", "Native", "\x00'(`"),
    ],
)
def test_inserts_with_data(statement: str, head: str, format_name: str, data: str) -> None:
    found = sql.insert_with_data(statement)
    assert found is not None
    assert (found.head, found.format, statement[found.data_at :]) == (head, format_name, data)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "INSERT INTO t SELECT 1 FORMAT CSV",
        "INSERT INTO t (SELECT 1)",
        "INSERT INTO t (a) WITH 1 AS x SELECT x",
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        "INSERT INTO t",
        "INSERT INTO (",
        "INSERT",
        "",
    ],
)
def test_statements_without_data(statement: str) -> None:
    assert sql.insert_with_data(statement) is None


def test_insert_select_from_input() -> None:
    statement = "INSERT INTO t SELECT a FROM input('a Int8, b Array(Int8)') WHERE format = 1 FORMAT CSV\n1,2"
    found = sql.insert_with_data(statement)
    assert found is not None
    assert found.input_call is not None
    assert found.head[slice(*found.input_call)] == "input('a Int8, b Array(Int8)')"
    assert (found.format, statement[found.data_at :]) == ("CSV", "1,2")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1 FORMAT JSON;", sql.Answer("SELECT 1", "JSON", "")),
        ("SELECT 1;;", sql.Answer("SELECT 1", None, "")),
        ("SELECT format FROM t", sql.Answer("SELECT format FROM t", None, "")),
        ("SELECT 1 AS format", sql.Answer("SELECT 1 AS format", None, "")),
        ("SELECT format b", sql.Answer("SELECT format b", None, "")),
        ("SELECT 'FORMAT CSV'", sql.Answer("SELECT 'FORMAT CSV'", None, "")),
        ("SELECT 1 -- FORMAT CSV", sql.Answer("SELECT 1", None, "")),
        (
            "SELECT a FROM t SETTINGS x = 1 FORMAT CSV -- c",
            sql.Answer("SELECT a FROM t SETTINGS x = 1", "CSV", ""),
        ),
        ("SELECT 1 FORMAT TSV SETTINGS a = 1", sql.Answer("SELECT 1", "TSV", "SETTINGS a = 1")),
        ("SELECT $$ FORMAT CSV $$", sql.Answer("SELECT $$ FORMAT CSV $$", None, "")),
        (
            "SELECT a FROM t ORDER BY a DESC FORMAT CSV",
            sql.Answer("SELECT a FROM t ORDER BY a DESC", "CSV", ""),
        ),
        ("DESC format", sql.Answer("DESC format", None, "")),
        ("DESC t FORMAT CSV", sql.Answer("DESC t", "CSV", "")),
    ],
)
def test_the_answers_format(statement: str, expected: sql.Answer) -> None:
    assert sql.answer(statement) == expected


def test_an_answer_goes_where_it_is_sent() -> None:
    sent = sql.answer("SELECT 1 FORMAT TSV SETTINGS a = 1").into("/dev/fd/7", "CSV")
    assert sent.split("\n") == [
        "SELECT 1",
        "INTO OUTFILE '/dev/fd/7' TRUNCATE",
        "FORMAT TSV",
        "SETTINGS a = 1",
    ]
    assert sql.answer("SELECT 1 -- end").into("/dev/fd/7", "CSV").endswith("FORMAT CSV")


def test_clauses_in_words_only() -> None:
    assert sql.has_clause("SELECT 1 into/**/outfile 'x'", "INTO", "OUTFILE")
    assert not sql.has_clause("SELECT 'INTO OUTFILE', `INTO` `OUTFILE` -- INTO OUTFILE", "INTO", "OUTFILE")


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    sql.insert_with_data(text)
    sql.answer(text)
    sql.insert_with_data(f"INSERT INTO {text}")


@given(st.text(alphabet=st.characters(exclude_characters="\0")))
def test_literals_are_one_token(text: str) -> None:
    for literal, kind in ((sql.text_literal(text), sql.Kind.TEXT), (sql.name_literal(text), sql.Kind.QUOTED)):
        assert [(token.kind, token.text) for token in sql.tokens(literal)] == [(kind, literal)]


# bodies


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def packed(data: bytes, encoding: Encoding) -> bytes:
    match encoding:
        case Encoding.GZIP:
            return gzip.compress(data)
        case Encoding.DEFLATE:
            return zlib.compress(data)
        case Encoding.LZ4:
            return lz4.frame.compress(data)
        case Encoding.ZSTD:
            return zstandard.compress(data)


@pytest.mark.parametrize("encoding", list(Encoding))
@settings(max_examples=25, deadline=None)
@given(parts=st.lists(st.binary(max_size=3000), max_size=4), size=st.integers(1, 5000))
def test_frames_one_behind_the_other(encoding: Encoding, parts: list[bytes], size: int) -> None:
    body = b"".join(packed(part, encoding) for part in parts)
    assert b"".join(compression.decoded(pieces(body, size), encoding)) == b"".join(parts)


@pytest.mark.parametrize("encoding", list(Encoding))
@settings(max_examples=25, deadline=None)
@given(parts=st.lists(st.binary(min_size=1, max_size=3000), max_size=4))
def test_encoders_make_one_frame(encoding: Encoding, parts: list[bytes]) -> None:
    encoder = compression.encoder(encoding)
    body = b"".join(encoder.encode(part) for part in parts) + encoder.finish()
    assert b"".join(compression.decoded([body], encoding)) == b"".join(parts)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_bodies_cut_short_or_broken(encoding: Encoding) -> None:
    body = packed(bytes(range(256)) * 100, encoding)
    for broken in (body[:-5], body[: len(body) // 2], b"this is not packed", body + b"rubbish behind it"):
        with pytest.raises(ClickHouseError) as caught:
            list(compression.decoded(pieces(broken, 100), encoding))
        assert caught.value.code in (
            ErrorCode.ZLIB_INFLATE_FAILED,
            ErrorCode.LZ4_DECODER_FAILED,
            ErrorCode.ZSTD_DECODER_FAILED,
        )


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_bomb_unpacks_in_pieces_and_stops(encoding: Encoding) -> None:
    bomb = packed(bytes(40 << 20), encoding)
    limit = 10 << 20
    sizes: list[int] = []

    def unpack() -> None:
        unpacked = compression.limited(compression.decoded([bomb], encoding), limit)
        sizes.extend(len(piece) for piece in unpacked)

    with pytest.raises(ClickHouseError, match="unpacks to more than"):
        unpack()
    assert sum(sizes) <= limit


@settings(max_examples=10, deadline=None)
@given(parts=st.lists(st.binary(max_size=300_000), max_size=3), size=st.integers(1000, 50_000))
def test_clickhouse_blocks(parts: list[bytes], size: int) -> None:
    encoder = native_blocks.BlockEncoder()
    body = b"".join(encoder.encode(part) for part in parts) + encoder.finish()
    assert b"".join(native_blocks.decoded_blocks(pieces(body, size))) == b"".join(parts)


def test_broken_clickhouse_blocks() -> None:
    body = native_blocks.BlockEncoder().encode(b"some rows" * 100)
    for broken in (
        body[:-1],
        body[:20],
        body[:16] + b"\x77" + body[17:],
        body[:17] + b"\xff" * 8 + body[25:],
    ):
        with pytest.raises(ClickHouseError) as caught:
            list(native_blocks.decoded_blocks([broken]))
        assert caught.value.code == ErrorCode.CANNOT_DECOMPRESS


def test_checksums_are_clickhouses(tmp_path: Path) -> None:
    """Every block that the engine writes to disk carries the checksum that we would give it."""
    program = """
import sys
from chdb import _chdb
engine = _chdb.connect(sys.argv[1])
engine.query("CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a SETTINGS min_bytes_for_wide_part = 0")
for rows in (1, 3, 10, 30, 100, 1000, 5000):
    engine.query(f"INSERT INTO t SELECT number, randomString(number % 70) FROM numbers({rows})")
engine.close()
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "engine")], check=True)
    sizes = set()
    for file in (tmp_path / "engine").glob("**/all_*/*.bin"):
        data = file.read_bytes()
        at = 0
        while at < len(data):
            size = int.from_bytes(data[at + 17 : at + 21], "little")
            block = data[at + 16 : at + 16 + size]
            assert cityhash128(block) == data[at : at + 16], (file, at)
            sizes.add(size)
            at += 16 + size
    assert min(sizes) < 16 + 9 < 128 < max(sizes)


# forms


def test_a_form_with_fields_and_tables() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT \xe2\x9c\x93\r\n'
        b'--b\r\nContent-Disposition: form-data; name="t"; filename="t.csv"\r\nContent-Type: text/csv\r\n\r\n1,a\r\n--b--\r\n'
    )
    for size in (1, 7, 1000):
        form = forms.read(pieces(body, size), b"b")
        assert form.fields == (("query", "SELECT ✓"),)
        described = {"t_types": "UInt8, Map(String, UInt8)", "t_format": "CSV"}
        assert forms.external_tables(form, described) == [
            forms.ExternalTable("t", "_1 UInt8, _2 Map(String, UInt8)", "CSV", b"1,a")
        ]
        assert forms.external_tables(form, {"t_structure": "a UInt8"})[0].format == "TabSeparated"
    with pytest.raises(ClickHouseError, match="Neither structure nor types"):
        forms.external_tables(form, {})
    with pytest.raises(ClickHouseError, match="malformed"):
        forms.read([b"not a form"], b"b")


# errors and versions


@pytest.mark.parametrize(
    ("text", "code", "name", "message"),
    [
        ("Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)", 60, "UNKNOWN_TABLE", "No table."),
        (
            "Code: 27. DB::Exception: Bad\n: row. (CANNOT_PARSE) (version 26.9.2.1)",
            27,
            "CANNOT_PARSE",
            "Bad\n: row.",
        ),
        (
            "Code: 73. DB::Exception: Code: 73. DB::Exception: No format. (UNKNOWN_FORMAT) (version 26.9.2.1). (UNKNOWN_FORMAT)",
            *(73, "UNKNOWN_FORMAT", "No format."),
        ),
        (
            "Code: 36. DB::Exception: (a) (version 1 (official build)) b (BAD_ARGUMENTS)",
            *(36, "BAD_ARGUMENTS", "(a) (version 1 (official build)) b"),
        ),
        ("something else", 1002, "UNKNOWN_EXCEPTION", "something else"),
    ],
)
def test_the_engines_wording(text: str, code: int, name: str, message: str) -> None:
    error = from_engine(text)
    assert (error.code, error.name, error.message) == (code, name, message)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (62, 400),
        (516, 403),
        (60, 404),
        (81, 404),
        (115, 404),
        (159, 408),
        (48, 501),
        (241, 500),
        (202, 500),
        (164, 500),
    ],
)
def test_statuses(code: int, status: int) -> None:
    assert ClickHouseError(code, "x", "X").status == status


@given(st.integers(0, 9), st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){1,3}", fullmatch=True))
def test_versions_are_read_back(layout: int, engine: str) -> None:
    version = Version(layout, engine)
    assert parse_version(version.text()) == version


@pytest.mark.parametrize("text", ["", "layout 1", "layout x\nengine 1.2", "layout 1\nengine none"])
def test_versions_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="cannot read a version"):
        parse_version(text)
