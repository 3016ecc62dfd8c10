"""A Dagster webserver that answers what it was told to."""

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

LAUNCHED = {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}}
SILENT, CUT_OFF = None, "cut off"


def status(word: str) -> dict[str, object]:
    return {"runOrError": {"status": word}}


def events(told: Sequence[object], more: bool = False) -> dict[str, object]:
    return {"logsForRun": {"events": told, "cursor": "c1", "hasMore": more}}


class Webserver:
    """Gives the answers that it was told to give, one after the other and the last one for ever; it may hang up first, or halfway."""

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
                self.wfile.write(body[: len(body) // 2] if answer is CUT_OFF else body)

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
