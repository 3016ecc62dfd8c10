"""The HTTP interface: an ASGI application over the engine."""

import asyncio
import hmac
import json
import secrets
import string
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from store.embedded.clickhouse import compression, protocol
from store.embedded.clickhouse.admission import Admission, Bounds
from store.embedded.clickhouse.body import Body, ClientGone, Receive
from store.embedded.clickhouse.compression import Encoder
from store.embedded.clickhouse.engine import Outcome
from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode
from store.embedded.clickhouse.execution import Execution, Workplace
from store.embedded.clickhouse.native_blocks import BlockEncoder
from store.embedded.clickhouse.pipe import AnswerPipe

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

USER = "default"
SEND_TIMEOUT = 300.0
"""Seconds in which a client takes nothing, after which it is given up, as on a server."""

_KILL_AGAIN = 0.25
_SWEEP = 10.0
_GRACE = 3.0
_PLAIN = "text/plain; charset=UTF-8"
_OK = b"Ok.\n"
_EXPOSED = (
    "X-ClickHouse-Query-Id,X-ClickHouse-Summary,X-ClickHouse-Server-Display-Name,X-ClickHouse-Format,"
    "X-ClickHouse-Timezone,X-ClickHouse-Exception-Code,X-ClickHouse-Exception-Tag"
)


@dataclass(frozen=True, slots=True)
class Presentation:
    """What the server says of itself."""

    password: str
    display_name: str


class Application:
    """Give it to an ASGI server that knows lifespan."""

    def __init__(self, workplace: Workplace, presentation: Presentation, bounds: Bounds) -> None:
        self._workplace = workplace
        self._presentation = presentation
        self._bounds = bounds
        self._admission = Admission(bounds)
        # one thread a statement, and one more each so that a statement which is being cancelled blocks no other
        self._threads = ThreadPoolExecutor(bounds.running * 2, thread_name_prefix="statement")
        self._killer = ThreadPoolExecutor(1, thread_name_prefix="killer")
        self._exchanges: set[Exchange] = set()
        self._finishing: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self.closed_cleanly = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "http":
                await self._serve(scope, receive, send)
            case other:
                raise ValueError(f"an HTTP server has no {other}")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._sweeper = asyncio.create_task(self._sweep())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._sweeper.cancel()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP)
            await loop.run_in_executor(self._killer, self._workplace.sessions.expire)

    async def _stop(self) -> None:
        """Cancels what still runs and closes the engine's files; what does not stop in time is left to the exit."""
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + _GRACE
        while self._exchanges and time.monotonic() < deadline:
            for exchange in list(self._exchanges):
                exchange.abandon()
            await loop.run_in_executor(self._killer, self._workplace.engine.kill)
            await asyncio.sleep(_KILL_AGAIN)
        if not self._exchanges:
            await loop.run_in_executor(self._killer, self._workplace.engine.close)
            self.closed_cleanly = True

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        query_string: str = scope["query_string"].decode("latin-1")
        if path in ("/ping", "/replicas_status") or (
            path == "/" and not query_string and scope["method"] in ("GET", "HEAD")
        ):
            await _whole(send, 200, [(b"content-type", b"text/html; charset=UTF-8")], _OK)
        elif path not in ("/", "/query"):
            text = f"There is no handle {path}\n\nUse / or /ping for health checks.\n"
            await _whole(send, 404, [(b"content-type", _PLAIN.encode())], text.encode())
        elif scope["method"] == "OPTIONS":
            await _whole(send, 204, [], b"")
        else:
            await self._query(scope, query_string, receive, send)

    async def _query(self, scope: Scope, query_string: str, receive: Receive, send: Send) -> None:
        speaker = Speaker(send, self._workplace.engine.version, self._workplace.engine.timezone)
        speaker.display_name = self._presentation.display_name
        try:
            request = protocol.request(scope["method"], query_string, scope["headers"])
            speaker.query_id = request.query_id or speaker.query_id
            self._authenticate(request.credentials)
            _require_length(scope)
            await self._exchange(request, receive, speaker)
        except ClientGone:
            return
        except ClickHouseError as error:
            await speaker.refuse(error)

    def _authenticate(self, credentials: protocol.Credentials) -> None:
        given = (credentials.password or "").encode("utf-8", "surrogateescape")
        right = hmac.compare_digest(given, self._presentation.password.encode())
        if credentials.user != USER or not right:
            raise ClickHouseError(
                ErrorCode.AUTHENTICATION_FAILED,
                f"{credentials.user}: Authentication failed: password is incorrect, or there is no user with such name.",
            )

    async def _exchange(self, request: protocol.Request, receive: Receive, speaker: "Speaker") -> None:
        body = Body(receive, asyncio.get_running_loop())
        await body.begin()
        await self._admission.enter()
        exchange = Exchange(self._workplace, self._threads, request, body, speaker)
        self._exchanges.add(exchange)
        try:
            await exchange.converse()
        finally:
            # the statement may outlive its client, and keeps its turn until it has ended
            task = asyncio.create_task(self._finish(exchange))
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)

    async def _finish(self, exchange: "Exchange") -> None:
        loop = asyncio.get_running_loop()
        try:
            while not exchange.ended:
                if exchange.cancellable and exchange.tag is not None:
                    await loop.run_in_executor(self._killer, self._workplace.engine.kill, exchange.tag)
                await exchange.wait(_KILL_AGAIN)
        finally:
            self._exchanges.discard(exchange)
            self._admission.leave()


