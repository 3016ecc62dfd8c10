"""The embedded ClickHouse seen by curl and bare sockets: who may ask, where the statement is, sessions."""

import base64
import concurrent.futures
import json
import socket
import subprocess
import time

import pytest

from tests.store.embedded.clickhouse.curl import Curl, queries_running
from tests.store.embedded.clickhouse.running_server import PASSWORD, Server


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
        while not queries_running(curl, "holding"):
            time.sleep(0.02)
        codes = set()
        while not slow.done():
            codes.add(curl(body=b"SELECT 1", query=busy).code)
        assert slow.result().status == 200
    assert "373" in codes
