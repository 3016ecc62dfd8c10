"""Reddit's two interfaces as one person's grant opens them: the Ads API, and the site itself.

Both refuse who does not say who they are, so that every request names our app.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from connectors import writes
from connectors.access_tokens import Access, Grant
from connectors.answers import Answer, ask, decoded, shaped
from connectors.errors import ChannelError, Forbidden, Invalid, TooMuchData, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire
from connectors.reddit_refusals import meaning_of
from connectors.user_agent import told_by

WHERE = "Reddit"
ENDPOINT = Endpoint(
    base_url="https://ads-api.reddit.com/api",
    version="v3",
    token_url="https://www.reddit.com/api/v1/access_token",  # noqa: S106 - an address, not a token
    authorize_url="https://www.reddit.com/api/v1/authorize",
)

_SITE = "https://oauth.reddit.com"
_PAGE = 100
_MOST_PAGES = 2_000
_NOTHING: Mapping[str, str] = MappingProxyType({})

Read = TypeVar("Read")
Shape = TypeVar("Shape")


class Pagination(msgspec.Struct):
    next_url: str | None = None


class _Page(msgspec.Struct):
    data: list[Any]
    pagination: Pagination | None = None


class _One(msgspec.Struct):
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RedditCredentials(Grant):
    """A person's grant; its refresh token lasts until it is taken back, and may be followed by another."""


class RedditApi:
    """Whatever is asked or told; `missing` is what it means that nothing answers to a path."""

    def __init__(self, credentials: RedditCredentials, wire: Wire) -> None:
        self._wire = wire
        endpoint = wire.endpoint.or_default(ENDPOINT)
        self._ads = f"{endpoint.base_url}/{endpoint.version}"
        # A stand-in has both under one address.
        self._site = _SITE if endpoint.base_url == ENDPOINT.base_url else f"{endpoint.base_url}/site"
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE, with_basic_auth=True)

    def one(self, path: str, shape: type[Shape], *, missing: type[ChannelError] = Forbidden) -> Shape:
        """What the Ads API knows of one thing."""
        said = self._patiently("GET", f"{self._ads}/{path}", _json, missing=missing)
        return _inside(said, shape)

    def each(self, path: str, shape: type[Shape], *, page_size: int = _PAGE) -> Iterator[Shape]:
        """A list of the Ads API, page by page."""
        first = f"{self._ads}/{path}?{urlencode({'page.size': page_size})}"

        def asked(address: str) -> tuple[Pagination | None, list[Shape]]:
            page = shaped(self._patiently("GET", address, _json), _Page, where=WHERE)
            return page.pagination, [shaped(each, shape, where=WHERE) for each in page.data]

        for data in self._pages(first, asked):
            yield from data

    def report(
        self, path: str, body: Any, read: Callable[[Answer], tuple[Pagination | None, Read]]
    ) -> Iterator[Read]:
        """A report's pages: each is asked for with the very body of the first."""
        content = msgspec.json.encode({"data": body})
        yield from self._pages(
            f"{self._ads}/{path}", lambda address: self._patiently("POST", address, read, content=content)
        )

    def make(self, path: str, fields: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Makes something in the Ads API, once."""
        return self._told("POST", path, fields, shape, missing=Forbidden)

    def change(self, path: str, fields: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Sets these fields in the Ads API, once, and leaves the others."""
        return self._told("PATCH", path, fields, shape, missing=Invalid)

    def look(
        self,
        path: str,
        asked: Mapping[str, str] = _NOTHING,
        *,
        missing: type[ChannelError] = Forbidden,
    ) -> Any:
        """The JSON that the site answers, in the very letters that people wrote (`raw_json`)."""
        query = urlencode({**asked, "raw_json": "1"})
        return self._patiently("GET", f"{self._site}/{path}?{query}", _json, missing=missing)

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Tells the site something, once; that it was refused may stand in an answer that looks like a yes."""

        def write(credentials: RedditCredentials) -> Answer:
            return self._taken(
                writes.once(
                    self._wire.http,
                    "POST",
                    f"{self._site}/{path}",
                    where=WHERE,
                    headers=_told(credentials),
                    data=dict(form),
                ),
                missing=Invalid,
            )

        return self._access.once(write)

    def _told(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any],
        shape: type[Shape],
        *,
        missing: type[ChannelError],
    ) -> Shape:
        def write(credentials: RedditCredentials) -> Answer:
            return self._taken(
                writes.once(
                    self._wire.http,
                    method,
                    f"{self._ads}/{path}",
                    where=WHERE,
                    headers={**_told(credentials), "content-type": "application/json"},
                    content=msgspec.json.encode({"data": fields}),
                ),
                missing=missing,
            )

        answer = self._access.once(write)
        try:
            return _inside(decoded(answer, where=WHERE), shape)
        except ChannelError as unclear:
            raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear

    def _taken(self, answer: Answer, *, missing: type[ChannelError]) -> Answer:
        if not answer.is_success:
            raise writes.doubted(meaning_of(answer, where=WHERE, missing=missing), answer)
        return answer

    def _patiently(
        self,
        method: str,
        address: str,
        read: Callable[[Answer], Read],
        *,
        content: bytes | None = None,
        missing: type[ChannelError] = Forbidden,
    ) -> Read:
        def once(credentials: RedditCredentials) -> Read:
            headers = _told(credentials)
            if content is not None:
                headers["content-type"] = "application/json"
            answer = ask(self._wire.http, method, address, where=WHERE, headers=headers, content=content)
            if not answer.is_success:
                raise meaning_of(answer, where=WHERE, missing=missing)
            return read(answer)

        return self._access.through(once)

    def _pages(self, first: str, asked: Callable[[str], tuple[Pagination | None, Read]]) -> Iterator[Read]:
        """As far as each page names another one of the very same list."""
        address, seen = first, set[str]()
        for _ in range(_MOST_PAGES):
            seen.add(address)
            pagination, page = asked(address)
            yield page
            following = pagination.next_url if pagination else None
            if not following:
                return
            if following in seen or not _is_of(following, first):
                raise UnexpectedAnswer(what="the next page is said to be somewhere else", where=WHERE)
            address = following
        raise TooMuchData(what=f"a list of more than {_MOST_PAGES} pages", where=WHERE)


def _told(credentials: RedditCredentials) -> dict[str, str]:
    return {
        "authorization": f"Bearer {credentials.access_token}",
        "user-agent": told_by(credentials.client_id),
    }


def _inside(said: Any, shape: type[Shape]) -> Shape:
    return shaped(shaped(said, _One, where=WHERE).data, shape, where=WHERE)


def _json(answer: Answer) -> Any:
    return decoded(answer, where=WHERE)


def _is_of(following: str, first: str) -> bool:
    """Whether a page's address is that of the list: the token is shown at it, and goes to nobody else."""
    try:
        there, here = urlsplit(following), urlsplit(first)
        return (there.scheme, there.netloc, there.path) == (here.scheme, here.netloc, here.path)
    except ValueError:
        return False
