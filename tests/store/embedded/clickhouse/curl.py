"""curl against the server under test."""

import subprocess
from urllib.parse import urlencode

from tests.store.embedded.clickhouse.running_server import PASSWORD, Server


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


def queries_running(curl: Curl, needle: str) -> int:
    """How many queries with these words the server is busy with."""
    statement = (
        f"SELECT count() FROM system.processes WHERE query LIKE '%{needle}%' AND query NOT LIKE '%processes%'"
    )
    return int(curl(body=statement.encode()).text)
