"""How to tell from outside that a part of the house is up."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from urllib.error import URLError
from urllib.request import urlopen

from store.settings import Service

ANSWERS_WITHIN = 2.0
HIGHEST_PORT = 65535


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


def free_base(first: int, step: int) -> int:
    """The first PORT_BASE, counted up from `first`, above which the port of every service is free."""
    for base in range(first, HIGHEST_PORT - len(Service), step):
        if not any(taken(base + offset) for offset in range(len(Service))):
            return base
    raise LookupError(f"no {len(Service)} free ports in a row were found above {first}")
