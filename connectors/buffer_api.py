"""Buffer's API: one address that takes GraphQL, and answers with a success whatever became of a question."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from connectors import buffer_refusals as refusals
from connectors.access_tokens import Access, Grant
from connectors.answers import Answer, ask, typed
from connectors.buffer_refusals import Trouble
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.face import Endpoint, Wire
from connectors.user_agent import told_by
from connectors.writes import doubted, once

WHERE = "Buffer"
ENDPOINT = Endpoint(
    base_url="https://api.buffer.com",
    token_url="https://auth.buffer.com/token",  # noqa: S106 - an address, not a token
    authorize_url="https://auth.buffer.com/auth",
)

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferCredentials(Grant):
    """A personal key alone, which has no end; or a grant for an hour, whose refresh token holds once.

    One that is used again takes the whole grant with it, so that whoever keeps the tokens saves the new ones first.
    """


class _Said(msgspec.Struct):
    data: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"null"))
    errors: list[Trouble] = []

    @property
    def is_empty(self) -> bool:
        return bytes(self.data) == b"null"


_ENVELOPE = msgspec.json.Decoder(_Said, strict=False)


class BufferApi:
    """One account's way to Buffer."""

    def __init__(self, credentials: BufferCredentials, wire: Wire) -> None:
        self._wire = wire
        endpoint = wire.endpoint.or_default(ENDPOINT)
        self._address = f"{endpoint.base_url}/"
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE)

    def asked(self, question: str, variables: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Patiently, since a question changes nothing; half an answer is none."""

        def attempt(credentials: BufferCredentials) -> Shape:
            request = _request(credentials, question, variables)
            answer = ask(self._wire.http, "POST", self._address, where=WHERE, **request)
            if not answer.is_success:
                raise self._refusal(answer, credentials)
            said = typed(answer, _ENVELOPE, where=WHERE)
            if said.errors:
                raise self._refusal(answer, credentials)
            return _data(said, shape)

        return self._access.through(attempt)

    def told(self, mutation: str, variables: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Sent once; what cannot be read of the answer may hide that it was done."""

        def tell(credentials: BufferCredentials) -> Shape:
            request = _request(credentials, mutation, variables)
            answer = once(self._wire.http, "POST", self._address, where=WHERE, **request)
            if not answer.is_success:
                raise doubted(self._refusal(answer, credentials), answer)
            try:
                said = typed(answer, _ENVELOPE, where=WHERE)
                if not said.is_empty:
                    return _data(said, shape)
            except (Transient, UnexpectedAnswer) as unclear:
                raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear
            raise _unsure(self._refusal(answer, credentials))

        return self._access.once(tell)

    def _refusal(self, answer: Answer, credentials: BufferCredentials) -> ChannelError:
        meaning = refusals.meaning_of(answer, where=WHERE, now=self._wire.clock())
        if isinstance(meaning, AuthExpired) and not credentials.refresh_token:
            return AuthRevoked(what=meaning.what, where=WHERE, code=meaning.code)
        return meaning


def _request(credentials: BufferCredentials, operation: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Buffer's door turns away some who do not say who they are."""
    return {
        "headers": {
            "authorization": f"Bearer {credentials.access_token}",
            "content-type": "application/json",
            "user-agent": told_by(credentials.client_id),
        },
        "content": msgspec.json.encode({"query": operation, "variables": variables}),
    }


def _data(said: _Said, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(said.data, type=shape, strict=False)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise UnexpectedAnswer(what=str(wrong), where=WHERE) from wrong


def _unsure(meaning: ChannelError) -> ChannelError:
    """A breakdown that comes as a success may hide that something was taken."""
    if isinstance(meaning, Transient | UnexpectedAnswer):
        return UnknownOutcome(what=meaning.what, where=WHERE, code=meaning.code)
    return meaning
