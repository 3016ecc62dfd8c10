"""A publisher: a real HTTP server on loopback that answers as good, changing and broken feeds do."""

import gzip
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>{name}</title><link>https://news.example/</link>{items}</channel></rss>"""


def item(guid: str = "", title: str = "", link: str = "", published: str = "", description: str = "") -> str:
    parts = {"guid": guid, "title": title, "link": link, "pubDate": published, "description": description}
    return "<item>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts.items() if text) + "</item>"


def rss(*items: str, name: str = "Feed") -> bytes:
    return RSS.format(name=name, items="".join(items)).encode()


Answer = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # readers hang up, and some never mean to speak


class Publisher:
    """What each path answers can be changed while it runs; every request and connection is counted."""

    def __init__(
        self, host: str = "127.0.0.1", *, keep_alive: bool = False, tls: ssl.SSLContext | None = None
    ) -> None:
        self._origin = f"{'https' if tls else 'http'}://{host}"
        self.connections = 0
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.requests: Counter[tuple[str, int]] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.most_at_once = 0
        self._at_once = 0
        self._counting = threading.Lock()
        self.released = threading.Event()
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if keep_alive else "HTTP/1.0"

            def setup(self) -> None:
                publisher.connections += 1
                super().setup()

            def do_GET(self) -> None:
                publisher.handle(self)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = _Server((host, 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def url(self, path: str) -> str:
        return f"{self._origin}:{self._server.server_port}{path}"

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        with self._counting:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.asked.append(handler.path)
            self.headers[handler.path] = {name.lower(): value for name, value in handler.headers.items()}
        try:
            self.answers.get(handler.path, status(404))(handler)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the reader has had enough
        finally:
            with self._counting:
                self._at_once -= 1

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def publish(self, path: str, body: bytes, content_type: str = "application/rss+xml") -> None:
        self.answers[path] = document(self, body, content_type)


def document(publisher: Publisher, body: bytes, content_type: str) -> Answer:
    """A feed with a validator: asked again with it, it has nothing new to say."""
    etag = f'"{hash(body) & 0xFFFFFFFF:x}"'

    def answer(handler: BaseHTTPRequestHandler) -> None:
        unchanged = handler.headers.get("if-none-match") == etag
        publisher.requests[handler.path, 304 if unchanged else 200] += 1
        handler.send_response(304 if unchanged else 200)
        handler.send_header("etag", etag)
        if not unchanged:
            handler.send_header("content-type", content_type)
            handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        if not unchanged:
            handler.wfile.write(body)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer


def compressed(body: bytes, encoding: str = "gzip", keep: int | None = None) -> Answer:
    return packed(gzip.compress(body)[:keep], encoding)


def packed(body: bytes, encoding: str) -> Answer:
    """Bytes that are said to be packed in some way."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-encoding", encoding)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def raw(*pieces: bytes) -> Answer:
    """Bytes instead of an answer, whether or not they are HTTP."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)

    return answer


def dripping(publisher: Publisher, beginning: bytes, drop: bytes) -> Answer:
    """Sends a drop now and then for as long as anybody listens, and takes a breath between any two."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(beginning)
        while not publisher.released.wait(0.02):
            handler.wfile.write(drop)

    return answer


def cut_off(body: bytes) -> Answer:
    """Promises more than it sends."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(len(body) * 2))
        handler.close_connection = True
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(publisher: Publisher) -> Answer:
    """Sends a byte of a document now and then for as long as anybody listens."""
    return dripping(publisher, b"HTTP/1.1 200 OK\r\n\r\n", b" ")


def waiting(publisher: Publisher, body: bytes) -> Answer:
    """Answers only once the test lets it."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        publisher.released.wait(30)
        handler.send_response(200)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer
