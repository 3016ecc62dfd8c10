"""Runs one request from its first byte to its last, on a thread of its own."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from store.embedded.clickhouse import compression, forms, native_blocks, protocol, sql
from store.embedded.clickhouse.body import Body
from store.embedded.clickhouse.engine import Engine, EngineFailed, Handle, Outcome, StatementClass
from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode
from store.embedded.clickhouse.held_rows import held
from store.embedded.clickhouse.pipe import AnswerPipe
from store.embedded.clickhouse.sessions import Sessions
from store.embedded.clickhouse.sql import Insert, name_literal, text_literal

DEFAULT_MAX_QUERY_SIZE = 262_144
MOST_BODY_BYTES = 64 << 30
"""An upper end for what one body may unpack to."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What every request shares."""

    engine: Engine
    sessions: Sessions
    spool: Path
    """For bodies that the engine has to read from a file."""


class Execution:
    """One request; the attributes tell the event loop what it needs to know before the end."""

    def __init__(self, workplace: Workplace, request: protocol.Request, body: Body, pipe: AnswerPipe) -> None:
        self._workplace = workplace
        self._request = request
        self._body = body
        self._pipe = pipe
        self.format = request.default_format
        self.tag: str | None = None
        """Names the handle, to cancel what runs on it."""
        self.only_reads = False
        """Nothing is lost when it is cancelled."""

    def run(self) -> Outcome:
        """Whatever happens, the pipe ends, and the session is free before it does."""
        try:
            return self._run()
        except (OSError, EngineFailed) as error:
            raise ClickHouseError(ErrorCode.UNKNOWN_EXCEPTION, str(error)) from error
        finally:
            self._pipe.finish()

    def _run(self) -> Outcome:
        data = self._decoded_body()
        form = forms.Form((), {})
        if self._request.boundary is not None:
            form = forms.read(data, self._request.boundary)
            self._request = _with_fields(self._request, form)
            data = iter(())
        statement, insert, rows = self._statement(data)
        with self._handle(statement) as handle:
            for table in forms.external_tables(form, self._request.external):
                _make_external(handle, table, self._workplace.spool)
            if insert is not None:
                return self._insert(handle, insert, rows)
            return self._answer(handle, statement)

    def _decoded_body(self) -> Iterator[bytes]:
        plain = compression.decoded(self._body.chunks(), self._request.body_encoding)
        if self._request.body_in_blocks:
            plain = native_blocks.decoded_blocks(plain)
        return compression.limited(plain, MOST_BODY_BYTES)

    def _statement(self, data: Iterator[bytes]) -> tuple[str, Insert | None, Iterator[bytes]]:
        """The text of the statement, and for an INSERT with data its rows."""
        query = self._request.query
        if query and (insert := sql.insert_with_data(f"{query}\n")) is not None:
            rest = f"{query}\n"[insert.data_at :]
            return query, insert, _joined(rest.encode("utf-8", "surrogateescape"), data)
        limit = _max_query_size(self._request.settings)
        held = bytearray(query.encode("utf-8", "surrogateescape"))
        for chunk in data:
            if query and len(held) == len(query.encode("utf-8", "surrogateescape")):
                held += b"\n"
            held += chunk
            if len(held) > limit:
                break
        text = held.decode("utf-8", "surrogateescape")
        if (insert := sql.insert_with_data(text)) is not None:
            start = len(text[: insert.data_at].encode("utf-8", "surrogateescape"))
            return text[: insert.data_at], insert, _joined(bytes(held[start:]), data)
        if len(held) > limit:
            raise ClickHouseError(
                ErrorCode.SYNTAX_ERROR,
                f"Max query size exceeded: the statement is longer than {limit} bytes.",
            )
        return _utf8(text), None, iter(())

    @contextmanager
    def _handle(self, statement: str) -> Iterator[Handle]:
        """A session's handle, or a fresh one that nobody has left anything on."""
        if (asked := self._request.session) is not None:
            session = self._workplace.sessions.take(asked)
            try:
                self.tag = session.handle.tag
                session.prepare(statement, self._request.database, self._request.settings)
                yield session.handle
                session.ran(statement)
            finally:
                self._workplace.sessions.give_back(asked)
            return
        handle = self._workplace.engine.open()
        try:
            self.tag = handle.tag
            handle.configure(self._request.database, self._own_settings())
            yield handle
        finally:
            handle.close()

    def _own_settings(self) -> Mapping[str, str]:
        """A GET is held to reading by the engine too; a session could not be released from that again."""
        settings = self._request.settings
        if self._request.read_only and settings.get("readonly", "0") == "0":
            return {**settings, "readonly": "2"}
        return settings

    def _insert(self, handle: Handle, insert: Insert, rows: Iterator[bytes]) -> Outcome:
        if self._request.read_only:
            raise _read_only()
        with held(rows, self._workplace.spool) as path:
            return handle.run(_utf8(_fed(insert, path)), "Null", self._request.parameters)

    def _answer(self, handle: Handle, statement: str) -> Outcome:
        _refuse_files(statement)
        if next(sql.tokens(statement), None) is None:
            raise ClickHouseError(ErrorCode.SYNTAX_ERROR, "Empty query.")
        verdict = handle.judge(statement)
        if verdict.statements > 1:
            raise ClickHouseError(ErrorCode.SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed).")
        if self._request.read_only and not _may_be_got(statement, verdict.statement_class):
            raise _read_only()
        cut = sql.answer(statement)
        self.format = cut.format or self._request.default_format
        self.only_reads = verdict.statement_class is StatementClass.READ_ONLY
        if self.only_reads and sql.is_select(statement):
            return handle.run(cut.into(self._pipe.path, self.format), self.format, self._request.parameters)
        # SHOW, DESCRIBE and EXPLAIN are short, and chDB loses the answer of most of them on the way to a file
        outcome = handle.run(statement, self.format, self._request.parameters)
        self._pipe.write(outcome.answer)
        return outcome


