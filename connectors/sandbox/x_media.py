"""X's uploads as the sandbox plays them: begun, handed over in parts, ended, and read a moment later."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.x_answers import Refused, Said, problem

_FIRST = 1_700_000_000_000_000_001
_LARGEST = 5 * 1024 * 1024
_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class _Begun(msgspec.Struct, forbid_unknown_fields=True):
    media_type: str
    total_bytes: int
    media_category: str


@dataclass(slots=True)
class _Picture:
    total: int
    content: bytes = b""
    is_ended: bool = False
    looks: int = 0

    @property
    def state(self) -> str:
        return "succeeded" if self.looks > 0 else "pending"


class Media:
    def __init__(self) -> None:
        self._pictures: dict[str, _Picture] = {}

    def is_ready(self, number: str) -> bool:
        picture = self._pictures.get(number)
        return picture is not None and picture.is_ended and picture.looks > 0

    def routes(self, admit: Callable[[Request], None]) -> list[Route]:
        async def begin(request: Request) -> Response:
            try:
                admit(request)
                told = msgspec.json.decode(await request.body(), type=_Begun)
            except Refused as refused:
                return refused.answer
            except msgspec.DecodeError as wrong:
                return problem(400, "Invalid Request", str(wrong), "invalid-request")
            if told.media_type not in _TYPES or not 0 < told.total_bytes <= _LARGEST:
                return problem(400, "Invalid Request", "no such picture", "invalid-request")
            number = str(_FIRST + len(self._pictures))
            self._pictures[number] = _Picture(told.total_bytes)
            return JSONResponse({"data": {"id": number, "media_key": f"3_{number}"}})

        async def append(request: Request) -> Response:
            try:
                admit(request)
                picture = self._named(str(request.path_params["number"]))
            except Refused as refused:
                return refused.answer
            form = await request.form()
            part = form.get("media")
            if not isinstance(part, UploadFile) or form.get("segment_index") != "0":
                return problem(400, "Invalid Request", "one segment, as a file", "invalid-request")
            picture.content = await part.read()
            return JSONResponse({"data": {"expires_at": 1_800_000_000}})

        async def end(request: Request) -> Response:
            try:
                admit(request)
                number = str(request.path_params["number"])
                picture = self._named(number)
            except Refused as refused:
                return refused.answer
            if len(picture.content) != picture.total:
                return problem(400, "Invalid Request", "Segments do not add up", "invalid-request")
            picture.is_ended = True
            return JSONResponse(_told(number, picture))

        async def look(request: Request) -> Response:
            try:
                admit(request)
                number = request.query_params.get("media_id", "")
                picture = self._named(number)
            except Refused as refused:
                return refused.answer
            picture.looks += picture.is_ended
            return JSONResponse(_told(number, picture))

        return [
            Route("/2/media/upload/initialize", begin, methods=["POST"]),
            Route("/2/media/upload/{number}/append", append, methods=["POST"]),
            Route("/2/media/upload/{number}/finalize", end, methods=["POST"]),
            Route("/2/media/upload", look),
        ]

    def _named(self, number: str) -> _Picture:
        if number not in self._pictures:
            raise Refused(problem(404, "Not Found Error", "no such media", "resource-not-found"))
        return self._pictures[number]


def _told(number: str, picture: _Picture) -> Said:
    info: Said = {"state": picture.state}
    if picture.state == "pending":
        info["check_after_secs"] = 1
    return {"data": {"id": number, "media_key": f"3_{number}", "processing_info": info}}
