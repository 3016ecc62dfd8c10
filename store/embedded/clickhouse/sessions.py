"""Named sessions: a handle that outlives a request, with what its client has SET on it."""

import base64
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from store.embedded.clickhouse import protocol
from store.embedded.clickhouse.engine import Engine, Handle
from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode
from store.embedded.clickhouse.sql import first_words, text_literal

MOST_SESSIONS = 1000


@dataclass(slots=True)
class NamedSession:
    """A handle with two layers: what the client SET for good, and what one request's URL laid over it."""

    handle: Handle
    timeout: int
    expires: float = 0.0
    busy: bool = True
    database: str = "default"
    """Where USE has left it."""
    _current: str = "default"
    _over: dict[str, str] = field(default_factory=dict)
    _under: dict[str, str] = field(default_factory=dict)

    def prepare(self, sql: str, database: str | None, settings: Mapping[str, str]) -> None:
        """Lays the request's database and settings over the session's own; the next request lifts them again."""
        # a SET shall change the session's own value, and not one that the URL has laid over it
        wanted = {} if first_words(sql, 1) == ("SET",) else dict(settings)
        self._use(database or self.database)
        lifted = {
            name: self._under[name] for name in self._over if name not in wanted and name in self._under
        }
        if new := [name for name in wanted if name not in self._over]:
            self._under |= self._values(new)
        changed = {name: value for name, value in wanted.items() if self._over.get(name) != value}
        self.handle.configure(None, lifted | changed)
        self._over = wanted
        self._under = {name: value for name, value in self._under.items() if name in wanted}

    def _use(self, database: str) -> None:
        if database != self._current:
            self.handle.configure(database, {})
            self._current = database

    def _values(self, names: list[str]) -> dict[str, str]:
        listed = ", ".join(text_literal(name) for name in names)
        rows = self.handle.run(
            "SELECT name, base64Encode(value) FROM system.settings WHERE name IN {names:Array(String)}",
            "TSVRaw",
            {"names": f"[{listed}]"},
        )
        pairs = (line.split("\t") for line in rows.answer.decode().splitlines())
        return {name: base64.b64decode(value).decode() for name, value in pairs}

    def ran(self, sql: str) -> None:
        """Notes what a statement has done to the session itself."""
        if first_words(sql, 1) == ("USE",):
            answer = self.handle.run("SELECT currentDatabase()", "TSVRaw").answer
            self.database = self._current = answer.decode().rstrip("\n")


class Sessions:
    """Every named session of the server; each serves one request at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._by_id: dict[str, NamedSession] = {}

    def take(self, asked: protocol.Session) -> NamedSession:
        """The session of that name, made if need be."""
        with self._lock:
            expired = self._pop_expired()
            session = self._by_id.get(asked.id)
            try:
                if session is None:
                    session = self._new(asked)
                elif session.busy:
                    raise ClickHouseError(
                        ErrorCode.SESSION_IS_LOCKED, f"Session {asked.id} is locked by a concurrent client"
                    )
                session.busy = True
                session.timeout = asked.timeout
            finally:
                _close(expired)
        return session

    def _new(self, asked: protocol.Session) -> NamedSession:
        if asked.must_exist:
            raise ClickHouseError(ErrorCode.SESSION_NOT_FOUND, f"Session {asked.id} not found")
        if len(self._by_id) >= MOST_SESSIONS:
            raise ClickHouseError(
                ErrorCode.TOO_MANY_SIMULTANEOUS_QUERIES, f"Too many sessions. Maximum: {MOST_SESSIONS}"
            )
        session = NamedSession(self._engine.open(), asked.timeout)
        self._by_id[asked.id] = session
        return session

    def give_back(self, asked: protocol.Session) -> None:
        with self._lock:
            session = self._by_id[asked.id]
            session.busy = False
            session.expires = time.monotonic() + session.timeout
            gone = [self._by_id.pop(asked.id)] if asked.close else []
        _close(gone)

    def expire(self) -> None:
        """Closes what nobody has used for its timeout."""
        with self._lock:
            expired = self._pop_expired()
        _close(expired)

    def _pop_expired(self) -> list[NamedSession]:
        moment = time.monotonic()
        ids = [key for key, session in self._by_id.items() if not session.busy and session.expires <= moment]
        return [self._by_id.pop(key) for key in ids]


def _close(sessions: list[NamedSession]) -> None:
    for session in sessions:
        session.handle.close()
