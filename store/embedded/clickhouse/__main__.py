"""Starts the embedded ClickHouse and keeps it in the foreground until SIGTERM or SIGINT."""

import argparse
import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path

from store.embedded.clickhouse import engine
from store.embedded.clickhouse.directory import CannotOpen, DataDirectory, Refused

REFUSED = 2
FAILED = 1
HOST = "127.0.0.1"
_SMALLEST_MEMORY = 128 << 20


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m store.embedded.clickhouse", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data directory, made if there is none")
    parser.add_argument("--port", type=int, required=True, help=f"for HTTP, on {HOST}")
    parser.add_argument(
        "--password-file", type=Path, required=True, help="holds the password of user default"
    )
    parser.add_argument(
        "--memory-limit",
        type=int,
        help="bytes that one query may use; by default half of the machine's memory",
    )
    parser.add_argument("--threads", type=int, help="threads that one query may use; by default one a core")
    parser.add_argument("--max-queries", type=int, default=32, help="statements that run at once")
    parser.add_argument(
        "--max-waiting", type=int, default=128, help="statements that may wait for their turn"
    )
    parser.add_argument(
        "--patience", type=float, default=30.0, help="seconds that a statement waits for its turn"
    )
    return parser.parse_args(words)


def password(path: Path) -> str:
    """The file is for its owner alone."""
    try:
        if path.stat().st_mode & 0o077:
            raise Refused(f"The password file {path} can be read by others: chmod 600 {path}")
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"Cannot read the password file {path}: {error}") from error
    if not text:
        raise Refused(f"The password file {path} is empty.")
    return text


def listener(port: int) -> socket.socket:
    """Taken before anything is opened, so that a second start changes nothing."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # event loops leave this unset on a listener that they did not make, and an answer's second packet would wait
    # 40 ms for the first one's acknowledgement
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(512)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise Refused(
                f"Port {port} on {HOST} is taken: stop what listens there, or set PORT_BASE."
            ) from error
        raise Refused(f"Cannot listen on port {port} of {HOST}: {error}") from error
    return listening


def machine_memory() -> int:
    """What this process may use at most: the container's limit, or the machine's memory."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        return min(physical, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return physical


def cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limits(memory_limit: int | None, threads: int | None) -> engine.Limits:
    """One query may use the limit; all of them, the merges and the caches together twice that and a bit."""
    machine = machine_memory()
    query = memory_limit if memory_limit is not None else machine // 2
    if query < _SMALLEST_MEMORY:
        raise Refused(f"--memory-limit must be {_SMALLEST_MEMORY} bytes or more.")
    together = max(query + (256 << 20), min(2 * query + (512 << 20), machine * 9 // 10))
    return engine.Limits(query_memory=query, server_memory=together, threads=threads or cores())


def serve(asked: argparse.Namespace) -> int:
    secret = password(asked.password_file)
    bounds_of_memory = limits(asked.memory_limit, asked.threads)
    listening = listener(asked.port)
    version = engine.version()
    directory = DataDirectory(asked.data)
    directory.check(version)
    directory.claim(version)
    spool = directory.path / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    try:
        spool.mkdir(mode=0o700)
        opened = engine.Engine(directory.engine_path, bounds_of_memory)
    except (OSError, engine.EngineFailed) as error:
        free = shutil.disk_usage(directory.path).free >> 20
        raise CannotOpen(
            f"Cannot open the data directory {directory.path} ({free} MiB free): {error}"
        ) from error
    directory.stamp(version)

    from store.embedded.clickhouse.admission import Bounds
    from store.embedded.clickhouse.execution import Workplace
    from store.embedded.clickhouse.server import Application, Presentation
    from store.embedded.clickhouse.sessions import Sessions

    application = Application(
        Workplace(opened, Sessions(opened), spool),
        Presentation(secret, socket.gethostname()),
        Bounds(asked.max_queries, asked.max_waiting, asked.patience),
    )
    _say(f"ClickHouse {version} listens on http://{HOST}:{asked.port}/ with its data in {directory.path}")
    asyncio.run(_listen(application, listening))
    _say(
        "ClickHouse has stopped."
        if application.closed_cleanly
        else "ClickHouse has stopped a statement short."
    )
    return 0


async def _listen(application: object, listening: socket.socket) -> None:
    import uvicorn

    from store.embedded.clickhouse.wire import BoundedHttpProtocol

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            """uvicorn raises the signal again when it has stopped; here a stop that was asked for exits with 0."""
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, setattr, self, "should_exit", True)
            yield

    config = uvicorn.Config(
        application,  # pyright: ignore[reportArgumentType]
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        limit_concurrency=1024,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )
    await Server(config).serve(sockets=[listening])


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main(words: list[str]) -> int:
    try:
        return serve(arguments(words))
    except (Refused, engine.EngineMissing) as error:
        _say(str(error))
        return REFUSED
    except CannotOpen as error:
        _say(str(error))
        return FAILED


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # a statement that did not stop in time must not hold the process: its thread cannot be ended otherwise
    os._exit(code)
