"""One request to a provider and its answer: bounded, decoded, and never half believed."""

import email.utils
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import msgspec

from connectors.errors import (
    AuthExpired,
    ChannelError,
    Forbidden,
    Invalid,
    RateLimited,
    Sunset,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
)

LARGEST_ANSWER = 64 * 1024 * 1024

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def ask(
    http: httpx.Client, method: str, url: str, *, where: str, largest: int = LARGEST_ANSWER, **request: Any
) -> Answer:
    """Send a request that changes nothing and read its whole answer; whatever breaks on the way is Transient."""
    try:
        with http.stream(method, url, follow_redirects=False, **request) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > largest:
                    raise TooMuchData(what=f"the answer is larger than {largest} bytes", where=where)
            return Answer(response.status_code, response.headers, bytes(body))
    except httpx.RequestError as broken:
        raise Transient(what=f"no whole answer: {type(broken).__name__}", where=where) from broken


def decoded(answer: Answer, *, where: str) -> Any:
    """The JSON of an answer; one that was cut off on the way is Transient."""
    try:
        return msgspec.json.decode(answer.body)
    except msgspec.DecodeError as cut:
        raise Transient(what=f"the answer is not whole JSON: {cut}", where=where) from cut
    except RecursionError as deep:
        raise UnexpectedAnswer(what="the answer is nested too deeply", where=where) from deep


def typed(answer: Answer, decoder: msgspec.json.Decoder[Shape], *, where: str) -> Shape:
    """The JSON of an answer as the documented type at once, which is quicker where there is much of it."""
    try:
        return decoder.decode(answer.body)
    except msgspec.ValidationError as wrong:
        decoded(answer, where=where)  # what was cut off is Transient, whatever else is wrong with it
        raise UnexpectedAnswer(what=str(wrong), where=where) from wrong
    except msgspec.DecodeError as cut:
        raise Transient(what=f"the answer is not whole JSON: {cut}", where=where) from cut
    except RecursionError as deep:
        raise UnexpectedAnswer(what="the answer is nested too deeply", where=where) from deep


def shaped(value: Any, shape: type[Shape], *, where: str) -> Shape:
    """A decoded answer as the documented type; numbers may come as strings."""
    try:
        return msgspec.convert(value, shape, strict=False)
    except msgspec.ValidationError as wrong:
        raise UnexpectedAnswer(what=str(wrong), where=where) from wrong


@contextmanager
def measuring(*, where: str) -> Iterator[None]:
    """Numbers of an answer are made of what it says by parsers that refuse with ValueError."""
    try:
        yield
    except ValueError as wrong:
        raise UnexpectedAnswer(what=str(wrong), where=where) from wrong


def canonical(value: Any) -> bytes:
    """The same JSON for the same value, whatever order its keys came in."""
    return msgspec.json.encode(value, order="sorted")


def credentials_as(shape: type[Shape], credentials: Mapping[str, Any], *, where: str) -> Shape:
    """A connection's stored credentials as its channel's own type, refused without repeating any of them."""
    try:
        return msgspec.convert(dict(credentials), shape, strict=False)
    except msgspec.ValidationError as wrong:
        path = str(wrong).rpartition("`$.")[2].rstrip("`")
        raise Invalid(what=f"the credentials do not fit: {wrong}", where=where, field=path) from None


def digits_only(account: str, *, where: str) -> str:
    """An account's number, which goes into a path and so may be nothing but digits."""
    number = account.replace("-", "").removeprefix("act_")
    if not re.fullmatch(r"[0-9]{1,30}", number):
        raise Invalid(what="an account is named by its number", where=where, field="account")
    return number


def retry_after(headers: httpx.Headers) -> float | None:
    """The Retry-After header in seconds, given as seconds or as a date."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def refusal_by_status(answer: Answer, *, where: str, what: str = "") -> ChannelError:
    """What a status means when the body does not say it better."""
    what = what or f"HTTP {answer.status}"
    code = str(answer.status)
    match answer.status:
        case 401:
            return AuthExpired(what=what, where=where, code=code)
        case 403:
            return Forbidden(what=what, where=where, code=code)
        case 413:
            return TooMuchData(what=what, where=where, code=code)
        case 410 | 426:
            return Sunset(what=what, where=where, code=code)
        case 429:
            return RateLimited(what=what, where=where, code=code, retry_after=retry_after(answer.headers))
        case 408 | 425:
            return Transient(what=what, where=where, code=code)
        case status if status >= 500:
            return Transient(what=what, where=where, code=code)
        case status if status >= 400:
            return Invalid(what=what, where=where, code=code)
        case _:
            return UnexpectedAnswer(what=what, where=where, code=code)
