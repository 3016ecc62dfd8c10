"""Asking Meta's Graph API: patiently where nothing changes, once where something does, never faster than it allows."""

import copy
import dataclasses
import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import httpx
import msgspec

from connectors.answers import Answer, ask, canonical, decoded, shaped
from connectors.errors import Invalid, TooMuchData, Transient, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire
from connectors.meta_refusals import meaning_of, meaning_of_a_write
from connectors.meta_usage import pause_wanted
from connectors.writes import once

WHERE = "Meta"
ENDPOINT = Endpoint(
    base_url="https://graph.facebook.com",
    version="v26.0",
    token_url="https://graph.facebook.com/v26.0/oauth/access_token",  # noqa: S106 - an address, not a token
    authorize_url="https://www.facebook.com/v26.0/dialog/oauth",
)

COUNTED_FOR = "counted_for"
"""Under this name a request says, to us alone, for which account it is counted where its path does not."""

_MOST_TOGETHER = 50

Shape = TypeVar("Shape")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaCredentials:
    """A token; with the app's secret, typed in beside it or the one it was granted with, each call proves which app makes it."""

    access_token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)

    def proof(self) -> dict[str, str]:
        secret = self.app_secret or self.client_secret
        if not secret:
            return {}
        digest = hmac.new(secret.encode(), self.access_token.encode(), "sha256").hexdigest()
        return {"appsecret_proof": digest}


class _Cursors(msgspec.Struct):
    after: str = ""


class _Paging(msgspec.Struct):
    cursors: _Cursors = msgspec.field(default_factory=_Cursors)
    next: str | None = None


class Page(msgspec.Struct, Generic[Row]):
    """Some of what a list holds."""

    data: list[Row]
    paging: _Paging = msgspec.field(default_factory=_Paging)


class _Alone(msgspec.Struct):
    """An answer among several, which is nothing where Meta ran out of time."""

    code: int
    body: str = ""


class Graph:
    """The API in the voice of one token."""

    def __init__(self, credentials: MetaCredentials, wire: Wire) -> None:
        self._credentials = credentials
        self._wire = wire
        self._endpoint = wire.endpoint.or_default(ENDPOINT)
        self._account = ""
        self._pause = 0.0

    def speaking_as(self, access_token: str) -> "Graph":
        """A page speaks with a token of its own."""
        return Graph(dataclasses.replace(self._credentials, access_token=access_token), self._wire)

    def counted_for(self, account: str) -> "Graph":
        """What is asked for by a number of its own is counted for an account as well, as Meta counts it."""
        counted = copy.copy(self)
        counted._account = account
        return counted

    def read(self, path: str, parameters: Mapping[str, str], shape: type[Shape]) -> Shape:
        return self.read_by(path, parameters, _as(shape))

    def read_once(self, path: str, parameters: Mapping[str, str], shape: type[Shape]) -> Shape:
        return self._read_once(path, parameters, _as(shape))

    def read_by(self, path: str, parameters: Mapping[str, str], reading: Callable[[Answer], Shape]) -> Shape:
        return self._wire.patience.through(lambda: self._read_once(path, parameters, reading))

    def read_alone(self, questions: Sequence[str], shape: type[Shape]) -> list[Shape | Invalid]:
        """Many questions in few requests, each answered alone: a refusal as wrong stands in its place and costs no other."""
        answers: list[Shape | Invalid] = []
        for start in range(0, len(questions), _MOST_TOGETHER):
            together = [
                {"method": "GET", "relative_url": each} for each in questions[start : start + _MOST_TOGETHER]
            ]
            form = {"batch": canonical(together).decode(), "include_headers": "false"}
            answers += self._prepare("", form, partial(_answers_alone, len(together), _as(shape)))
        return answers

    def prepare(self, path: str, form: Mapping[str, str], shape: type[Shape]) -> Shape:
        """Tells Meta patiently what nobody sees yet: of what was told twice, one is never used."""
        return self._prepare(path, form, _as(shape))

    def write(self, path: str, form: Mapping[str, str], shape: type[Shape]) -> Shape:
        """Changes something; a success that cannot be read is one whose outcome is not known."""
        answer = once(self._wire.http, "POST", **self._request(path), data=self._told(form))
        if not answer.is_success:
            raise meaning_of_a_write(answer, where=WHERE)
        try:
            return self._understood(answer, _as(shape))
        except (Transient, UnexpectedAnswer) as unclear:
            raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear

    def each(self, path: str, parameters: Mapping[str, str], shape: type[Shape]) -> Iterator[Shape]:
        for page in self.pages(path, parameters):
            yield from (shaped(one, shape, where=WHERE) for one in page)

    def pages(self, path: str, parameters: Mapping[str, str]) -> Iterator[list[Any]]:
        return self.pages_by(path, parameters, _as(Page[Any]))

    def pages_by(
        self,
        path: str,
        parameters: Mapping[str, str],
        reading: Callable[[Answer], Page[Row]],
        *,
        limit: int = 100,
        smallest: int = 1,
    ) -> Iterator[list[Row]]:
        return followed(
            lambda asked: self.read_by(path, {**parameters, **asked}, reading), limit=limit, smallest=smallest
        )

    def _prepare(self, path: str, form: Mapping[str, str], reading: Callable[[Answer], Shape]) -> Shape:
        told = self._told(form)

        def tell() -> Shape:
            self._wait_as_wanted()
            return self._understood(ask(self._wire.http, "POST", **self._request(path), data=told), reading)

        return self._wire.patience.through(tell)

    def _read_once(
        self, path: str, parameters: Mapping[str, str], reading: Callable[[Answer], Shape]
    ) -> Shape:
        self._wait_as_wanted()
        answer = ask(
            self._wire.http, "GET", **self._request(path), params={**parameters, **self._credentials.proof()}
        )
        return self._understood(answer, reading)

    def _wait_as_wanted(self) -> None:
        pause, self._pause = self._pause, 0.0
        if pause:
            self._wire.patience.sleep(pause)

    def _request(self, path: str) -> dict[str, Any]:
        return {
            "url": f"{self._endpoint.base_url}/{self._endpoint.version}/{path}",
            "where": WHERE,
            "headers": {"authorization": f"Bearer {self._credentials.access_token}"},
            "extensions": {COUNTED_FOR: self._account},
        }

    def _told(self, form: Mapping[str, str]) -> dict[str, str]:
        for name, value in form.items():
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                raise Invalid(what="holds half a character", where=WHERE, field=name)
        return {**form, **self._credentials.proof()}

    def _understood(self, answer: Answer, reading: Callable[[Answer], Shape]) -> Shape:
        """Where it refuses, Meta says by itself how long to wait."""
        if not answer.is_success:
            raise meaning_of(answer, where=WHERE)
        self._pause = min(pause_wanted(answer.headers), self._wire.patience.longest_wait)
        return reading(answer)


