"""The sandbox and a receiver of web hooks, each served over real HTTP on a port of its own."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from connectors.sandbox import create_app
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.receiver import Receiver, receiving


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox()
    app = create_app(clock=lambda: running.now, page_rows=running.page_rows)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    listening = socket.create_server(("127.0.0.1", 0))
    running.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        with running.http:
            yield running
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened
