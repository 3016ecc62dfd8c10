"""How YouTube is asked and told: its lists, its reports, and the sessions in which it takes videos."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors import writes
from connectors import youtube_refusals as refusals
from connectors.access_tokens import Access, Grant
from connectors.answers import Answer, ask, decoded, shaped
from connectors.errors import ChannelError, TooMuchData, Transient, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire

WHERE = "YouTube"
BASE_URL = "https://www.googleapis.com"
INCOMPLETE = 308
"""The answer to a part of a video: there is more to come."""

_ANALYTICS = "https://youtubeanalytics.googleapis.com"
_GONE = frozenset({404, 410})
_MOST_PAGES = 200
_LONGEST_ADDRESS = 4_000

Said = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class YouTubeCredentials(Grant):
    """A user's grant; which channel it speaks for was chosen on Google's page."""


class _Page(msgspec.Struct, rename="camel"):
    items: list[Said] = []
    next_page_token: str = ""


class YouTubeApi:
    """One channel's way to Google."""

    def __init__(self, credentials: YouTubeCredentials, wire: Wire, endpoint: Endpoint) -> None:
        self._wire = wire
        self._base_url, self._version = endpoint.base_url, endpoint.version
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE)

    def pages(self, resource: str, asked: Mapping[str, str]) -> Iterator[list[Said]]:
        """The items of a list, page by page; each page is one unit of the day's quota."""
        seen: set[str] = set()
        token: Mapping[str, str] = {}
        while True:
            address = f"{self._base_url}/youtube/{self._version}/{resource}"
            page = shaped(self._asked(address, {**asked, **token}), _Page, where=WHERE)
            yield page.items
            if not page.next_page_token:
                return
            if page.next_page_token in seen:
                raise UnexpectedAnswer(what="a next page without a new token", where=WHERE)
            seen.add(page.next_page_token)
            if len(seen) == _MOST_PAGES:
                raise TooMuchData(what=f"more than {_MOST_PAGES} pages of {resource}", where=WHERE)
            token = {"pageToken": page.next_page_token}

    def report(self, asked: Mapping[str, str]) -> Any:
        """Analytics has a host of its own; whatever stands in for Google answers for both."""
        base_url = _ANALYTICS if self._base_url == BASE_URL else self._base_url
        return self._asked(f"{base_url}/v2/reports", asked)

    def begin_upload(self, told: Said, size: int) -> str:
        """The address at which YouTube takes so many bytes; no video comes of it before the last of them is there."""
        address = (
            f"{self._base_url}/upload/youtube/{self._version}/videos?uploadType=resumable&part=snippet,status"
        )
        headers = {
            "content-type": "application/json; charset=UTF-8",
            "x-upload-content-length": str(size),
            "x-upload-content-type": "video/*",
        }
        try:
            answer = self._sent("POST", address, headers, msgspec.json.encode(told))
        except UnknownOutcome as lost:
            what = f"{lost.what}; nothing of the video was sent"
            raise Transient(what=what, where=WHERE, code=lost.code) from lost
        session = answer.headers.get("location", "")
        if not self._is_googles(session):
            raise UnexpectedAnswer(what="an upload is to go to somebody else", where=WHERE)
        return session

    def upload(self, session: str, part: bytes, start: int, size: int) -> Answer:
        """Sends a part of a video, once."""
        span = f"bytes {start}-{start + len(part) - 1}/{size}"
        return self._sent("PUT", session, {"content-range": span}, part)

    def standing(self, session: str, size: int) -> Answer:
        """How far an upload has come, or the video that has come of it; nothing is changed by asking."""

        def once(credentials: YouTubeCredentials) -> Answer:
            headers = {**_bearer(credentials), "content-range": f"bytes */{size}"}
            answer = ask(self._wire.http, "PUT", session, where=WHERE, headers=headers, content=b"")
            return self._taken("PUT", answer)

        return self._access.through(once)

    def _asked(self, address: str, asked: Mapping[str, str]) -> Any:
        def once(credentials: YouTubeCredentials) -> Any:
            headers = _bearer(credentials)
            answer = ask(self._wire.http, "GET", address, where=WHERE, headers=headers, params=dict(asked))
            return decoded(self._taken("GET", answer), where=WHERE)

        return self._access.through(once)

    def _sent(self, method: str, address: str, headers: Mapping[str, str], content: bytes) -> Answer:
        def once(credentials: YouTubeCredentials) -> Answer:
            told = {**_bearer(credentials), **headers}
            answer = writes.once(self._wire.http, method, address, where=WHERE, headers=told, content=content)
            return self._taken(method, answer)

        return self._access.once(once)

    def _taken(self, method: str, answer: Answer) -> Answer:
        if answer.is_success or (method == "PUT" and answer.status == INCOMPLETE):
            return answer
        raise self._refusal(method, answer)

    def _refusal(self, method: str, answer: Answer) -> ChannelError:
        if method == "PUT" and answer.status in _GONE:
            return refusals.session_is_over(answer, where=WHERE)
        return refusals.meaning_of(answer, where=WHERE, now=self._wire.clock())

    def _is_googles(self, address: str) -> bool:
        """Where the API itself is, or another host of Google's: the token goes to no other."""
        if len(address) > _LONGEST_ADDRESS:
            return False
        try:
            there, here = urlsplit(address), urlsplit(self._base_url)
            if (there.scheme, there.netloc) == (here.scheme, here.netloc):
                return True
            return there.scheme == "https" and f".{there.hostname or ''}".endswith(".googleapis.com")
        except ValueError:
            return False


def _bearer(credentials: YouTubeCredentials) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials.access_token}"}
