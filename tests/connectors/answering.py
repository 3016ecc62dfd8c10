"""A real HTTP server that gives one prepared answer, for payloads that the sandbox does not speak."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from connectors.face import Endpoint, Wire
from connectors.retries import Patience


@contextmanager
def answering(*answers: tuple[int, bytes], headers: dict[str, str] | None = None) -> Iterator[Wire]:
    """A wire to a server that gives these answers in turn, and the last one for ever.

    What says `{address}` says the server's own.
    """
    to_come = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = to_come.pop(0) if len(to_come) > 1 else to_come[0]
            body = body.replace(b"{address}", address.encode())
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET
        do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the test's report is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with httpx.Client(timeout=10) as http:
            yield Wire(
                http=http,
                endpoint=Endpoint(address, "v0", f"{address}/token"),
                patience=Patience(attempts=1),
            )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
