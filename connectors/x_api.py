"""X's API for posts as one user's consent opens it: questions are asked patiently, posts are told once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from connectors import writes
from connectors.access_tokens import Access
from connectors.answers import Answer, Shape, ask, decoded, shaped
from connectors.errors import ChannelError, Invalid, Transient, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire
from connectors.x_credentials import WHERE, XCredentials
from connectors.x_refusals import meaning_of_posts

VERSION = "2"
OF_ADS, OF_POSTS = "https://ads-api.x.com", "https://api.x.com"

Read = TypeVar("Read")

_NOTHING: Mapping[str, str] = MappingProxyType({})


class XApi:
    """Whatever is asked or told."""

    def __init__(self, credentials: XCredentials, wire: Wire, endpoint: Endpoint) -> None:
        self._credentials, self._wire = credentials, wire
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE, with_basic_auth=True)
        # X answers for advertising and for posts at two hosts; whatever stands in for it has one.
        self._host = OF_POSTS if endpoint.base_url == OF_ADS else endpoint.base_url

    @property
    def is_open(self) -> bool:
        return self._credentials.opens_posts

    def now(self) -> datetime:
        return self._wire.clock().astimezone(UTC)

    def read(self, path: str, shape: type[Shape], asked: Mapping[str, str] = _NOTHING) -> Shape:
        return self._patiently("GET", path, lambda answer: _shaped(answer, shape), params=dict(asked))

    def prepare(self, path: str, shape: type[Shape], **told: Any) -> Shape:
        """Tells what may be told again, since nobody sees it."""
        return self._patiently("POST", path, lambda answer: _shaped(answer, shape), **told)

    def hand_over(self, path: str, **told: Any) -> None:
        """Tells what X has nothing to say about but that it was taken."""
        self._patiently("POST", path, lambda _: None, **told)

    def write(self, path: str, body: Any, shape: type[Shape]) -> Shape:
        """Sends what everybody sees, once."""
        self._credentials.require_consent()

        def once(credentials: XCredentials) -> Shape:
            answer = writes.once(
                self._wire.http,
                "POST",
                self._address(path),
                where=WHERE,
                headers={**_bearer(credentials), "content-type": "application/json"},
                content=msgspec.json.encode(body),
            )
            if not answer.is_success:
                raise writes.doubted(self._refusal(answer), answer)
            try:
                return shaped(decoded(answer, where=WHERE), shape, where=WHERE)
            except (UnexpectedAnswer, Transient) as unclear:
                raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear

        return self._access.once(once)

    def _patiently(self, method: str, path: str, reading: Callable[[Answer], Read], **request: Any) -> Read:
        self._credentials.require_consent()

        def once(credentials: XCredentials) -> Read:
            answer = ask(
                self._wire.http,
                method,
                self._address(path),
                where=WHERE,
                headers=_bearer(credentials),
                **request,
            )
            if not answer.is_success:
                raise self._refusal(answer)
            return reading(answer)

        return self._access.through(once)

    def _refusal(self, answer: Answer) -> ChannelError:
        return meaning_of_posts(answer, where=WHERE, now=self.now())

    def _address(self, path: str) -> str:
        return f"{self._host}/{VERSION}/{path}"


def _bearer(credentials: XCredentials) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials.access_token}"}


def _shaped(answer: Answer, shape: type[Shape]) -> Shape:
    """X answers 200 to what it did in part only, or not at all, with errors in the place of data."""
    said = decoded(answer, where=WHERE)
    if isinstance(said, dict) and said.get("errors") and "data" not in said:
        first = said["errors"][0] if isinstance(said["errors"], list) else {}
        what = str(first.get("detail") or first.get("title")) if isinstance(first, dict) else "nothing"
        raise Invalid(what=what, where=WHERE)
    return shaped(said, shape, where=WHERE)
