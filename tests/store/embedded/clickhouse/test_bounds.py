"""Large answers, memory, clients that leave, many at once, restarts and stops."""

import base64
import concurrent.futures
import socket
import subprocess
import time
from pathlib import Path

from clickhouse_connect.driver.client import Client

from tests.store.embedded.clickhouse.curl import Curl, queries_running
from tests.store.embedded.clickhouse.running_server import PASSWORD, Server


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
        while not queries_running(curl, "leaving"):
            time.sleep(0.02)
        client.kill()
        client.wait()
        deadline = time.monotonic() + 30
        while queries_running(curl, "leaving"):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_an_insert_whose_client_leaves_writes_nothing(server: Server, curl: Curl, table: str) -> None:
    login = base64.b64encode(f"default:{PASSWORD}".encode()).decode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST /?query=INSERT+INTO+{table}+(id)+FORMAT+CSV HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {login}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n1\n2\n3\n".encode())
        assert curl(body=b"SELECT 1").status == 200, "what was sent before has been taken in"
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert curl(body=f"SELECT count() FROM {table}".encode()).text == "0\n"
        time.sleep(0.1)
    assert not queries_running(curl, "INSERT INTO rows")


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
        while not queries_running(curl, "slow"):
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
