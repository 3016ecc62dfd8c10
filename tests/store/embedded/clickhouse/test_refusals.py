"""What the embedded ClickHouse refuses to start on: one clear line, exit code 2, and nothing changed."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.embedded.clickhouse.running_server import ROOT, Server


def refusal(server: Server) -> tuple[int, str]:
    """The exit code and the last line."""
    done = subprocess.run(
        server.command(), cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr.strip()


def test_a_second_owner(server: Server) -> None:
    second = Server(server.directory)
    code, line = refusal(second)
    assert code == 2
    assert server.process is not None
    assert f"pid {server.process.pid}" in line
    assert str(server.directory / "data") in line


def test_a_port_that_is_taken(tmp_path: Path, server: Server) -> None:
    code, line = refusal(Server(tmp_path, port=server.port))
    assert code == 2
    assert f"Port {server.port} " in line
    assert "PORT_BASE" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("version", ["layout 1\nengine 99.1.2.3\n", "layout 2\nengine 26.9.2.1\n"])
def test_data_of_a_newer_version(tmp_path: Path, version: str) -> None:
    server = Server(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "VERSION").write_text(version)
    code, line = refusal(server)
    assert code == 2
    assert version.split()[3] in line
    assert (tmp_path / "data" / "VERSION").read_text() == version


def test_data_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "data" / "engine").mkdir(parents=True)
    code, line = refusal(Server(tmp_path))
    assert (code, "no VERSION file" in line) == (2, True)
    (tmp_path / "data" / "VERSION").write_text("nonsense")
    code, line = refusal(Server(tmp_path))
    assert (code, "is damaged" in line) == (2, True)


def test_data_of_an_older_version_is_taken_over(own_server: Server) -> None:
    own_server.start()
    own_server.stop()
    version = own_server.directory / "data" / "VERSION"
    current = version.read_text()
    version.write_text("layout 1\nengine 25.8.1.1\n")
    own_server.start()
    own_server.stop()
    assert version.read_text() == current


def test_password_files(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.command()
    file = tmp_path / "password"
    file.chmod(0o644)
    assert refusal(server) == (2, f"The password file {file} can be read by others: chmod 600 {file}")
    file.chmod(0o600)
    file.write_text("\n")
    assert refusal(server) == (2, f"The password file {file} is empty.")
    words = [word if word != str(file) else str(tmp_path / "none") for word in server.command()]
    done = subprocess.run(words, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "Cannot read the password file" in done.stderr


def test_memory_that_is_too_little(tmp_path: Path) -> None:
    code, line = refusal(Server(tmp_path, options=("--memory-limit", "1000")))
    assert (code, "--memory-limit" in line) == (2, True)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a directory")
    code, line = refusal(Server(tmp_path))
    assert code == 1
    assert "Cannot open the data directory" in line


def test_without_the_extra(tmp_path: Path) -> None:
    """The package imports without chDB, and says what is missing when it has to run."""
    program = (
        "import sys; sys.modules['chdb'] = None; "
        "import store.embedded.clickhouse.__main__ as server, store.embedded.clickhouse.server; "
        "sys.exit(server.main(sys.argv[1:]))"
    )
    own = Server(tmp_path)
    words = [sys.executable, "-c", program, *own.command()[3:]]
    done = subprocess.run(words, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "install the `embedded` extra or set CLICKHOUSE_URL" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(own_server: Server, number: int) -> None:
    own_server.start()
    with socket.create_connection(("127.0.0.1", own_server.port)):
        assert own_server.stop(number) == 0


def test_a_killed_owner_leaves_no_lock(own_server: Server) -> None:
    own_server.start()
    own_server.kill()
    own_server.start()
    assert own_server.stop() == 0
