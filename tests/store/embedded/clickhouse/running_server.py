"""A real embedded ClickHouse, started by its command line on a free port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client

PASSWORD = "correct horse 'battery' ✓"
ROOT = Path(__file__).resolve().parents[4]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """The process under test; `start` it as often as you `stop` or `kill` it."""

    directory: Path
    port: int = field(default_factory=free_port)
    options: tuple[str, ...] = ("--memory-limit", str(600 << 20))
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def command(self) -> list[str]:
        password_file = self.directory / "password"
        if not password_file.exists():
            password_file.touch(mode=0o600)
            password_file.write_text(PASSWORD + "\n", encoding="utf-8")
        return [
            *(sys.executable, "-m", "store.embedded.clickhouse", "--data", str(self.directory / "data")),
            *("--port", str(self.port), "--password-file", str(password_file), *self.options),
        ]

    def start(self) -> None:
        self.process = subprocess.Popen(self.command(), cwd=ROOT, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                assert self.process.stderr is not None
                raise AssertionError(f"the server did not start: {self.process.stderr.read()}")
            with (
                contextlib.suppress(urllib.error.URLError, ConnectionError),
                urllib.request.urlopen(f"{self.url}ping", timeout=5) as answer,
            ):
                assert answer.read() == b"Ok.\n"
                return
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def client(self, **named: Any) -> Client:
        arguments: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "username": "default"}
        arguments |= {"password": PASSWORD, "autogenerate_session_id": False}
        return clickhouse_connect.get_client(**(arguments | named))

    def resident_bytes(self) -> int:
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
