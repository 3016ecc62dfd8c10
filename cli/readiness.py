"""How to tell from outside that a part of the house is up."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from urllib.error import URLError
from urllib.request import urlopen

ANSWERS_WITHIN = 2.0


def http(port: int, path: str = "/healthz") -> Callable[[], Awaitable[bool]]:
    """Ready when the path answers with success."""
    return lambda: asyncio.to_thread(answers_http, port, path)


def tcp(port: int) -> Callable[[], Awaitable[bool]]:
    """Ready when something accepts connections."""
    return lambda: asyncio.to_thread(answers_tcp, port)


def answers_http(port: int, path: str = "/healthz") -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWERS_WITHIN) as answer:
            return answer.status < 300
    except (URLError, OSError):
        return False


def answers_tcp(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=ANSWERS_WITHIN).close()
    except OSError:
        return False
    return True


def taken(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((host, port))
            return False
    return True
