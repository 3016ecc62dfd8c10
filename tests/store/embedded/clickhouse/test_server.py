"""The embedded ClickHouse seen by real clients: clickhouse-connect, curl and bare sockets."""

import base64
import concurrent.futures
import datetime
import gzip
import io
import json
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import lz4.frame
import pandas
import polars
import pyarrow
import pytest
import zstandard
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from store.embedded.clickhouse import native_blocks
from tests.store.embedded.clickhouse.conftest import PASSWORD, Server


class Curl:
    """curl, and what it got."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(
        self,
        *options: str,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        path: str = "",
        user: str | None = f"default:{PASSWORD}",
    ) -> "Answer":
        words = ["curl", "-sS", "-i", "-m", "30", *options]
        if user is not None:
            words += ["-u", user]
        if body is not None:
            words += ["--data-binary", "@-"]
        address = self._server.url + path + (f"?{urlencode(query)}" if query else "")
        done = subprocess.run([*words, address], input=body, capture_output=True, check=False)
        return Answer(done.stdout, done.returncode)


class Answer:
    def __init__(self, raw: bytes, exit_code: int) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head, _, self.body = self.body.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.exit_code = exit_code
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
        }

    @property
    def code(self) -> str | None:
        return self.headers.get("x-clickhouse-exception-code")

    @property
    def text(self) -> str:
        return self.body.decode()


@pytest.fixture
def curl(server: Server) -> Curl:
    return Curl(server)


@pytest.fixture
def table(client: Client) -> Iterator[str]:
    client.command(
        "CREATE TABLE rows (id UInt64, name String, at DateTime('UTC')) ENGINE = MergeTree ORDER BY id"
    )
    yield "rows"
    client.command("DROP TABLE rows")


# health, identity and refusals


@pytest.mark.parametrize("path", ["", "ping", "replicas_status"])
def test_health_needs_no_password(curl: Curl, path: str) -> None:
    answer = curl(path=path, user=None)
    assert (answer.status, answer.body) == (200, b"Ok.\n")


def test_head_has_no_body(curl: Curl) -> None:
    assert curl("--head", query={"query": "SELECT 1"}).status == 200
    assert curl("--head", path="ping", user=None).status == 200


def test_unknown_path(curl: Curl) -> None:
    assert curl(path="nothing").status == 404


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([f"-udefault:{PASSWORD}"], {}),
        (["-H", "X-ClickHouse-User: default", "-H", f"X-ClickHouse-Key: {PASSWORD}"], {}),
        ([], {"user": "default", "password": PASSWORD}),
        ([], {"password": PASSWORD}),
    ],
)
def test_three_ways_to_log_in(curl: Curl, options: list[str], query: dict[str, str]) -> None:
    assert curl(*options, query={"query": "SELECT currentUser()", **query}, user=None).text == "default\n"


@pytest.mark.parametrize("user", [None, "default:wrong", f"somebody:{PASSWORD}", "default:"])
def test_wrong_password(curl: Curl, user: str | None) -> None:
    answer = curl(query={"query": "SELECT 1"}, user=user)
    assert (answer.status, answer.code) == (403, "516")
    assert "Authentication failed: password is incorrect, or there is no user with such name" in answer.text
    assert "(AUTHENTICATION_FAILED) (version " in answer.text


def test_two_ways_to_log_in_at_once(curl: Curl) -> None:
    assert curl("-H", "X-ClickHouse-User: default", query={"query": "SELECT 1"}).code == "516"


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELECT * FROM nowhere", 404, "60"),
        ("SELECT * FROM nowhere.nothing", 404, "81"),
        ("SELEC 1", 400, "62"),
        ("1 + 1", 400, "62"),
        ("SELECT 1; SELECT 2", 400, "62"),
        ("SELECT nothing", 404, "47"),
        ("SELECT nowhere()", 404, "46"),
        ("SELECT 1 FORMAT Nothing", 404, "73"),
        ("SELECT 1 SETTINGS nothing = 1", 404, "115"),
        ("SELECT throwIf(1)", 500, "395"),
        ("SELECT 1 INTO OUTFILE '/tmp/never'", 500, "358"),
        ("SELECT 1 INTO /* */ OUTFILE '/tmp/never' TRUNCATE", 500, "358"),
        ("INSERT INTO rows FROM INFILE '/etc/hostname' FORMAT CSV", 404, "78"),
        ("INSERT INTO nowhere FORMAT CSV\n1", 404, "60"),
        ("INSERT INTO nowhere VALUES (1)", 404, "60"),
        ("SELECT {missing:UInt8}", 500, "456"),
        ("SELECT toUInt8('x')", 400, "6"),
        ("", 400, "62"),
        ("-- nothing", 400, "62"),
    ],
)
def test_errors(curl: Curl, statement: str, status: int, code: str) -> None:
    answer = curl(body=statement.encode())
    assert (answer.status, answer.code) == (status, code), answer.text
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert answer.text.count("(version ") == 1
    assert answer.text.endswith("(official build))\n")


def test_text_of_an_error_is_the_servers(curl: Curl) -> None:
    version = curl(query={"query": "SELECT version()"}).text.strip()
    answer = curl(body=b"SELECT 1 SETTINGS nothing = 1")
    assert answer.text == (
        "Code: 115. DB::Exception: Unknown setting 'nothing'. (UNKNOWN_SETTING) "
        f"(version {version} (official build))\n"
    )


def test_get_reads_only(curl: Curl) -> None:
    for statement in (
        "CREATE TABLE never (a UInt8) ENGINE = Memory",
        "INSERT INTO rows VALUES (1)",
        "DROP TABLE IF EXISTS never",
        "KILL QUERY WHERE 1",
        "SYSTEM FLUSH LOGS",
    ):
        for session in ({}, {"session_id": "get"}):
            answer = curl(query={"query": statement, **session})
            assert (answer.status, answer.code) == (500, "164"), statement
            assert "method GET implies readonly" in answer.text
    assert curl(query={"query": "SELECT 1"}).text == "1\n"


def test_post_without_a_length(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"POST /?password=x HTTP/1.1\r\nHost: a\r\nX-ClickHouse-Key: {'x'}\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 403")
    login = base64.b64encode(f"default:{PASSWORD}".encode()).decode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"POST /?query=SELECT+1 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {login}\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 411")


# where the statement and the data are


def test_statement_in_url_body_or_both(curl: Curl) -> None:
    assert curl(query={"query": "SELECT 1"}).text == "1\n"
    assert curl(body=b"SELECT 1").text == "1\n"
    assert curl(query={"query": "SELECT"}, body=b"1 FORMAT CSV").text == "1\n"
    assert curl(query={"query": ""}, body=b"SELECT 1;").text == "1\n"


def test_formats(curl: Curl) -> None:
    statement = b"SELECT 1 AS a, 'x' AS b"
    assert curl(body=statement).headers["x-clickhouse-format"] == "TabSeparated"
    csv = curl(body=statement, query={"default_format": "CSVWithNames"})
    assert csv.text == '"a","b"\n1,"x"\n'
    assert csv.headers["content-type"] == "text/csv; charset=UTF-8; header=present"
    header = curl("-H", "X-ClickHouse-Format: JSONEachRow", body=statement)
    assert (header.text, header.headers["x-clickhouse-format"]) == ('{"a":1,"b":"x"}\n', "JSONEachRow")
    named = curl(body=statement + b" FORMAT JSON SETTINGS max_threads = 1", query={"default_format": "CSV"})
    assert json.loads(named.body)["data"] == [{"a": 1, "b": "x"}]
    assert named.headers["content-type"] == "application/json; charset=UTF-8"


def test_an_empty_answer_keeps_its_frame(curl: Curl) -> None:
    assert json.loads(curl(body=b"SELECT 1 AS a WHERE 0 FORMAT JSON").body)["rows"] == 0
    assert curl(body=b"SELECT 1 AS a WHERE 0 FORMAT CSVWithNames").text == '"a"\n'


def test_totals_and_statements_that_are_not_select(curl: Curl) -> None:
    totals = curl(body=b"SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k WITH TOTALS FORMAT JSON")
    assert json.loads(totals.body)["totals"] == {"k": 0, "count()": 4}
    for statement, part in (
        ("SHOW DATABASES", "system"),
        ("SHOW TABLES FROM system LIKE 'on_'", "one"),
        ("SHOW CREATE TABLE INFORMATION_SCHEMA.tables", "CREATE VIEW"),
        ("SHOW PROCESSLIST", "default"),
        ("SHOW SETTINGS LIKE 'max_threads'", "max_threads"),
        ("DESCRIBE system.one", "dummy"),
        ("EXISTS system.one", "1"),
        ("EXPLAIN SELECT 1", "SystemOne"),
        ("EXPLAIN AST SELECT 1", "SelectQuery"),
        ("(SELECT 'in brackets')", "in brackets"),
        ("WITH 'with' AS x SELECT x", "with"),
        ("FROM system.one SELECT dummy, 'turned'", "turned"),
    ):
        plain, named = curl(body=statement.encode()), curl(body=f"{statement} FORMAT JSON".encode())
        assert part in plain.text
        assert part in named.text
        assert json.loads(named.body)["rows"] >= 1


def test_headers(curl: Curl) -> None:
    answer = curl(query={"query": "SELECT number FROM numbers(5)", "query_id": "my-query"})
    assert answer.headers["x-clickhouse-query-id"] == "my-query"
    assert answer.headers["x-clickhouse-timezone"] == curl(query={"query": "SELECT timezone()"}).text.strip()
    assert answer.headers["x-clickhouse-server-display-name"]
    summary = json.loads(answer.headers["x-clickhouse-summary"])
    assert (summary["read_rows"], summary["result_rows"]) == ("5", "5")


def test_parameters_are_bound_and_cannot_break_out(curl: Curl) -> None:
    evil = "'; DROP TABLE system.one; -- \\' {x:String} ` \" ✓"
    escaped = evil.replace("\\", "\\\\")
    answer = curl(
        body=b"SELECT {text:String}, {number:Int32} + 1, {list:Array(String)}[2] FORMAT TSVRaw",
        query={"param_text": escaped, "param_number": "-3", "param_list": "['a','b']"},
    )
    assert answer.text == f"{evil}\t-2\tb\n"
    assert curl(body=b"SELECT {a:UInt8}", query={"param_a": "x"}).code == "457"
    assert curl(body=b"SELECT count() FROM {t:Identifier}", query={"param_t": "system.one` --"}).status == 404
    assert curl(body=b"SELECT 1", query={"param_a = 1, max_threads": "1"}).code == "115"
    assert curl(body=b"SELECT 1", query={"max_threads = 1 -- ": "1"}).code == "115"


def test_settings_in_the_url(curl: Curl) -> None:
    statement = b"SELECT getSetting('max_threads'), getSetting('log_comment') FORMAT TSVRaw"
    assert (
        curl(body=statement, query={"max_threads": "3", "log_comment": "it's \\ here"}).text
        == "3\tit's \\ here\n"
    )
    assert curl(body=b"SELECT 1", query={"nothing": "1"}).code == "115"
    assert curl(body=b"SELECT 1", query={"max_threads": "many"}).status == 400
    assert curl(body=b"SELECT 1", query={"role": "admin"}).code == "511"


def test_bytes_that_are_not_utf8(server: Server, curl: Curl) -> None:
    latin = ("-u", f"default:{PASSWORD}", "--data-binary", "SELECT {a:String}")
    for field in ("param_a=%E4", "log_comment=%E4", "database=%E4"):
        done = subprocess.run(
            ["curl", "-sS", *latin, f"{server.url}?{field}"], capture_output=True, check=True
        )
        assert b"is not UTF-8" in done.stdout
    assert curl(body=b"SELECT '\xe4'").code == "62"
    # rows may be any bytes
    assert curl(body=b"INSERT INTO FUNCTION null('a String') FORMAT TSV\n\xe4\x00\n").status == 200


def test_nothing_leaks_between_requests(curl: Curl) -> None:
    probe = b"SELECT currentDatabase(), getSetting('max_threads')"
    before = curl(body=probe).text
    assert curl(body=b"USE system").status == 200
    assert curl(body=b"SET max_threads = 7").status == 200
    assert curl(body=b"CREATE TEMPORARY TABLE temporary (a UInt8)").status == 200
    assert curl(body=probe, query={"max_threads": "9", "database": "system"}).text == "system\t9\n"
    assert curl(body=probe).text == before
    assert curl(body=b"SELECT * FROM temporary").code == "60"


def test_database(curl: Curl) -> None:
    assert curl(body=b"SELECT count() FROM one", query={"database": "system"}).text == "1\n"
    assert curl("-H", "X-ClickHouse-Database: system", body=b"SELECT count() FROM one").text == "1\n"
    missing = curl(body=b"SELECT 1", query={"database": "nowhere"})
    assert (missing.status, missing.code) == (404, "81")


# sessions


def test_sessions_keep_and_separate(curl: Curl) -> None:
    first, second = {"session_id": "first"}, {"session_id": "second"}
    assert curl(body=b"CREATE TEMPORARY TABLE mine (a UInt8)", query=first).status == 200
    assert curl(body=b"INSERT INTO mine FORMAT CSV\n1\n2", query=first).status == 200
    assert curl(body=b"SET max_threads = 5", query=first).status == 200
    assert curl(body=b"USE system", query=first).status == 200
    probe = b"SELECT sum(a), currentDatabase(), getSetting('max_threads') FROM mine"
    assert curl(body=probe, query=first).text == "3\tsystem\t5\n"
    assert curl(body=probe, query=second).code == "60"
    # the URL's settings and database are for one request
    over = {**first, "max_threads": "2", "database": "default"}
    assert curl(body=probe, query=over).text == "3\tdefault\t2\n"
    assert curl(body=probe, query=first).text == "3\tsystem\t5\n"
    # a SET below a setting from the URL changes the session's own
    assert curl(body=b"SET max_threads = 6", query=over).status == 200
    assert curl(body=probe, query=first).text == "3\tsystem\t6\n"
    assert curl(body=b"SELECT 1", query={**first, "nothing": "1"}).code == "115"
    assert curl(body=probe, query={**first, "close_session": "1"}).status == 200
    assert curl(body=probe, query=first).code == "60"


def test_session_checks(curl: Curl) -> None:
    assert curl(body=b"SELECT 1", query={"session_id": "none", "session_check": "1"}).code == "372"
    assert curl(body=b"SELECT 1", query={"session_id": ""}).code == "744"
    assert curl(body=b"SELECT 1", query={"session_id": "a", "session_timeout": "x"}).code == "374"
    assert curl(body=b"SELECT 1", query={"session_id": "a", "session_timeout": "999999"}).code == "374"
    brief = {"session_id": "brief", "session_timeout": "0"}
    assert curl(body=b"CREATE TEMPORARY TABLE gone (a UInt8)", query=brief).status == 200
    assert curl(body=b"SELECT * FROM gone", query=brief).code == "60"


def test_a_session_serves_one_at_a_time(curl: Curl) -> None:
    busy = {"session_id": "busy"}
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(curl, body=b"SELECT sleep(2) AS holding", query=busy)
        while not _running(curl, "holding"):
            time.sleep(0.02)
        codes = set()
        while not slow.done():
            codes.add(curl(body=b"SELECT 1", query=busy).code)
        assert slow.result().status == 200
    assert "373" in codes


# bodies and encodings


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


# clickhouse-connect


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_connect_round_trip(server: Server, table: str, compress: bool | str) -> None:
    moment = datetime.datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001, as clickhouse-connect gives UTC
    with server.client(compress=compress) as client:
        rows = [(number, f"näme {number}", moment) for number in range(60_000)]
        summary = client.insert(table, rows, column_names=["id", "name", "at"])
        assert summary.written_rows == len(rows)
        result = client.query(f"SELECT * FROM {table} ORDER BY id")
        assert result.result_rows == rows
        assert result.column_names == ("id", "name", "at")


def test_connect_sends_several_blocks(server: Server, table: str) -> None:
    with server.client(compress="lz4") as client:
        columns = [list(range(500_000)), ["x" * 100] * 500_000]
        context = client.create_insert_context(
            table, column_names=["id", "name"], data=columns, column_oriented=True
        )
        context.block_row_count = 20_000
        client.data_insert(context)
        assert client.command(f"SELECT count() FROM {table}") == 500_000


def test_connect_parameters(client: Client) -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001, as clickhouse-connect gives UTC
    values = {"text": "it's \\ a\ttab\n✓ {x}", "list": ["a'b", "c"], "moment": moment, "none": None}
    query = "SELECT {text:String}, {list:Array(String)}, {moment:DateTime}, {none:Nullable(UInt8)}"
    assert client.query(query, parameters=values).first_row == (values["text"], ["a'b", "c"], moment, None)
    # long parameters go as a form
    long = {"ids": list(range(20_000))}
    assert client.query("SELECT sum(arrayJoin({ids:Array(UInt32)}))", parameters=long).first_row == (
        199990000,
    )


def test_connect_frames(client: Client, table: str) -> None:
    table_of = pyarrow.table({"id": pyarrow.array([1, 2], pyarrow.uint64()), "name": ["a", "b"]})
    client.insert_arrow(table, table_of)
    client.insert_df(table, pandas.DataFrame({"id": [3], "name": ["c"]}), column_names=["id", "name"])
    query = f"SELECT id, name FROM {table} ORDER BY id"
    assert client.query_arrow(query).column("id").to_pylist() == [1, 2, 3]
    assert client.query_df(query)["name"].tolist() == ["a", "b", "c"]
    arrow = client.raw_query(query, fmt="ArrowStream")
    assert polars.read_ipc_stream(io.BytesIO(arrow)).height == 3
    with client.query_arrow_stream("SELECT number FROM numbers(1000000)") as stream:
        assert sum(batch.num_rows for batch in stream) == 1_000_000


def test_connect_streams_rows(client: Client) -> None:
    with client.query_row_block_stream("SELECT number FROM numbers(1000000)") as stream:
        assert sum(len(block) for block in stream) == 1_000_000


def test_connect_external_data(client: Client) -> None:
    tables = ExternalData(
        file_name="wanted.csv", data=b"1,a\n2,b\n", fmt="CSV", structure="id UInt32, name String"
    )
    tables.add_file(file_name="typed.tsv", data=b"7\n", fmt="TSV", types="UInt8")
    query = "SELECT sum(id), (SELECT any(_1) FROM typed) FROM wanted"
    assert client.query(query, external_data=tables).first_row == (3, 7)


def test_connect_session(server: Server) -> None:
    with server.client(session_id="connect") as client:
        client.command("CREATE TEMPORARY TABLE mine (a UInt8)")
        client.insert("mine", [(1,), (2,)])
        assert client.command("SELECT sum(a) FROM mine") == 3


def test_connect_settings_and_identity(client: Client) -> None:
    assert client.server_version == client.command("SELECT version()")
    assert client.query("SELECT getSetting('max_threads')", settings={"max_threads": 3}).first_row == (3,)
    assert client.ping()


def test_connect_errors(client: Client) -> None:
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE") as caught:
        client.query("SELECT * FROM nowhere")
    assert caught.value.code == 60


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_an_error_in_the_middle_reaches_the_client(server: Server, compress: bool | str) -> None:
    query = (
        "SELECT number, toString(number), throwIf(number = 9000000, 'stopped here') FROM numbers(10000000)"
    )
    with (
        server.client(compress=compress) as client,
        pytest.raises((StreamFailureError, DatabaseError), match="stopped"),
    ):
        client.query(query, settings={"max_threads": 1}, column_oriented=True)


def test_an_error_in_the_middle_breaks_the_body(curl: Curl) -> None:
    query = "SELECT throwIf(number = 9000000) FROM numbers(10000000)"
    answer = curl(query={"query": query, "max_threads": "1"})
    assert (answer.status, answer.exit_code) == (200, 18)  # curl: transfer closed with outstanding read data
    tag = answer.headers["x-clickhouse-exception-tag"]
    text = answer.body[answer.body.index(b"\r\n__exception__\r\n") :].decode()
    assert text.startswith(f"\r\n__exception__\r\n{tag}\r\nCode: 395. DB::Exception: ")
    assert text.endswith(f" {tag}\r\n__exception__\r\n")
    waited = curl(query={"query": query, "wait_end_of_query": "1"})
    assert (waited.status, waited.code, waited.exit_code) == (500, "395", 0)


# bounds


def test_a_large_answer_is_never_held(server: Server, curl: Curl) -> None:
    curl(body=b"SELECT count() FROM numbers(1000)")
    before = server.resident_bytes()
    words = ["curl", "-sS", "-u", f"default:{PASSWORD}", "-o", "/dev/null", "-w", "%{size_download}"]
    address = f"{server.url}?query=SELECT+*+FROM+numbers(50000000)+FORMAT+RowBinary"
    fetching = subprocess.Popen([*words, address], stdout=subprocess.PIPE, text=True)
    most = before
    while fetching.poll() is None:
        most = max(most, server.resident_bytes())
        time.sleep(0.02)
    assert fetching.stdout is not None
    with fetching.stdout as output:
        assert output.read() == "400000000"
    assert most - before < 200 << 20


def test_the_memory_limit_answers_241(server: Server, curl: Curl) -> None:
    answer = curl(body=b"SELECT groupArray(number) FROM numbers(200000000)")
    assert (answer.status, answer.code) == (500, "241")
    assert "MEMORY_LIMIT_EXCEEDED" in answer.text
    assert curl(body=b"SELECT getSetting('max_memory_usage')").text == f"{600 << 20}\n"
    assert curl(body=b"SELECT 1").status == 200


def _running(curl: Curl, needle: str) -> int:
    statement = (
        f"SELECT count() FROM system.processes WHERE query LIKE '%{needle}%' AND query NOT LIKE '%processes%'"
    )
    return int(curl(body=statement.encode()).text)


def test_a_client_that_leaves_cancels_its_query(server: Server, curl: Curl) -> None:
    words = ["curl", "-sS", "-u", f"default:{PASSWORD}", "-o", "/dev/null", "--data-binary", "@-", server.url]
    for statement in (
        "SELECT count() AS leaving FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
        "SELECT number AS leaving FROM numbers(1000000000000) FORMAT JSONEachRow",
    ):
        client = subprocess.Popen(words, stdin=subprocess.PIPE)
        assert client.stdin is not None
        with client.stdin as stdin:
            stdin.write(statement.encode())
        while not _running(curl, "leaving"):
            time.sleep(0.02)
        client.kill()
        client.wait()
        deadline = time.monotonic() + 30
        while _running(curl, "leaving"):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_an_insert_whose_client_leaves_writes_nothing(server: Server, curl: Curl, table: str) -> None:
    login = base64.b64encode(f"default:{PASSWORD}".encode()).decode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST /?query=INSERT+INTO+{table}+(id)+FORMAT+CSV HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {login}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n1\n2\n3\n".encode())
        while not _running(curl, "INSERT INTO rows"):
            time.sleep(0.02)
    while _running(curl, "INSERT INTO rows"):
        time.sleep(0.02)
    assert curl(body=f"SELECT count() FROM {table}".encode()).text == "0\n"


def test_malformed_requests(server: Server, curl: Curl) -> None:
    for data in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /?" + b"x" * (2 << 20) + b" HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.settimeout(10)
            try:
                connection.sendall(data)
                assert connection.recv(4096).startswith(b"HTTP/1.1 400")
            except ConnectionError:
                continue
    assert curl(body=b"SELECT 1").status == 200


def test_many_at_once(server: Server, client: Client) -> None:
    client.command("CREATE TABLE busy (id UInt64) ENGINE = MergeTree ORDER BY id")

    def work(number: int) -> object:
        with server.client() as own:
            own.insert("busy", [(number * 1000 + at,) for at in range(1000)], column_names=["id"])
            return own.command(f"SELECT count() FROM busy WHERE intDiv(id, 1000) = {number}")

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert list(pool.map(work, range(24))) == [1000] * 24
    assert client.command("SELECT uniqExact(id) FROM busy") == 24_000
    client.command("DROP TABLE busy")


def test_deduplication_by_token(curl: Curl, client: Client) -> None:
    client.command(
        "CREATE TABLE once (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100"
    )
    for token, size in (("a", 3), ("a", 3), ("b", 3)):
        rows = b"".join(b"%d\n" % number for number in range(size))
        query = {"query": "INSERT INTO once FORMAT CSV", "insert_deduplication_token": token}
        assert curl(query=query, body=rows).status == 200
    assert client.command("SELECT count() FROM once") == 6
    client.command("DROP TABLE once")


def test_what_is_written_survives_a_restart(own_server: Server, tmp_path: Path) -> None:
    own_server.start()
    curl = Curl(own_server)
    assert curl(body=b"CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a").status == 200
    assert curl(body=b"INSERT INTO kept FORMAT CSV\n1\n2\n").status == 200
    assert own_server.stop() == 0
    own_server.start()
    assert curl(body=b"SELECT sum(a) FROM kept").text == "3\n"
    assert own_server.stop() == 0
    assert (tmp_path / "data" / "VERSION").exists()


def test_a_stop_cancels_what_runs(own_server: Server) -> None:
    own_server.start()
    curl = Curl(own_server)
    slow = b"SELECT count() AS slow FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(curl, body=slow)
        while not _running(curl, "slow"):
            time.sleep(0.02)
        assert own_server.stop() == 0
        assert running.result().status != 200


def test_too_many_at_once(own_server: Server) -> None:
    own_server.options += ("--max-queries", "1", "--max-waiting", "1", "--patience", "0.2")
    own_server.start()
    curl = Curl(own_server)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: curl(body=b"SELECT sleep(1)"), range(4)))
    refused = [answer for answer in answers if answer.status != 200]
    assert 0 < len(refused) < 4
    assert {(answer.status, answer.code) for answer in refused} == {(500, "202")}
    assert "Too many simultaneous queries. Maximum: 1" in refused[0].text
