"""X's Ads API as one user's keys open it: every request is signed, questions are asked patiently, changes are told once."""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from connectors import writes
from connectors.answers import LARGEST_ANSWER, Answer, Shape, ask, decoded, shaped
from connectors.errors import (
    ChannelError,
    Invalid,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.face import Endpoint, Wire
from connectors.x_credentials import WHERE_ADS, XCredentials
from connectors.x_refusals import meaning_of_ads
from connectors.x_signing import Nonce, Signer, drawn, encoded

WHERE = WHERE_ADS

LARGEST_PAGE = 1000
# An account holds some thousand campaigns and more promoted posts; this is far beyond.
MOST_PAGES = 1000

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ID = re.compile(r"[0-9a-z]{2,20}")
_GZIP = b"\x1f\x8b"
_HOSTS = (".x.com", ".twimg.com", ".twitter.com")

Row = TypeVar("Row")


class _One(msgspec.Struct):
    data: Any


class _Page(msgspec.Struct):
    data: list[Any]
    next_cursor: str | None = None


def is_id(said: str) -> bool:
    return _ID.fullmatch(said) is not None


def entity_id(said: str, *, field: str) -> str:
    """Accounts, campaigns and whatever stands in them have ids in base 36, which go into paths."""
    if not is_id(said):
        raise Invalid(what="is no id of X's Ads API", where=WHERE, field=field)
    return said


class XAdsApi:
    """Whatever is asked or told; `missing` is what it means that nothing answers to a path."""

    def __init__(
        self, credentials: XCredentials, wire: Wire, endpoint: Endpoint, nonce: Nonce = drawn
    ) -> None:
        self._credentials, self._wire, self._endpoint, self._nonce = credentials, wire, endpoint, nonce

    @property
    def is_open(self) -> bool:
        return self._credentials.opens_ads

    def now(self) -> datetime:
        return self._wire.clock().astimezone(UTC)

    def read(
        self,
        path: str,
        asked: Mapping[str, str],
        reading: Callable[[Answer], Row],
        *,
        missing: type[ChannelError] = Invalid,
    ) -> Row:
        """What an answer says, asked for again while the trouble is passing, each time under a new signature."""
        return self._wire.patience.through(lambda: reading(self._asked("GET", path, asked, missing)))

    def one(self, path: str, shape: type[Shape], *, missing: type[ChannelError] = Invalid) -> Shape:
        return self.read(path, _NOTHING, lambda answer: _data(answer, shape), missing=missing)

    def listed(self, path: str, shape: type[Shape], asked: Mapping[str, str] = _NOTHING) -> Iterator[Shape]:
        """All of a list, by its cursors."""
        parameters = {"count": str(LARGEST_PAGE), **asked}
        seen: set[str] = set()
        while True:
            page = self.read(path, parameters, lambda answer: _shaped(answer, _Page))
            for each in page.data:
                yield shaped(each, shape, where=WHERE)
            if not page.next_cursor:
                return
            if page.next_cursor in seen or len(seen) == MOST_PAGES:
                raise UnexpectedAnswer(what=f"pages of {path} without an end", where=WHERE)
            seen.add(page.next_cursor)
            parameters["cursor"] = page.next_cursor

    def prepare(self, path: str, told: Mapping[str, str], shape: type[Shape]) -> Shape:
        """Tells what may be told again, since it changes nothing that anybody sees."""
        return self._wire.patience.through(lambda: _data(self._asked("POST", path, told, Invalid), shape))

    def write(self, method: str, path: str, told: Mapping[str, str], shape: type[Shape]) -> Shape:
        """Sends what changes something, once; X answers with how it stands then."""
        address = self._address(path)
        answer = writes.once(
            self._wire.http,
            method,
            _with_query(address, told),
            where=WHERE,
            headers=self._signed(method, address, told),
        )
        if not answer.is_success:
            raise writes.doubted(self._refusal(answer, Invalid), answer)
        try:
            return _data(answer, shape)
        except (UnexpectedAnswer, Transient) as unclear:
            raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear

    def fetch(self, address: str, reading: Callable[[Answer], Row]) -> Row:
        """A file that X has put somewhere for us, unpacked; nobody signs for it, since its address is the key."""
        if not self._is_xs(address):
            raise UnexpectedAnswer(what="a report is to be fetched from somebody else", where=WHERE)

        def once() -> Row:
            answer = ask(self._wire.http, "GET", address, where=WHERE)
            if not answer.is_success:
                raise self._refusal(answer, Transient)
            return reading(Answer(answer.status, answer.headers, unpacked(answer.body)))

        return self._wire.patience.through(once)

    def _asked(self, method: str, path: str, asked: Mapping[str, str], missing: type[ChannelError]) -> Answer:
        address = self._address(path)
        signed = self._signed(method, address, asked)
        answer = ask(self._wire.http, method, _with_query(address, asked), where=WHERE, headers=signed)
        if not answer.is_success:
            raise self._refusal(answer, missing)
        return answer

    def _signed(self, method: str, address: str, parameters: Mapping[str, str]) -> dict[str, str]:
        signer = Signer(self._credentials.keys(), self._wire.clock, self._nonce)
        return {"authorization": signer.authorization(method, address, parameters)}

    def _refusal(self, answer: Answer, missing: type[ChannelError]) -> ChannelError:
        return meaning_of_ads(answer, where=WHERE, now=self.now(), missing=missing)

    def _address(self, path: str) -> str:
        return f"{self._endpoint.base_url}/{self._endpoint.version}/{path}"

    def _is_xs(self, address: str) -> bool:
        """Where the API itself is, or a host of X's."""
        try:
            there, here = urlsplit(address), urlsplit(self._endpoint.base_url)
            if (there.scheme, there.netloc) == (here.scheme, here.netloc):
                return True
            return there.scheme == "https" and f".{there.hostname or ''}".endswith(_HOSTS)
        except ValueError:
            return False


def unpacked(body: bytes, largest: int = LARGEST_ANSWER) -> bytes:
    """What gzip has packed, as far as it is bearable; whatever is not packed, as it is."""
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, largest)
    except zlib.error as broken:
        raise Transient(what=f"a report that cannot be unpacked: {broken}", where=WHERE) from broken
    if unpacking.unconsumed_tail:
        raise TooMuchData(what=f"a report is larger than {largest} bytes", where=WHERE)
    if not unpacking.eof:
        raise Transient(what="a report was cut off", where=WHERE)
    return plain


def _with_query(address: str, parameters: Mapping[str, str]) -> str:
    """Encoded as it is signed, so that nobody can read it otherwise."""
    query = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in parameters.items())
    return f"{address}?{query}" if query else address


def _shaped(answer: Answer, shape: type[Shape]) -> Shape:
    return shaped(decoded(answer, where=WHERE), shape, where=WHERE)


def _data(answer: Answer, shape: type[Shape]) -> Shape:
    return shaped(_shaped(answer, _One).data, shape, where=WHERE)
