"""How to tell from outside that a part of the house is up."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

ANSWERS_WITHIN = 2.0

LOCATION_QUERY = """
{ workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError {
  __typename ... on PythonError { message } } } } } }
"""


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


DAEMON_QUERY = "{ instance { daemonHealth { allDaemonStatuses { required healthy } } } }"


def dagster_location_problem(port: int) -> str | None:
    """Why the Dagster UI cannot show the project yet; None when it can."""
    try:
        entries = _graphql(port, LOCATION_QUERY)["workspaceOrError"]["locationEntries"]
    except (URLError, OSError, KeyError, ValueError) as error:
        return f"the webserver does not answer yet ({type(error).__name__})"
    loaded = [entry["locationOrLoadError"] for entry in entries if entry["locationOrLoadError"]]
    for entry in loaded:
        if entry["__typename"] == "PythonError":
            return entry["message"]
    return None if loaded else "the project is still loading"


def dagster_daemon_healthy(port: int) -> bool:
    """Whether every daemon that the instance needs has given a sign of life."""
    try:
        statuses = _graphql(port, DAEMON_QUERY)["instance"]["daemonHealth"]["allDaemonStatuses"]
    except (URLError, OSError, KeyError, ValueError):
        return False
    return all(status["healthy"] for status in statuses if status["required"])


def _graphql(port: int, query: str) -> dict[str, Any]:
    request = Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:  # noqa: S310 (our own webserver on loopback)
        return json.load(answer)["data"]
