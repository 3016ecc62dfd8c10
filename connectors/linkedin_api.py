"""LinkedIn's API as one member's grant opens it: questions are asked patiently, changes are told once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from connectors import restli, writes
from connectors.access_tokens import Access, Grant
from connectors.answers import Answer, ask, decoded
from connectors.errors import ChannelError, Forbidden, Invalid, UnexpectedAnswer
from connectors.face import Endpoint, Wire
from connectors.linkedin_refusals import meaning_of
from connectors.restli import Encoded

WHERE = "LinkedIn"

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_JSON = {"content-type": "application/json"}
_PATCH = {"x-restli-method": "PARTIAL_UPDATE"}


Read = TypeVar("Read")


def _json(answer: Answer) -> Any:
    return decoded(answer, where=WHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedInCredentials(Grant):
    """A member's grant; its refresh token runs out a year after the consent, however often it is used."""


class LinkedInApi:
    """Whatever is asked or told; `missing` is what it means that nothing answers to a path."""

    def __init__(self, credentials: LinkedInCredentials, wire: Wire, endpoint: Endpoint) -> None:
        self._wire = wire
        self._endpoint = endpoint
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE)

    def ask(
        self,
        path: str,
        parameters: Mapping[str, Encoded] = _NOTHING,
        headers: Mapping[str, str] = _NOTHING,
        *,
        missing: type[ChannelError] = Forbidden,
    ) -> Any:
        """The JSON of an answer, asked for again while the trouble is passing."""
        return self.ask_by(path, parameters, _json, headers, missing=missing)

    def ask_by(
        self,
        path: str,
        parameters: Mapping[str, Encoded],
        read: Callable[[Answer], Read],
        headers: Mapping[str, str] = _NOTHING,
        *,
        missing: type[ChannelError] = Forbidden,
    ) -> Read:
        question = restli.asking(self._address(path), restli.query(parameters))
        told = {**question.headers, **headers}
        return self._patiently(question.method, question.address, told, question.form, read, missing=missing)

    def prepare(self, path: str, body: Any) -> Any:
        """Tells what may be told again, since nobody sees it, and gives the JSON of the answer."""
        return self._patiently("POST", self._address(path), _JSON, msgspec.json.encode(body), _json)

    def upload(self, address: str, content: bytes) -> None:
        """Puts bytes where LinkedIn wants them; the token goes to LinkedIn alone."""
        if not self._is_linkedins(address):
            raise UnexpectedAnswer(what="an upload is to go to somebody else", where=WHERE)

        def put(credentials: LinkedInCredentials) -> None:
            headers = {**self._told(credentials), "content-type": "application/octet-stream"}
            self._whole(ask(self._wire.http, "PUT", address, where=WHERE, headers=headers, content=content))

        self._access.through(put)

    def make(self, path: str, body: Any) -> Answer:
        """Sends what makes something, once; its id is in a header, and the answer's body is empty."""
        return self._once(path, body, {})

    def change(self, path: str, fields: Mapping[str, Any]) -> None:
        """Sets these fields, once, and leaves the others."""
        self._once(path, {"patch": {"$set": fields}}, _PATCH)

    def _patiently(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        content: str | bytes | None,
        read: Callable[[Answer], Read],
        *,
        missing: type[ChannelError] = Forbidden,
    ) -> Read:
        def once(credentials: LinkedInCredentials) -> Read:
            told = {**self._told(credentials), **headers}
            answer = ask(self._wire.http, method, address, where=WHERE, headers=told, content=content)
            return read(self._whole(answer, missing))

        return self._access.through(once)

    def _once(self, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        def write(credentials: LinkedInCredentials) -> Answer:
            answer = writes.once(
                self._wire.http,
                "POST",
                self._address(path),
                where=WHERE,
                headers={**self._told(credentials), **_JSON, **headers},
                content=msgspec.json.encode(body),
            )
            if not answer.is_success:
                raise writes.doubted(self._refusal(answer, Invalid), answer)
            return answer

        return self._access.once(write)

    def _whole(self, answer: Answer, missing: type[ChannelError] = Forbidden) -> Answer:
        if not answer.is_success:
            raise self._refusal(answer, missing)
        return answer

    def _refusal(self, answer: Answer, missing: type[ChannelError]) -> ChannelError:
        return meaning_of(answer, where=WHERE, now=self._wire.clock(), missing=missing)

    def _told(self, credentials: LinkedInCredentials) -> dict[str, str]:
        return {
            "linkedin-version": self._endpoint.version,
            "x-restli-protocol-version": restli.VERSION,
            "authorization": f"Bearer {credentials.access_token}",
        }

    def _address(self, path: str) -> str:
        return f"{self._endpoint.base_url}/{path}"

    def _is_linkedins(self, address: str) -> bool:
        """Where the API itself is, or another host of LinkedIn's."""
        try:
            there, here = urlsplit(address), urlsplit(self._endpoint.base_url)
            if (there.scheme, there.netloc) == (here.scheme, here.netloc):
                return True
            return there.scheme == "https" and f".{there.hostname or ''}".endswith(".linkedin.com")
        except ValueError:
            return False
