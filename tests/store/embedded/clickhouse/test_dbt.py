"""A real dbt project against the embedded ClickHouse: dbt cannot tell it from a server."""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tests.store.embedded.clickhouse.running_server import PASSWORD, Server

INCREMENTAL = ("replaced_rows", "replaced_partitions")

FILES = {
    "dbt_project.yml": """
name: shop
version: "1.0"
profile: embedded
seeds:
  shop:
    +column_types: {id: UInt32, day: Date, amount: Float64}
""",
    "seeds/orders.csv": 'id,day,amount,note\n1,2026-01-01,1.5,plain\n2,2026-01-01,2.5,"it\'s, quoted"\n3,2026-01-02,4,näme\n',
    "models/orders_view.sql": "{{ config(materialized='view') }} SELECT * FROM {{ ref('orders') }}",
    "models/days.sql": (
        "{{ config(materialized='table', engine='MergeTree', order_by='day') }} "
        "SELECT day, sum(amount) AS total FROM {{ ref('orders_view') }} GROUP BY day"
    ),
    "models/replaced_rows.sql": (
        "{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day', order_by='day') }} "
        "SELECT day, total, now64(6) AS built FROM {{ ref('days') }} "
        "{% if is_incremental() %} WHERE day >= (SELECT max(day) FROM {{ this }}) {% endif %}"
    ),
    "models/replaced_partitions.sql": (
        "{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by='day', "
        "order_by='day') }} SELECT day, total, now64(6) AS built FROM {{ ref('days') }} "
        "{% if is_incremental() %} WHERE day = toDate('2026-01-02') {% endif %}"
    ),
    "models/schema.yml": """
models:
  - name: days
    columns:
      - name: day
        data_tests: [unique, not_null]
  - name: orders_view
    columns:
      - name: id
        data_tests: [unique]
""",
    "tests/total.sql": "SELECT 1 WHERE (SELECT sum(total) FROM {{ ref('days') }}) != 8",
}


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Path:
    profile = {
        "embedded": {
            "target": "it",
            "outputs": {
                "it": {
                    "type": "clickhouse",
                    "driver": "http",
                    "host": "127.0.0.1",
                    "port": server.port,
                    "user": "default",
                    "password": PASSWORD,
                    "schema": "shop",
                    "threads": 4,
                    "secure": False,
                    "custom_settings": {"mutations_sync": 2},
                }
            },
        }
    }
    for name, text in {**FILES, "profiles.yml": json.dumps(profile)}.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "project"


def days(client: Client, table: str) -> dict[str, datetime.datetime]:
    """When each day of an incremental model was built."""
    query = "SELECT day::String, built FROM {table:Identifier} ORDER BY day"
    day, built = client.query(query, parameters={"table": table}).result_columns
    return dict(zip(day, built, strict=True))


def build(project: Path) -> None:
    words = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build"]
    environment = os.environ | {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "False"}
    words += ["--project-dir", str(project), "--profiles-dir", str(project)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=project, env=environment)
    assert done.returncode == 0, done.stdout
    assert "ERROR=0" in done.stdout


def test_a_project_is_built_and_built_again(project: Path, server: Server) -> None:
    build(project)
    with server.client(database="shop") as client:
        assert client.query("SELECT day::String, total FROM days ORDER BY day").result_rows == [
            ("2026-01-01", 4.0),
            ("2026-01-02", 4.0),
        ]
        assert client.query("SELECT note FROM orders_view ORDER BY id").result_columns == [
            ["plain", "it's, quoted", "näme"]
        ]
        first = {table: days(client, table) for table in INCREMENTAL}
        build(project)
        for table in INCREMENTAL:
            second = days(client, table)
            assert second.keys() == first[table].keys() == {"2026-01-01", "2026-01-02"}
            assert second["2026-01-01"] == first[table]["2026-01-01"]
            assert second["2026-01-02"] > first[table]["2026-01-02"]
