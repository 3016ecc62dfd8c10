"""Pictures for X's posts: fetched from where they are, handed over, and waited for."""

import re

import msgspec

from connectors import pictures
from connectors.errors import Invalid, NotReady, UnexpectedAnswer
from connectors.face import Wire
from connectors.x_api import XApi
from connectors.x_credentials import WHERE

LARGEST_PICTURE = 5 * 1024 * 1024
_MOST_LOOKS = 30
_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_NUMBER = re.compile(r"[0-9]{1,19}")


class _Processing(msgspec.Struct):
    state: str = ""
    check_after_secs: float = 0


class _Media(msgspec.Struct):
    id: str
    processing_info: _Processing | None = None


class _Answered(msgspec.Struct):
    data: _Media


class XPictures:
    """Nobody sees a picture before a post shows it, so that all of this may be tried again."""

    def __init__(self, api: XApi, wire: Wire) -> None:
        self._api, self._wire = api, wire

    def bring(self, address: str) -> str:
        """The number under which a post can show it."""
        picture = pictures.fetched(address, self._wire, largest=LARGEST_PICTURE, where=WHERE)
        kind = pictures.type_of(picture)
        told = {
            "media_type": kind,
            "total_bytes": len(picture),
            "media_category": "tweet_gif" if kind == "image/gif" else "tweet_image",
        }
        number = self._api.prepare("media/upload/initialize", _Answered, json=told).data.id
        if not _NUMBER.fullmatch(number):
            raise UnexpectedAnswer(what=f"{number[:100]!r} is no number of a picture", where=WHERE)
        part = {"media": ("picture", picture, "application/octet-stream")}
        self._api.hand_over(f"media/upload/{number}/append", data={"segment_index": "0"}, files=part)
        self._wait_for(self._api.prepare(f"media/upload/{number}/finalize", _Answered).data)
        return number

    def _wait_for(self, media: _Media) -> None:
        """X reads it by and by, or at once, and then does not say so."""
        for _ in range(_MOST_LOOKS):
            match media.processing_info:
                case None | _Processing(state="succeeded"):
                    return
                case _Processing(state="failed"):
                    raise Invalid(what="is a picture that X cannot read", where=WHERE, field="image")
                case _Processing(check_after_secs=seconds):
                    self._wire.patience.sleep(min(max(seconds, _SHORTEST_WAIT), _LONGEST_WAIT))
            asked = {"command": "STATUS", "media_id": media.id}
            media = self._api.read("media/upload", _Answered, asked).data
        raise NotReady(what="X is still reading the picture; nothing was published", where=WHERE)
