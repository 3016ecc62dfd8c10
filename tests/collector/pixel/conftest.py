"""A browser, and a shop whose server also plays the collector: it serves the script and writes down what arrives."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from marketing_pipelines.events import pixel
from tests.browser import chromium
from tests.conftest import wait_until

KEY = "pk_shop"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the collector says to one request: a status, and for a 200 also what becomes of each event."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    becomes: str = "ok"
    after_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request to /collect."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.body["events"]]


@dataclass(slots=True)
class Shop:
    """Every path is a page with `head` and `body`; pages and collector are of different origins."""

    port: int
    head: str = ""
    body: str = "<h1>Coats</h1>"
    headers: dict[str, str] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)

    @property
    def collector(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def page(self, path: str = "/", host: str = "shop.localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def include(self, attributes: str = "") -> None:
        """Puts the script on the pages, with these attributes."""
        self.head = f'<script async src="{self.collector}/t.js" data-key="{KEY}" {attributes}></script>'

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for arrival in list(self.arrivals) for event in arrival.body["events"]]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    def wait_for(self, *names: str) -> list[dict[str, Any]]:
        """The events, once those of these names are all there."""
        wait_until(" and ".join(names), lambda: set(names) <= set(self.names), 60)
        return self.events

    def event(self, name: str) -> dict[str, Any]:
        """The one event of this name, once it is there."""
        [found] = [event for event in self.wait_for(name) if event["event"] == name]
        return found

    def after(self, page: Page) -> list[str]:
        """The names of all events, once what the page did until now has had its time."""
        page.evaluate("mp.track('the_end')")
        self.wait_for("the_end")
        return [name for name in self.names if name != "the_end"]


def serving(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path in ("/t.js", pixel.PATH):
                self._send(200, "text/javascript", pixel.SCRIPT, {"Access-Control-Allow-Origin": "*"})
            elif self.path.endswith(".js"):
                self._send(404, "text/plain", b"", {})
            else:
                document = f'<!doctype html><html lang="en"><title>Shop</title>{shop.head}{shop.body}</html>'
                self._send(200, "text/html", document.encode(), shop.headers)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/collect":
                self._send(200, "text/html", b"<h1>Thank you</h1>", {})
                return
            arrival = Arrival(json.loads(raw), {name.lower(): value for name, value in self.headers.items()})
            answer = shop.answers.popleft() if shop.answers else Answer()
            shop.arrivals.append(arrival)
            time.sleep(answer.after_seconds)
            results = [{"id": event["id"], "status": answer.becomes} for event in arrival.body["events"]]
            cors = {
                "Access-Control-Allow-Origin": self.headers.get("Origin", "*"),
                "Access-Control-Expose-Headers": "Retry-After",
            }
            told = json.dumps({"ok": True, "results": results}).encode() if answer.status == 200 else b""
            self._send(answer.status, "application/json", told, cors | answer.headers)

        def _send(self, status: int, kind: str, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": kind} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """The test says what it saw."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """The page went away in the middle, which is what some tests are about."""

    return Door


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor whom no other test knows."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab in which no error may reach the page."""
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    assert errors == []


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    opened = Shop(server.server_port)
    opened.include()
    server.RequestHandlerClass = serving(opened)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield opened
    server.shutdown()
    server.server_close()