def followed(
    page_of: Callable[[Mapping[str, str]], Page[Row]], *, limit: int = 100, smallest: int = 1
) -> Iterator[list[Row]]:
    """Follows the cursors, by smaller pages where one is too much; never the `next` address, which carries the token."""
    seen: set[str] = set()
    asked: dict[str, str] = {}
    while True:
        try:
            page = page_of({**asked, "limit": str(limit)})
        except TooMuchData:
            if limit // 2 < smallest:
                raise
            limit //= 2
            continue
        yield page.data
        if not page.paging.next:
            return
        after = page.paging.cursors.after
        if not after or after in seen:
            raise UnexpectedAnswer(what="a next page without a new cursor", where=WHERE)
        seen.add(after)
        asked["after"] = after


def _answers_alone(
    expected: int, reading: Callable[[Answer], Shape], answer: Answer
) -> list[Shape | Invalid]:
    items = _as(list[_Alone | None])(answer)
    if len(items) != expected:
        raise UnexpectedAnswer(what=f"{len(items)} answers to {expected} questions", where=WHERE)
    return [_answer_alone(item, reading) for item in items]


def _answer_alone(item: _Alone | None, reading: Callable[[Answer], Shape]) -> Shape | Invalid:
    if item is None:
        raise Transient(what="one of several questions was not answered in time", where=WHERE)
    answer = Answer(item.code, httpx.Headers(), item.body.encode())
    if answer.is_success:
        return reading(answer)
    refusal = meaning_of(answer, where=WHERE)
    if isinstance(refusal, Invalid):
        return refusal
    raise refusal


def _as(shape: type[Shape]) -> Callable[[Answer], Shape]:
    return lambda answer: shaped(decoded(answer, where=WHERE), shape, where=WHERE)


def number_of(named: str, *, field: str) -> str:
    """An object's number, which goes into a path and so may be nothing but digits."""
    if not re.fullmatch(r"[0-9]{1,30}", named):
        raise Invalid(what="it is named by its number", where=WHERE, field=field)
    return named
