"""Videos on their way to a network: fetched from where they are, bounded, kept on disk and never whole in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, NoReturn

import httpx

from connectors import public_network
from connectors.answers import Answer, refusal_by_status
from connectors.errors import Invalid, Transient
from connectors.face import Wire

WHERE = "video"
LARGEST_VIDEO = 1024 * 1024 * 1024
LONGEST_FETCH_SECONDS = 900.0

_PIECE = 256 * 1024
# What stands after the first four bytes of MP4 and QuickTime, and at the very beginning of Matroska with WebM, and of AVI.
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
_MATROSKA, _RIFF = b"\x1a\x45\xdf\xa3", b"RIFF"


@dataclass(frozen=True, slots=True)
class VideoFile:
    size: int
    _file: IO[bytes]

    def part(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        return self._file.read(length)


@contextmanager
def fetched(wire: Wire, address: str) -> Iterator[VideoFile]:
    """The address is a user's, and the wire's client decides how far it reaches; no token goes there.

    All of it is here before a network hears of it, so that a host that breaks off leaves nothing half sent.
    """
    if not address.startswith(("https://", "http://")):
        _refuse("is no web address")
    with tempfile.TemporaryFile() as file:
        with public_network.within(LONGEST_FETCH_SECONDS):
            size = wire.patience.through(lambda: _fetch(wire.http, address, file))
        video = VideoFile(size, file)
        _require_video(video)
        yield video


def _fetch(http: httpx.Client, address: str, file: IO[bytes]) -> int:
    file.seek(0)
    file.truncate()
    try:
        with http.stream("GET", address, follow_redirects=False) as response:
            if response.status_code != 200:
                _refuse_by_status(response)
            for piece in response.iter_bytes(_PIECE):
                if file.tell() + len(piece) > LARGEST_VIDEO:
                    _refuse(f"is larger than {LARGEST_VIDEO} bytes")
                file.write(piece)
            return file.tell()
    except httpx.InvalidURL:
        _refuse("is no web address")
    except (public_network.NotAllowed, httpx.UnsupportedProtocol):
        _refuse("leads to where this installation does not go")
    except httpx.RequestError as broken:
        raise Transient(what=f"no whole video: {type(broken).__name__}", where=WHERE) from broken


def _refuse_by_status(response: httpx.Response) -> NoReturn:
    meaning = refusal_by_status(Answer(response.status_code, response.headers, b""), where=WHERE)
    if isinstance(meaning, Transient):
        raise meaning
    _refuse(f"cannot be fetched: HTTP {response.status_code}")


def _require_video(video: VideoFile) -> None:
    """A page that says where a video is, is none."""
    beginning = video.part(0, 12)
    is_avi = beginning.startswith(_RIFF) and beginning[8:] == b"AVI "
    if not (beginning[4:8] in _BOXES or beginning.startswith(_MATROSKA) or is_avi):
        _refuse("is neither MP4 nor QuickTime nor WebM nor Matroska nor AVI")


def _refuse(what: str) -> NoReturn:
    raise Invalid(what=what, where=WHERE, field="image")
