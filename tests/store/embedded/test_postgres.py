"""The embedded Postgres: made once, refused when it is another's or of another version, whole after a crash."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psycopg
import pytest

from store.embedded import commands, postgres
from store.settings import Service, Settings, load
from tests.conftest import environment_of, free_port_base, process, wait_until


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    return load(_env_file=None, data_dir=tmp_path, port_base=free_port_base())


def refusal(house: Settings) -> str:
    """What a start that has to be refused says, on one line, with exit code 2."""
    done = subprocess.run(
        commands.postgres(),
        env=environment_of(house),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_only_the_password_opens_it(house: Settings) -> None:
    assert postgres.is_ready(house)
    wrong = postgres.superuser_url(house).replace(postgres.superuser_password(house), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong, connect_timeout=5)
    assert (house.data_dir / "postgres.password").stat().st_mode & 0o777 == 0o600


def test_it_listens_on_loopback_only(house: Settings) -> None:
    with psycopg.connect(postgres.superuser_url(house)) as connection:
        row = connection.execute("show listen_addresses").fetchone()
    assert row == ("127.0.0.1",)


def test_a_second_server_on_the_same_data_is_refused_by_name(house: Settings) -> None:
    said = refusal(house)
    pid = (postgres.directory(house) / "postmaster.pid").read_text().splitlines()[0]
    assert f"in use by a running Postgres (pid {pid})" in said
    assert "make down" in said


def test_data_of_another_version_is_refused_with_the_way_out(elsewhere: Settings) -> None:
    data = postgres.directory(elsewhere)
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    said = refusal(elsewhere)
    assert "written by Postgres 16" in said
    assert "pg_dumpall" in said


def test_a_directory_that_is_something_else_is_left_alone(elsewhere: Settings) -> None:
    data = postgres.directory(elsewhere)
    data.mkdir(parents=True)
    (data / "letters.txt").write_text("dear")
    assert "neither empty nor a Postgres data directory" in refusal(elsewhere)
    assert (data / "letters.txt").read_text() == "dear"


def test_a_taken_port_names_the_port_and_the_knob(elsewhere: Settings) -> None:
    port = elsewhere.port(Service.POSTGRES)
    with socket.create_server(("127.0.0.1", port)):
        said = refusal(elsewhere)
    assert str(port) in said
    assert "PORT_BASE" in said


def test_committed_rows_survive_kill_9_and_a_stale_pid_file(elsewhere: Settings) -> None:
    log = elsewhere.data_dir / "postgres.log"
    environment = environment_of(elsewhere)
    with process(commands.postgres(), environment, log) as server:
        wait_until("Postgres", lambda: postgres.is_ready(elsewhere))
        with psycopg.connect(postgres.superuser_url(elsewhere), autocommit=True) as connection:
            connection.execute("create table kept as select 1 as one")
        os.kill(server.pid, signal.SIGKILL)
        server.wait(10)
    with process(commands.postgres(), environment, log, signal.SIGINT):
        wait_until("Postgres", lambda: postgres.is_ready(elsewhere))
        with psycopg.connect(postgres.superuser_url(elsewhere)) as connection:
            assert connection.execute("select one from kept").fetchone() == (1,)
