"""Videos handed over to YouTube part by part, in a session that is asked how far it has come wherever an answer is lost.

A session makes one video, once its last byte is there: parts may be sent again, and a second session is never begun.
"""

import re
from typing import Annotated

import msgspec

from connectors.answers import Answer, decoded, shaped
from connectors.errors import (
    ChannelError,
    RateLimited,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.retries import Patience
from connectors.video_files import VideoFile
from connectors.youtube_api import WHERE, Said, YouTubeApi

PART = 8 * 1024 * 1024
"""Of whole 256 KiB, as Google wants all parts but the last."""

_MOST_STALLS = 5
_REACHED = re.compile(r"bytes=0-([0-9]{1,15})")


class _Made(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{11}\Z")]


class Uploads:
    def __init__(self, api: YouTubeApi, patience: Patience) -> None:
        self._api, self._patience = api, patience

    def bring(self, told: Said, video: VideoFile) -> str:
        """The id of the video."""
        session = self._api.begin_upload(told, video.size)
        reached = furthest = stalls = 0
        while True:
            answer = self._sent(session, video, reached)
            if answer.is_success:
                return _id_made(answer)
            reached = _reached(answer, video.size)
            if reached > furthest:
                furthest, stalls = reached, 0
                continue
            stalls += 1
            trouble = Transient(what="YouTube takes no more of the video; nothing was published", where=WHERE)
            if stalls == _MOST_STALLS:
                raise trouble if furthest < video.size else _doubtful(trouble)
            self._patience.sleep(self._patience.wait_after(stalls, trouble))

    def _sent(self, session: str, video: VideoFile, start: int) -> Answer:
        """The answer to the next part, or how the session stands where there was none."""
        part = video.part(start, PART)
        try:
            if part:
                return self._api.upload(session, part, start, video.size)
        except (UnknownOutcome, Transient, RateLimited):
            return self._standing(session, video, is_last=start + len(part) == video.size)
        return self._standing(session, video, is_last=True)

    def _standing(self, session: str, video: VideoFile, *, is_last: bool) -> Answer:
        """Once the last byte has left, silence says nothing of what became of it."""
        try:
            return self._api.standing(session, video.size)
        except ChannelError as silence:
            if is_last:
                raise _doubtful(silence) from silence
            raise


def _doubtful(trouble: ChannelError) -> UnknownOutcome:
    what = f"all of the video was sent, and what became of it is not told: {trouble.what}"
    return UnknownOutcome(what=what, where=WHERE, code=trouble.code)


def _reached(answer: Answer, size: int) -> int:
    """How many bytes are there: none where no range is told."""
    told = answer.headers.get("range")
    if told is None:
        return 0
    found = _REACHED.fullmatch(told.strip())
    if found is None or (reached := int(found[1]) + 1) > size:
        raise UnexpectedAnswer(what=f"{told[:100]!r} is no part of the video", where=WHERE)
    return reached


def _id_made(answer: Answer) -> str:
    try:
        return shaped(decoded(answer, where=WHERE), _Made, where=WHERE).id
    except (Transient, UnexpectedAnswer) as unclear:
        raise UnknownOutcome(what="published, but its id was not told", where=WHERE) from unclear