def _require_length(scope: Scope) -> None:
    if scope["method"] != "POST":
        return
    names = {name.lower() for name, _ in scope["headers"]}
    if not names & {b"content-length", b"transfer-encoding"}:
        raise ClickHouseError(
            ErrorCode.HTTP_LENGTH_REQUIRED,
            "The Transfer-Encoding is not chunked and there is no Content-Length header for POST request",
        )


class Exchange:
    """One request on its way through the engine: a thread runs it, the event loop passes its answer on."""

    def __init__(
        self,
        workplace: Workplace,
        threads: ThreadPoolExecutor,
        request: protocol.Request,
        body: Body,
        speaker: "Speaker",
    ) -> None:
        loop = asyncio.get_running_loop()
        self._request = request
        self._speaker = speaker
        self._pipe = AnswerPipe(loop)
        self._body = body
        self._execution = Execution(workplace, request, self._body, self._pipe)
        self._begun = time.perf_counter_ns()
        self._outcome = loop.run_in_executor(threads, self._execution.run)

    @property
    def ended(self) -> bool:
        return self._outcome.done()

    @property
    def cancellable(self) -> bool:
        """A write goes on without its client, as on a server."""
        return self._execution.only_reads

    @property
    def tag(self) -> str | None:
        return self._execution.tag

    def abandon(self) -> None:
        self._body.abandon()

    async def wait(self, seconds: float) -> None:
        await asyncio.wait([self._outcome], timeout=seconds)

    async def converse(self) -> None:
        """Answers, and stops when the client goes away."""
        answer = asyncio.ensure_future(self._answer())
        departure = asyncio.ensure_future(self._body.departure())
        try:
            await asyncio.wait([answer, departure], return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                await answer
        finally:
            for task in (answer, departure):
                task.cancel()
            await asyncio.gather(answer, departure, return_exceptions=True)
            if not self.ended:
                self._body.abandon()
            self._pipe.close()

    async def _answer(self) -> None:
        try:
            if self._request.wait_end_of_query:
                await self._answer_at_the_end()
            else:
                await self._answer_as_it_comes()
        except ClientGone:
            return
        except ClickHouseError as error:
            if self._speaker.speaking:
                await self._speaker.break_off(error)
            else:
                await self._speaker.refuse(error)

    async def _answer_as_it_comes(self) -> None:
        """An answer that fits the buffer, or an error within it, gets its true status and figures."""
        held: list[bytes] = []
        size = 0
        while chunk := await self._pipe.read():
            if self._speaker.speaking:
                await self._speaker.say(chunk)
                continue
            held.append(chunk)
            size += len(chunk)
            if size >= self._request.buffer_size:
                await self._begin(Outcome())
                await self._speaker.say(b"".join(held))
                held.clear()
        outcome = await self._outcome
        if not self._speaker.speaking:
            await self._begin(outcome)
            await self._speaker.say(b"".join(held))
        await self._speaker.end()

    async def _answer_at_the_end(self) -> None:
        """Nothing is sent before the statement has succeeded; what memory shall not hold waits in a file."""
        with tempfile.SpooledTemporaryFile(max_size=self._request.buffer_size) as held:
            while chunk := await self._pipe.read():
                await asyncio.to_thread(held.write, chunk)
            await self._begin(await self._outcome)
            held.seek(0)
            while chunk := await asyncio.to_thread(held.read, 1 << 20):
                await self._speaker.say(chunk)
        await self._speaker.end()

    async def _begin(self, outcome: Outcome) -> None:
        await self._speaker.begin(
            self._request, self._execution.format, outcome, time.perf_counter_ns() - self._begun
        )


class Speaker:
    """Says an answer in HTTP: headers, encodings, and errors before and after the first byte."""

    def __init__(self, send: Send, version: str, timezone: str) -> None:
        self._send = send
        self._version = version
        self._timezone = timezone
        self._encoders: list[Encoder] = []
        self.display_name = ""
        self.query_id = str(uuid.uuid4())
        self._exception_tag = "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))
        self.speaking = False

    async def begin(
        self, request: protocol.Request, format_name: str, outcome: Outcome, elapsed: int
    ) -> None:
        self.speaking = True
        headers = self._headers(protocol.content_type(format_name), outcome, elapsed)
        headers += [
            (b"x-clickhouse-format", format_name.encode("latin-1")),
            (b"x-clickhouse-timezone", self._timezone.encode("latin-1")),
        ]
        if request.answer_in_blocks:
            self._encoders.append(BlockEncoder())
        if request.answer_encoding is not None:
            self._encoders.append(compression.encoder(request.answer_encoding))
            headers.append((b"content-encoding", request.answer_encoding.value.encode()))
        await self._transmit({"type": "http.response.start", "status": 200, "headers": headers})

    async def say(self, data: bytes) -> None:
        if data and self._encoders:
            data = await asyncio.to_thread(self._encoded, data)
        if data:
            await self._transmit({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._transmit({"type": "http.response.body", "body": self._rest(), "more_body": False})

    async def break_off(self, error: ClickHouseError) -> None:
        """An error behind the first byte: its text between two tags, and a chunked body without an end."""
        message = error.text(self._version).encode()
        tag = self._exception_tag.encode()
        length = str(len(message)).encode()
        await self.say(
            b"\r\n__exception__\r\n"
            + tag
            + b"\r\n"
            + message
            + length
            + b" "
            + tag
            + b"\r\n__exception__\r\n"
        )
        await self._transmit({"type": "http.response.body", "body": self._rest(), "more_body": True})

    async def refuse(self, error: ClickHouseError) -> None:
        """An error instead of an answer."""
        headers = self._headers(_PLAIN, Outcome(), 0)
        headers.append((b"x-clickhouse-exception-code", str(error.code).encode()))
        await _whole(self._transmit, error.status, headers, error.text(self._version).encode())

    def _headers(self, content_type: str, outcome: Outcome, elapsed: int) -> Headers:
        summary = {
            "read_rows": outcome.read_rows,
            "read_bytes": outcome.read_bytes,
            "written_rows": outcome.written_rows,
            "written_bytes": outcome.written_bytes,
            "total_rows_to_read": outcome.read_rows,
            "result_rows": outcome.result_rows or outcome.written_rows,
            "result_bytes": outcome.written_bytes,
            "elapsed_ns": elapsed,
        }
        text = json.dumps({name: str(value) for name, value in summary.items()}, separators=(",", ":"))
        named = {
            "content-type": content_type,
            "access-control-expose-headers": _EXPOSED,
            "x-clickhouse-server-display-name": self.display_name,
            "x-clickhouse-query-id": _header_safe(self.query_id),
            "x-clickhouse-exception-tag": self._exception_tag,
            "x-clickhouse-summary": text,
        }
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in named.items()]

    def _encoded(self, data: bytes) -> bytes:
        for encoder in self._encoders:
            data = encoder.encode(data)
        return data

    def _rest(self) -> bytes:
        """What the encoders still hold, each one's end going through the next."""
        data = b""
        for encoder in self._encoders:
            data = (encoder.encode(data) if data else b"") + encoder.finish()
        return data

    async def _transmit(self, message: MutableMapping[str, Any]) -> None:
        # Not `wait_for`: until 3.12 it loses a cancellation that comes as the message is sent, and the answer would
        # go on for ever, to nobody.
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._send(message)
        except TimeoutError:
            raise ClientGone from None


def _header_safe(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


async def _whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if status != 204:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
