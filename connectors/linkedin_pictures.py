"""Pictures for LinkedIn's posts: fetched from where they are, handed over, and waited for."""

from typing import NoReturn

import httpx
import msgspec

from connectors import restli
from connectors.answers import ask, refusal_by_status, shaped
from connectors.errors import ChannelError, Invalid, NotReady, TooMuchData, Transient, UnexpectedAnswer
from connectors.face import Wire
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.public_network import NotAllowed

LARGEST_PICTURE = 5 * 1024 * 1024
MOST_LOOKS = 30
SECONDS_BETWEEN_LOOKS = 2.0

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_URN = "urn:li:image:"
_LONGEST_URN = 200


class _Place(msgspec.Struct, rename="camel"):
    upload_url: str
    image: str


class _Prepared(msgspec.Struct):
    value: _Place


class _Standing(msgspec.Struct):
    status: str = ""


class LinkedInPictures:
    """Nobody sees a picture before a post shows it, so that all of this may be tried again."""

    def __init__(self, api: LinkedInApi, wire: Wire) -> None:
        self._api, self._wire = api, wire

    def bring(self, address: str, owner: str) -> str:
        """The URN under which the owner's posts can show it."""
        picture = self._fetched(address)
        begun = self._api.prepare(
            "images?action=initializeUpload", {"initializeUploadRequest": {"owner": owner}}
        )
        place = shaped(begun, _Prepared, where=WHERE).value
        if not place.image.startswith(_URN) or len(place.image) > _LONGEST_URN:
            raise UnexpectedAnswer(what=f"{place.image[:100]!r} is no URN of an image", where=WHERE)
        self._api.upload(place.upload_url, picture)
        self._wait_for(place.image)
        return place.image

    def _fetched(self, address: str) -> bytes:
        """The address is a user's, and the wire's client decides how far it reaches; no token goes there."""
        if not address.startswith(("https://", "http://")):
            _refuse("is no web address")
        try:
            picture = self._wire.patience.through(lambda: self._ask_for(address))
        except TooMuchData:
            _refuse(f"is larger than {LARGEST_PICTURE} bytes")
        if not picture.startswith(_BEGINNINGS):
            _refuse("is neither a JPEG nor a PNG nor a GIF")
        return picture

    def _ask_for(self, address: str) -> bytes:
        try:
            answer = ask(self._wire.http, "GET", address, where="picture", largest=LARGEST_PICTURE)
        except httpx.InvalidURL:
            _refuse("is no web address")
        except Transient as trouble:
            if isinstance(trouble.__cause__, NotAllowed | httpx.UnsupportedProtocol):
                _refuse("leads to where this installation does not go")
            raise
        if answer.status == 200:
            return answer.body
        meaning: ChannelError = refusal_by_status(answer, where="picture")
        if isinstance(meaning, Transient):
            raise meaning
        _refuse(f"cannot be fetched: HTTP {answer.status}")

    def _wait_for(self, image: str) -> None:
        for _ in range(MOST_LOOKS):
            said = self._api.ask(f"images/{restli.text(image)}", missing=NotReady)
            match shaped(said, _Standing, where=WHERE).status:
                case "AVAILABLE":
                    return
                case "PROCESSING_FAILED":
                    _refuse("is a picture that LinkedIn cannot read")
                case _:
                    self._wire.patience.sleep(SECONDS_BETWEEN_LOOKS)
        raise NotReady(what="LinkedIn is still reading the picture; nothing was published", where=WHERE)


def _refuse(what: str) -> NoReturn:
    raise Invalid(what=what, where=WHERE, field="image")
