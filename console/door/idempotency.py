"""`Idempotency-Key`: a request that creates something and is repeated, however late and wherever, is done once.

The key is taken in the transaction that creates the thing; its answer is kept in a second one. A process that dies
between the two leaves a key without an answer: whoever repeats the request learns that it was done.
"""

import hashlib
import hmac
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store import records, secrets
from store.audit import Actor
from store.clock import now
from store.records import idempotency
from store.records.database import Session
from store.records.schema import TenantId
from store.settings import Role, Settings

HEADER = "Idempotency-Key"
REPLAY = "Idempotent-Replay"
LARGEST_ANSWER = 256 * 1024
_KEPT_HEADERS = ("content-type", "location", "etag")
_SEALED_FOR = "idempotency"
# Between what was done and its answer lie milliseconds; whoever comes in between waits for that long and more.
_WAIT_SECONDS = 2.0
_STILL_AT_IT = timedelta(minutes=1)
_log = logging.getLogger("console")


class Answer(msgspec.Struct):
    """What was answered; `body` is None where it was too large to be kept, or is shown once."""

    status: int
    headers: dict[str, str]
    body: str | None


class AskedBefore(Exception):
    """The key was used; the transaction that found it is rolled back."""

    def __init__(self, once: "Once") -> None:
        super().__init__("The key was used before.")
        self.once = once


class UsedForAnother(Exception):
    """The same key came with another request."""


class AnswerLost(Exception):
    """It was done, but what was answered is not known any more; `location` says where to look, if that is."""

    def __init__(self, location: str | None = None) -> None:
        super().__init__("It was done.")
        self.location = location


def fingerprint(settings: Settings, request: Request, body: bytes) -> bytes:
    """What is asked for: of the same endpoint, with the same bytes. Keyed, since a body may hold a password."""
    said = f"{request.method} {request.url.path}\0".encode() + body
    return hmac.new(settings.derived(_SEALED_FOR), said, hashlib.sha256).digest()


@dataclass(slots=True)
class Once:
    """A request that is done once for its owner and key."""

    settings: Settings
    tenant: TenantId
    owner: Actor
    key: str
    asked: bytes
    shown_once: bool = False
    number: int | None = None

    @contextmanager
    def claimed(self, session: Session) -> Iterator[None]:
        """Takes the key in the first transaction of the request, and leaves it free if that is rolled back."""
        if self.number is not None:
            yield
            return
        keep = timedelta(hours=self.settings.idempotency_hours)
        self.number = idempotency.claim(session, self.tenant, self.owner, self.key, self.asked, keep)
        if self.number is None:
            raise AskedBefore(self)
        try:
            yield
        except BaseException:
            self.number = None
            raise

    def keep(self, answer: Answer) -> None:
        """Keeps the answer; without it a request that is repeated is only told that it was done."""
        if self.number is None:
            return
        if self.shown_once or len(answer.body or "") > LARGEST_ANSWER:
            answer.body = None
        text = msgspec.json.encode(answer).decode()
        sealed = secrets.encrypt(self._sealing_key(), text, bound_to=_SEALED_FOR)
        try:
            with self._records() as session:
                idempotency.keep_answer(session, self.number, sealed)
        except SQLAlchemyError as error:
            _log.warning("the answer under an %s could not be kept", HEADER, exc_info=error)

    def first_answer(self) -> Answer:
        """What was answered the first time, or why that is not answered again."""
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            with self._records() as session:
                used = idempotency.used(session, self.tenant, self.owner, self.key)
            if used is not None and used.asked != self.asked:
                raise UsedForAnother
            if used is not None and used.answer_sealed is not None:
                text = secrets.decrypt(self._sealing_key(), used.answer_sealed, bound_to=_SEALED_FOR)
                return msgspec.json.decode(text, type=Answer)
            is_young = used is not None and used.created_at > now() - _STILL_AT_IT
            if not is_young or time.monotonic() > until:
                raise AnswerLost
            time.sleep(0.02)

    def _records(self) -> Any:
        return records.session(self.settings, Role.CONSOLE, tenant=self.tenant)

    def _sealing_key(self) -> bytes:
        return self.settings.derived(_SEALED_FOR)


def repeat(_: Request, error: Exception) -> Response:
    """The first answer again, told apart by a header."""
    assert isinstance(error, AskedBefore)
    answer = error.once.first_answer()
    if answer.body is None:
        raise AnswerLost(answer.headers.get("location"))
    return Response(answer.body, answer.status, {**answer.headers, REPLAY: "true"})


class KeepAnswers:
    """Keeps what is answered to a request that took a key, before it is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None
        body = bytearray()

        async def send_when_kept(message: Message) -> None:
            nonlocal start
            once: Once | None = scope.get("state", {}).get("once")
            if once is None or once.number is None:
                await send(message)
                return
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body") or start is None:
                return
            if start["status"] < 300:
                await run_in_threadpool(once.keep, _answer(start, bytes(body)))
            await send(start)
            await send({"type": "http.response.body", "body": bytes(body)})

        await self._app(scope, receive, send_when_kept)


def _answer(start: Message, body: bytes) -> Answer:
    said = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    headers = {name: said[name] for name in _KEPT_HEADERS if name in said}
    return Answer(start["status"], headers, body.decode())
