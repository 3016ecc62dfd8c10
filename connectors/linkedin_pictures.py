"""Pictures for LinkedIn's posts: fetched from where they are, handed over, and waited for."""

import msgspec

from connectors import pictures, restli
from connectors.answers import shaped
from connectors.errors import Invalid, NotReady, UnexpectedAnswer
from connectors.face import Wire
from connectors.linkedin_api import WHERE, LinkedInApi

LARGEST_PICTURE = 5 * 1024 * 1024
MOST_LOOKS = 30
SECONDS_BETWEEN_LOOKS = 2.0

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
        picture = pictures.fetched(address, self._wire, largest=LARGEST_PICTURE, where=WHERE)
        begun = self._api.prepare(
            "images?action=initializeUpload", {"initializeUploadRequest": {"owner": owner}}
        )
        place = shaped(begun, _Prepared, where=WHERE).value
        if not place.image.startswith(_URN) or len(place.image) > _LONGEST_URN:
            raise UnexpectedAnswer(what=f"{place.image[:100]!r} is no URN of an image", where=WHERE)
        self._api.upload(place.upload_url, picture)
        self._wait_for(place.image)
        return place.image

    def _wait_for(self, image: str) -> None:
        for _ in range(MOST_LOOKS):
            said = self._api.ask(f"images/{restli.text(image)}", missing=NotReady)
            match shaped(said, _Standing, where=WHERE).status:
                case "AVAILABLE":
                    return
                case "PROCESSING_FAILED":
                    what = "is a picture that LinkedIn cannot read"
                    raise Invalid(what=what, where=WHERE, field="image")
                case _:
                    self._wire.patience.sleep(SECONDS_BETWEEN_LOOKS)
        raise NotReady(what="LinkedIn is still reading the picture; nothing was published", where=WHERE)
