"""chDB, wrapped once: a data directory, handles on it, and the statements that run on them.

A handle runs one statement at a time and has its own temporary tables, USE and SET; several run in parallel.
chDB is imported inside the functions here and nowhere else.
"""

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode, from_engine
from store.embedded.clickhouse.sql import name_literal, text_literal

# A setting of type String that this engine never reads (it runs alone), so that it can carry a handle's name into
# system.processes.  chDB gives queries ids of its own choosing, and log_comment belongs to the client.
_TAG_SETTING = "cluster_for_parallel_replicas"


class EngineMissing(Exception):
    """chDB is not installed."""


class EngineFailed(Exception):
    """The engine cannot open its files; the text says why."""


class StatementClass(IntEnum):
    """What a statement does to state that outlives it, as chDB's parser judges; a higher one does more."""

    READ_ONLY = 0
    MUTATING = 1
    MUTATING_GLOBAL = 2
    CONTROL = 3
    UNKNOWN = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    statement_class: StatementClass
    statements: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement did."""

    result_rows: int = 0
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Limits:
    query_memory: int
    """Bytes that one query may take, unless it sets max_memory_usage itself."""
    server_memory: int
    """Bytes that all of the engine may take."""
    threads: int
    """Threads that one query may use."""


def _chdb() -> Any:
    try:
        from chdb import _chdb as library
    except ImportError as error:
        raise EngineMissing(
            "The embedded ClickHouse is not installed: install the `embedded` extra or set CLICKHOUSE_URL."
        ) from error
    return library


def version() -> str:
    """ClickHouse's version, such as 26.9.2.1."""
    _chdb()
    import chdb

    return chdb.engine_version


class Handle:
    """One conversation with the engine; the caller sees to it that one thread at a time uses it."""

    def __init__(self, engine: "Engine", tag: str, connection: Any) -> None:
        self.tag = tag
        self._engine = engine
        self._connection = connection

    def run(self, sql: str, format_name: str, parameters: Mapping[str, str] | None = None) -> Outcome:
        """Runs a statement to its end; its answer, if it has one, comes back whole."""
        try:
            result = self._connection.query(sql, format_name, params=dict(parameters or {}))
        except RuntimeError as error:
            raise from_engine(str(error)) from error
        if result.has_error():
            raise from_engine(result.error_message())
        return Outcome(
            result_rows=result.rows_read(),
            read_rows=result.storage_rows_read(),
            read_bytes=result.storage_bytes_read(),
            written_rows=result.rows_written(),
            written_bytes=result.bytes_written(),
            answer=result.bytes() if result.size() else b"",
        )

    def judge(self, sql: str) -> Verdict:
        """What the statement would do, without running it."""
        found = self._connection.classify_query(sql)
        return Verdict(StatementClass[found["query_class"].name], found["statement_count"])

    def configure(self, database: str | None, settings: Mapping[str, str]) -> None:
        """USE and SET, in one go."""
        statements = []
        if database is not None:
            statements.append(f"USE {name_literal(database)}")
        if settings:
            pairs = ", ".join(f"{name} = {text_literal(value)}" for name, value in settings.items())
            statements.append(f"SET {pairs}")
        if statements:
            self.run("; ".join(statements), "Null")

    def close(self) -> None:
        self._engine.forget(self)
        self._connection.close()


class Engine:
    """The open data directory."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._handles: set[Handle] = set()
        self._closed = False
        # `implicit_select` makes chDB take "1 + 1" for a query; a server calls it a syntax error
        options = {
            "implicit_select": 0,
            "max_memory_usage": limits.query_memory,
            "max_server_memory_usage": limits.server_memory,
            "max_threads": limits.threads,
        }
        if "?" in str(path):
            raise EngineFailed(f"The path {path} holds a question mark, which chDB cannot open.")
        self._source = f"{path}?{'&'.join(f'{name}={value}' for name, value in options.items())}"
        self._keeper = self.open()
        self.version = version()
        self.timezone = self._keeper.run("SELECT timezone()", "TSVRaw").answer.decode().strip()

    def open(self) -> Handle:
        """A fresh handle: no temporary tables, the `default` database, this server's settings."""
        tag = f"embedded-{next(self._numbers)}"
        with self._lock:
            if self._closed:
                raise ClickHouseError(ErrorCode.QUERY_WAS_CANCELLED, "The server is shutting down.")
            try:
                connection = _chdb().connect(f"{self._source}&{_TAG_SETTING}={tag}")
            except RuntimeError as error:
                raise EngineFailed(_first_line(str(error))) from error
            handle = Handle(self, tag, connection)
            self._handles.add(handle)
        return handle

    def forget(self, handle: Handle) -> None:
        with self._lock:
            self._handles.discard(handle)

    def kill(self, tag: str | None = None) -> None:
        """Cancels what runs on one handle, or on all of them; a statement notices within a block or so."""
        condition = (
            f"= {text_literal(tag)}" if tag is not None else f"NOT IN ('', {text_literal(self._keeper.tag)})"
        )
        self._keeper.run(f"KILL QUERY WHERE Settings['{_TAG_SETTING}'] {condition} ASYNC", "Null")

    def close(self) -> None:
        """Closes every handle, which closes the files; none may be running a statement."""
        with self._lock:
            self._closed = True
            handles = list(self._handles)
        for handle in handles:
            handle.close()


def _first_line(text: str) -> str:
    """chDB puts a stack trace behind its reason."""
    reason = text.split("Stack trace", 1)[0].strip().splitlines()
    return reason[0].rstrip(" ,") if reason else "no reason given"
