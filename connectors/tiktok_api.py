"""TikTok's Business API in the voice of one advertiser's token: asked patiently, told once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from connectors.answers import Answer, ask, canonical, typed
from connectors.errors import Transient, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire
from connectors.tiktok_refusals import Said, by_status, meaning_of, meaning_of_a_write
from connectors.writes import once, refusal_of_a_write

WHERE = "TikTok Ads"
ENDPOINT = Endpoint(base_url="https://business-api.tiktok.com/open_api", version="v1.3")
LARGEST_PAGE = 1000

_NOTHING: Mapping[str, str] = MappingProxyType({})
_JSON = {"content-type": "application/json"}
_ENVELOPE = msgspec.json.Decoder(Said, strict=False)

Shape = TypeVar("Shape")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class TikTokCredentials:
    """A token, which has no end; which advertisers it is for, TikTok tells to the app alone."""

    access_token: str = field(repr=False)
    app_id: str = ""
    app_secret: str = field(default="", repr=False)


class PageInfo(msgspec.Struct):
    total_number: Annotated[int, msgspec.Meta(ge=0)] = 0
    total_page: Annotated[int, msgspec.Meta(ge=0)] = 0


class Page(msgspec.Struct, Generic[Row]):
    rows: list[Row] = msgspec.field(name="list")
    page_info: PageInfo = msgspec.field(default_factory=PageInfo)


class TikTokApi:
    def __init__(self, credentials: TikTokCredentials, wire: Wire) -> None:
        self.credentials = credentials
        self._wire = wire
        self._endpoint = wire.endpoint.or_default(ENDPOINT)

    def read(self, path: str, asked: Mapping[str, Any], shape: type[Shape]) -> Shape:
        return self.read_by(path, asked, lambda answer: _data(_said(answer), shape))

    def read_by(self, path: str, asked: Mapping[str, Any], reading: Callable[[Answer], Shape]) -> Shape:
        """What is no text is told as JSON within the address."""
        told = {name: _in_address(value) for name, value in asked.items()}
        return self._patiently("GET", path, reading, params=told)

    def prepare(self, path: str, body: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Tells what may be told again, since nothing is changed by it."""
        content = msgspec.json.encode(body)
        return self._patiently(
            "POST", path, lambda answer: _data(_said(answer), shape), content=content, headers=_JSON
        )

    def file(self, path: str, asked: Mapping[str, str]) -> bytes:
        """A file is told as it is; only a refusal is JSON."""
        return self._patiently("GET", path, lambda answer: answer.body, params=asked, is_file=True)

    def each(self, path: str, asked: Mapping[str, Any], page: type[Page[Row]]) -> Iterator[Row]:
        for told in self.pages(path, asked, lambda answer: _data(_said(answer), page)):
            yield from told.rows

    def pages(
        self, path: str, asked: Mapping[str, Any], reading: Callable[[Answer], Page[Row]]
    ) -> Iterator[Page[Row]]:
        number = 1
        while True:
            window = {"page": str(number), "page_size": str(LARGEST_PAGE)}
            page = self.read_by(path, {**asked, **window}, reading)
            yield page
            if not page.rows or number >= page.page_info.total_page:
                return
            number += 1

    def write(self, path: str, body: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Changes something; a success that cannot be read is one whose outcome is not known."""
        answer = once(
            self._wire.http,
            "POST",
            self._address(path),
            where=WHERE,
            headers={**self._token(), **_JSON},
            content=msgspec.json.encode(body),
        )
        if not answer.is_success:
            raise refusal_of_a_write(answer, where=WHERE)
        try:
            said = _said(answer)
            if said.code == 0:
                return _data(said, shape)
        except (Transient, UnexpectedAnswer) as unclear:
            raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear
        raise meaning_of_a_write(said, answer, where=WHERE, now=self._wire.clock())

    def _patiently(
        self,
        method: str,
        path: str,
        reading: Callable[[Answer], Shape],
        *,
        headers: Mapping[str, str] = _NOTHING,
        is_file: bool = False,
        **request: Any,
    ) -> Shape:
        told = {**self._token(), **headers}

        def attempt() -> Shape:
            answer = ask(self._wire.http, method, self._address(path), where=WHERE, headers=told, **request)
            return reading(self._granted(answer, is_file=is_file))

        return self._wire.patience.through(attempt)

    def _granted(self, answer: Answer, *, is_file: bool) -> Answer:
        if not answer.is_success:
            raise by_status(answer, where=WHERE)
        if not is_file or answer.body.lstrip().startswith(b"{"):
            said = _said(answer)
            if said.code != 0:
                raise meaning_of(said, answer, where=WHERE, now=self._wire.clock())
        return answer

    def _token(self) -> dict[str, str]:
        return {"access-token": self.credentials.access_token}

    def _address(self, path: str) -> str:
        return f"{self._endpoint.base_url}/{self._endpoint.version}/{path}/"


def _said(answer: Answer) -> Said:
    return typed(answer, _ENVELOPE, where=WHERE)


def _data(said: Said, shape: type[Shape]) -> Shape:
    """Numbers may come as strings, and amounts as numbers: exact, since they are never a binary fraction here."""
    try:
        return msgspec.json.decode(said.data, type=shape, strict=False)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise UnexpectedAnswer(what=str(wrong), where=WHERE, request_id=said.request_id) from wrong


def _in_address(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value).decode()
