"""The embedded ClickHouse seen by clickhouse-connect."""

import datetime
import io

import pandas
import polars
import pyarrow
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from tests.store.embedded.clickhouse.curl import Curl
from tests.store.embedded.clickhouse.running_server import Server


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
