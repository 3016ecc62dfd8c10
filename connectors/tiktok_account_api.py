"""TikTok's API as one account's grant opens it: questions are asked patiently, what is published is told once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import msgspec

from connectors.access_tokens import Access, Grant
from connectors.answers import Answer, ask, typed
from connectors.errors import ChannelError, Sunset, Transient, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire
from connectors.tiktok_account_refusals import OK, Said, meaning_of
from connectors.writes import doubted, once

WHERE = "TikTok"
ENDPOINT = Endpoint(
    base_url="https://open.tiktokapis.com",
    version="v2",
    token_url="https://open.tiktokapis.com/v2/oauth/token/",  # noqa: S106 - an address, not a token
    authorize_url="https://www.tiktok.com/v2/auth/authorize/",
)
CLIENT_NAMED = "client_key"

_JSON = {"content-type": "application/json; charset=UTF-8"}
_ENVELOPE = msgspec.json.Decoder(Said, strict=False)

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class TikTokAccountCredentials(Grant):
    """An account's grant, whose refresh token holds once; who may see what is published is the app's to say."""

    client_named: ClassVar[str] = CLIENT_NAMED
    privacy_level: str = "PUBLIC_TO_EVERYONE"


class TikTokAccountApi:
    def __init__(self, credentials: TikTokAccountCredentials, wire: Wire) -> None:
        self._wire = wire
        self._endpoint = wire.endpoint.or_default(ENDPOINT)
        self._access = Access(credentials, wire, self._endpoint.token_url, where=WHERE)

    def read(self, path: str, fields: Sequence[str], shape: type[Shape]) -> Shape:
        """What an address tells by itself."""
        return self._patiently("GET", path, shape, params={"fields": ",".join(fields)})

    def asked(
        self, path: str, body: Mapping[str, Any], shape: type[Shape], fields: Sequence[str] = ()
    ) -> Shape:
        """What is told only to who posts a question, and changes nothing."""
        params = {"fields": ",".join(fields)} if fields else {}
        content = msgspec.json.encode(body)
        return self._patiently("POST", path, shape, params=params, content=content, headers=_JSON)

    def write(self, path: str, body: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """Changes something; a success that cannot be read is one whose outcome is not known."""

        def tell(credentials: TikTokAccountCredentials) -> Shape:
            answer = once(
                self._wire.http,
                "POST",
                self._address(path),
                where=WHERE,
                headers={**_bearer(credentials), **_JSON},
                content=msgspec.json.encode(body),
            )
            if not answer.is_success:
                raise doubted(self._refusal(answer), answer)
            try:
                said = typed(answer, _ENVELOPE, where=WHERE)
                if said.error.code == OK:
                    return _data(said, shape)
            except (Transient, UnexpectedAnswer) as unclear:
                raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear
            raise _unsure(meaning_of(answer, where=WHERE))

        return self._access.once(tell)

    def _patiently(self, method: str, path: str, shape: type[Shape], **request: Any) -> Shape:
        headers = request.pop("headers", {})

        def attempt(credentials: TikTokAccountCredentials) -> Shape:
            told = {**_bearer(credentials), **headers}
            answer = ask(self._wire.http, method, self._address(path), where=WHERE, headers=told, **request)
            if not answer.is_success:
                raise self._refusal(answer)
            said = typed(answer, _ENVELOPE, where=WHERE)
            if said.error.code != OK:
                raise meaning_of(answer, where=WHERE)
            return _data(said, shape)

        return self._access.through(attempt)

    def _refusal(self, answer: Answer) -> ChannelError:
        meaning = meaning_of(answer, where=WHERE)
        if answer.status == 404 and meaning.code == "404":
            return Sunset(what="nothing answers at this address", where=WHERE, code="404")
        return meaning

    def _address(self, path: str) -> str:
        return f"{self._endpoint.base_url}/{self._endpoint.version}/{path}/"


def _bearer(credentials: TikTokAccountCredentials) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials.access_token}"}


def _data(said: Said, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(said.data, type=shape, strict=False)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise UnexpectedAnswer(what=str(wrong), where=WHERE, request_id=said.error.log_id) from wrong


def _unsure(meaning: ChannelError) -> ChannelError:
    """A breakdown that comes as a success may hide that something was taken."""
    if isinstance(meaning, Transient | UnexpectedAnswer):
        return UnknownOutcome(what=meaning.what, where=WHERE, code=meaning.code)
    return meaning
