"""Resumable uploads as the sandbox plays YouTube's: a session takes a video byte by byte, and makes one of it once."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.sandbox.youtube_answers import Refused, Said

_UNIT = 256 * 1024
_LARGEST = 256 * 1024**3
_SPAN = re.compile(r"bytes (?:([0-9]+)-([0-9]+)|\*)/([0-9]+)")


class Told(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    title: str
    description: str = ""
    tags: list[str] = []
    category_id: str = "22"


class Status(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    privacy_status: str = "public"
    self_declared_made_for_kids: bool = False
    contains_synthetic_media: bool = False


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    snippet: Told
    status: Status = msgspec.field(default_factory=Status)


@dataclass(slots=True)
class _Session:
    wanted: Wanted
    size: int
    content: bytearray = field(default_factory=bytearray)
    video: Said | None = None


class Sessions:
    """`made` makes the video once all of it is there."""

    def __init__(self, made: Callable[[Wanted, bytes], Said]) -> None:
        self._made = made
        self._sessions: dict[str, _Session] = {}

    def begin(self, request: Request, body: bytes) -> Response:
        asked = request.query_params
        if asked.get("uploadType") != "resumable" or asked.get("part") != "snippet,status":
            message = "The sandbox takes uploadType=resumable with part=snippet,status."
            raise Refused(400, "unexpectedPart", message)
        size = request.headers.get("x-upload-content-length", "")
        if not size.isdecimal() or not 0 < int(size) <= _LARGEST:
            raise Refused(400, "mediaBodyRequired", "The request does not include the video content.")
        try:
            wanted = msgspec.json.decode(body, type=Wanted)
        except msgspec.DecodeError as wrong:
            raise Refused(400, "invalidVideoMetadata", f"The request metadata is invalid. {wrong}") from None
        _require_wanted(wanted)
        number = secrets.token_urlsafe(24)
        self._sessions[number] = _Session(wanted, int(size))
        address = str(request.url.include_query_params(upload_id=number))
        return Response(status_code=200, headers={"location": address, "x-guploader-uploadid": number})

    def take(self, request: Request, body: bytes) -> Response:
        session = self._sessions.get(request.query_params.get("upload_id", ""))
        if session is None:
            raise Refused(404, "notFound", "No such upload.", domain="global")
        span = _SPAN.fullmatch(request.headers.get("content-range", ""))
        if span is None or int(span[3]) != session.size:
            raise Refused(400, "badRequest", "Failed to parse Content-Range header.", domain="global")
        if session.video is None and span[1] is not None:
            self._take(session, int(span[1]), int(span[2]), body)
        if session.video is not None:
            return JSONResponse(session.video)
        there = {"range": f"bytes=0-{len(session.content) - 1}"} if session.content else {}
        return Response(status_code=308, headers=there)

    def _take(self, session: _Session, first: int, last: int, body: bytes) -> None:
        """What does not follow on what is there is not taken, and the answer says how far that goes."""
        is_last = last + 1 == session.size
        if len(body) != last - first + 1 or (len(body) % _UNIT and not is_last):
            raise Refused(400, "badRequest", "A part is a multiple of 256 KB.", domain="global")
        if first != len(session.content):
            return
        session.content += body
        if is_last:
            session.video = self._made(session.wanted, bytes(session.content))


def _require_wanted(wanted: Wanted) -> None:
    snippet: Any = wanted.snippet
    if not 0 < len(snippet.title) <= 100 or set(snippet.title) & set("<>"):
        raise Refused(400, "invalidTitle", "The request metadata specifies an invalid or empty video title.")
    if len(snippet.description.encode()) > 5000 or set(snippet.description) & set("<>"):
        raise Refused(
            400, "invalidDescription", "The request metadata specifies an invalid video description."
        )
    if sum(len(tag) + 2 * (" " in tag) + 1 for tag in snippet.tags) > 501:
        raise Refused(400, "invalidTags", "The request metadata specifies invalid video keywords.")
    if wanted.status.privacy_status not in {"public", "unlisted", "private"}:
        raise Refused(400, "invalidVideoMetadata", "The request metadata is invalid.")