def _with_fields(request: protocol.Request, form: forms.Form) -> protocol.Request:
    """A multipart body's fields mean what they would in the URL."""
    extra = protocol.from_fields(
        request.method, form.fields, {"content-type": "multipart/form-data; boundary=-"}
    )
    return replace(
        request,
        query=f"{request.query}{extra.query}",
        settings={**request.settings, **extra.settings},
        parameters={**request.parameters, **extra.parameters},
        external={**request.external, **extra.external},
    )


def _fed(insert: Insert, path: str) -> str:
    """The statement with the file in which its rows are."""
    head = insert.head
    if insert.input_call is None:
        target, settings = head[: insert.target_end], head[insert.target_end :]
        return f"{target} FROM INFILE {text_literal(path)} {settings} FORMAT {insert.format}"
    begins, ends = insert.input_call
    structure = head[begins:ends].partition("(")[2]
    source = f"file({text_literal(path)}, {text_literal(insert.format)}, {structure}"
    return f"{head[:begins]}{source}{head[ends:]}"


def _make_external(handle: Handle, table: forms.ExternalTable, spool: Path) -> None:
    name = name_literal(table.name)
    # in a session the table of an earlier request may still be there
    handle.run(f"DROP TEMPORARY TABLE IF EXISTS {name}", "Null")
    handle.run(f"CREATE TEMPORARY TABLE {name} ({table.structure})", "Null")
    with held([table.data], spool) as path:
        handle.run(f"INSERT INTO {name} FROM INFILE {text_literal(path)} FORMAT {table.format}", "Null")


def _joined(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    return itertools.chain([first] if first else [], rest)


def _max_query_size(settings: Mapping[str, str]) -> int:
    text = settings.get("max_query_size", "")
    return int(text) if text.isascii() and text.isdigit() and int(text) else DEFAULT_MAX_QUERY_SIZE


def _utf8(text: str) -> str:
    """chDB takes statements as text; a server would take any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ClickHouseError(
            ErrorCode.SYNTAX_ERROR, f"The statement is not UTF-8 at character {error.start}."
        ) from None
    return text


def _refuse_files(statement: str) -> None:
    """A statement names no files of this machine, for which a client would mean its own."""
    if sql.has_clause(statement, "INTO", "OUTFILE"):
        raise ClickHouseError(ErrorCode.INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed")
    if sql.has_clause(statement, "FROM", "INFILE"):
        raise ClickHouseError(
            ErrorCode.UNKNOWN_TYPE_OF_QUERY, "Query has infile and was send directly to server"
        )


def _may_be_got(statement: str, statement_class: StatementClass) -> bool:
    """As with readonly = 2: reading, SET and USE.  What cannot be parsed goes on, to its syntax error."""
    if statement_class is StatementClass.CONTROL:
        return sql.first_words(statement, 1) in (("SET",), ("USE",))
    return statement_class in (StatementClass.READ_ONLY, StatementClass.UNKNOWN)


def _read_only() -> ClickHouseError:
    return ClickHouseError(
        ErrorCode.READONLY,
        "default: Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
        "You should use method POST for modifying queries.",
    )
