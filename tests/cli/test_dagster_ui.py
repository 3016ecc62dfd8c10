"""What the command line asks of the Dagster webserver, which may be too busy to answer."""

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cli import dagster_ui
from cli.dagster_ui import RunFailed

DAY = date(2026, 3, 10)
LAUNCHED = {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}}
SILENT = None


def status(word: str) -> dict[str, object]:
    return {"runOrError": {"status": word}}


class Webserver:
    """Gives the answers that it was told to give, one after the other and the last one for ever; None hangs up."""

    def __init__(self, answers: Sequence[object]) -> None:
        waiting = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                if answer is SILENT:
                    self.close_connection = True
                    return
                body = json.dumps({"data": answer}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[int]:
    server = Webserver(request.param)
    yield server.port
    server.close()


def run(port: int, within: float = 60) -> None:
    dagster_ui.run_job(port, "lineage_job", DAY, DAY, within)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_ui, "POLL_EVERY", 0.01)


@pytest.mark.parametrize(
    "answering", [[LAUNCHED, status("STARTED"), SILENT, SILENT, status("SUCCESS")]], indirect=True
)
def test_a_question_that_is_not_answered_is_asked_again(answering: int) -> None:
    run(answering)


@pytest.mark.parametrize("answering", [[LAUNCHED, status("STARTED"), status("FAILURE")]], indirect=True)
def test_a_run_that_fails_is_told_with_where_to_look(answering: int) -> None:
    with pytest.raises(RunFailed, match=f"is FAILURE: look at http://127.0.0.1:{answering}/runs/r1"):
        run(answering)


@pytest.mark.parametrize("answering", [[LAUNCHED, SILENT]], indirect=True)
def test_nobody_waits_for_ever(answering: int) -> None:
    with pytest.raises(RunFailed, match="is UNKNOWN"):
        run(answering, within=0.1)


@pytest.mark.parametrize("answering", [[SILENT]], indirect=True)
def test_a_run_that_cannot_be_launched_is_told(answering: int) -> None:
    with pytest.raises(RunFailed, match="the Dagster UI does not answer"):
        run(answering)
