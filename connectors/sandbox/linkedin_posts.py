"""LinkedIn's organisations as the sandbox plays them: who may publish, pictures, and posts as readers see them."""

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.linkedin_answers import (
    Asked,
    Refused,
    Said,
    error,
    made,
    missing,
    require_finder,
    trace,
    window,
    wrong,
)
from connectors.sandbox.linkedin_post_results import ORGANIZATION, PostStatistics
from connectors.sandbox.organic import PostHistory
from connectors.sandbox.performance import World
from connectors.sandbox.places import Shown, Walls, places_of

_RESERVED = frozenset("\\|{}@[]()<>#*_~")
_LONGEST_POST = 3000
_LARGEST_IMAGE = 5 * 1024 * 1024
_REMEMBERED = timedelta(hours=1)
_FIRST_POST = 7_400_000_000_000_000_001


@dataclass(slots=True)
class _Image:
    """It is read a moment after it has come, and so not there yet when it is first looked for."""

    owner: str
    content: bytes = b""
    looks: int = 0

    @property
    def status(self) -> str:
        if not self.content:
            return "WAITING_UPLOAD"
        return "AVAILABLE" if self.looks > 1 else "PROCESSING"


class Organizations:
    def __init__(self, page_rows: int, accepted: Accepted, world: World) -> None:
        self._page_rows, self._clock = page_rows, world.clock
        self._walls = Walls(Channel.LINKEDIN, accepted)
        self._places = {place.id: place for place in places_of(Channel.LINKEDIN)}
        self._history = PostHistory(world.seed, world.clock)
        self.statistics = PostStatistics(page_rows, self._history, self._places, self._shown)
        self._images: dict[str, _Image] = {}
        self._next = _FIRST_POST

    def roles(self, request: Request, asked: Asked) -> Said:
        require_finder(request, asked, "roleAssignee")
        roles = [
            {
                "organization": f"{ORGANIZATION}{number}",
                "role": role,
                "roleAssignee": "urn:li:person:sandbox",
                "state": "APPROVED",
            }
            for number, role in [*((each, "ADMINISTRATOR") for each in self._places), ("900999", "ANALYST")]
        ]
        return window(roles, asked, page_rows=self._page_rows)

    def names(self, _: Request, asked: Asked) -> Said:
        listed = re.fullmatch(r"List\(([0-9,]+)\)", asked.get("ids", ""))
        if listed is None:
            raise wrong("ids", "Invalid value for param; wrong type or other syntax error")
        found = [self._places[number] for number in listed[1].split(",") if number in self._places]
        results = {place.id: {"id": int(place.id), "localizedName": place.name} for place in found}
        return {"results": results, "statuses": dict.fromkeys(results, 200), "errors": {}}

    def begin_upload(self, request: Request, told: Said) -> Response:
        if request.query_params.get("action") != "initializeUpload":
            raise wrong("action", "the sandbox knows initializeUpload only")
        asked = told.get("initializeUploadRequest")
        owner = str(asked.get("owner", "")) if isinstance(asked, dict) else ""
        self._place_of(owner, "/initializeUploadRequest/owner")
        number = f"C4E{secrets.token_hex(8)}"
        self._images[number] = _Image(owner)
        root = str(request.url.replace(query="")).removesuffix("/images")
        value = {"uploadUrl": f"{root}/dms-uploads/{number}", "image": f"urn:li:image:{number}"}
        return JSONResponse({"value": value}, headers=trace())

    def upload(self, admit: Callable[[Request], None]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                admit(request)
                image = self._image(request)
            except Refused as refused:
                return refused.answer
            content = await request.body()
            if not 0 < len(content) <= _LARGEST_IMAGE:
                return error(400, "BAD_REQUEST", "an image has up to 5 MB")
            image.content = content
            return Response(status_code=201, headers=trace())

        return endpoint

    def image(self, request: Request, _: Asked) -> Said:
        image = self._image(request)
        image.looks += bool(image.content)
        return {"id": request.path_params["image"], "owner": image.owner, "status": image.status}

    def publish(self, _: Request, told: Said) -> Response:
        place = self._place_of(str(told.get("author", "")), "/author")
        _require_public(told)
        text = as_readers_see(_commentary(told))
        link, image = self._content(told)
        now = self._clock()
        for shown in self._walls.of(place):
            if (shown.text, shown.link) == (text, link) and now - shown.at < _REMEMBERED:
                message = f"Content is a duplicate of {shown.id}"
                duplicate = "Duplicate post is detected"
                raise wrong("", duplicate, code="DUPLICATE_POST", status=422, message=message)
        urn = f"urn:li:share:{self._next}"
        self._next += 1
        self._walls.show(place, Shown(urn, text, link, image, now))
        return made(urn)

    def posts(self, request: Request, asked: Asked) -> Said:
        require_finder(request, asked, "author")
        if asked.get("sortBy", "LAST_MODIFIED") not in ("LAST_MODIFIED", "CREATED"):
            raise wrong("sortBy", "LAST_MODIFIED or CREATED")
        author = unquote(asked.get("author", ""))
        newest_first = reversed(self._shown(self._place_of(author, "author")))
        posts = [
            {
                "id": shown.id,
                "author": author,
                "commentary": _as_little_text(shown.text),
                "createdAt": int(shown.at.timestamp() * 1000),
                "publishedAt": int(shown.at.timestamp() * 1000),
                "lifecycleState": "PUBLISHED",
            }
            for shown in newest_first
        ]
        return window(posts, asked, page_rows=self._page_rows)

    def _shown(self, place: str) -> list[Shown]:
        """What it has posted all along, and what was published through the sandbox."""
        posts = [*self._history.of(self._places[place]), *self._walls.of(place)]
        return sorted(posts, key=lambda post: post.at)

    def _content(self, told: Said) -> tuple[str, str]:
        """The link of an article, or the URN of an image that is ready."""
        content = told.get("content", {})
        if not isinstance(content, dict) or len(content) > 1:
            raise wrong("/content", "one kind of content")
        if "article" in content:
            article = content["article"]
            if not str(article.get("source", "")).startswith("http") or not article.get("title"):
                raise wrong("/content/article", "source and title are required", code="MISSING_FIELD")
            return str(article["source"]), ""
        if "media" in content:
            urn = str(content["media"].get("id", ""))
            image = self._images.get(urn.removeprefix("urn:li:image:"))
            if image is None or image.owner != told["author"] or image.status != "AVAILABLE":
                raise wrong("/content/media/id", "there is no such image, or not yet")
            return "", urn
        return "", ""

    def _image(self, request: Request) -> _Image:
        number = str(request.path_params["image"]).removeprefix("urn:li:image:")
        if number not in self._images:
            raise missing("There is no such image")
        return self._images[number]

    def _place_of(self, urn: str, field: str) -> str:
        place = urn.removeprefix(ORGANIZATION)
        if place == urn or not place.isdigit():
            raise wrong(field, "Invalid value for param; wrong type or other syntax error")
        if place not in self._places:
            message = "Organization permissions must be used when using organization as author"
            raise Refused(error(403, "ACCESS_DENIED", message, service_code=100))
        return place


def as_readers_see(commentary: str) -> str:
    """Little text ends, without a word, at the first reserved character that no backslash stands before."""
    seen: list[str] = []
    letters = iter(commentary)
    for letter in letters:
        if letter == "\\":
            letter = next(letters, "")
            if letter not in _RESERVED or not letter:
                break
        elif letter in _RESERVED:
            break
        seen.append(letter)
    return "".join(seen)


def _as_little_text(words: str) -> str:
    return "".join(f"\\{letter}" if letter in _RESERVED else letter for letter in words)


def _commentary(told: Said) -> str:
    commentary = told.get("commentary")
    if not isinstance(commentary, str) or not commentary:
        raise wrong("/commentary", "is required", code="MISSING_FIELD", status=422)
    if len(as_readers_see(commentary)) > _LONGEST_POST:
        description = f"ShareCommentary text length exceeded the maximum of {_LONGEST_POST}"
        raise wrong("/commentary", description, code="FIELD_LENGTH_TOO_LONG", status=422)
    return commentary


def _require_public(told: Said) -> None:
    distribution = told.get("distribution")
    if not isinstance(distribution, dict) or distribution.get("feedDistribution") != "MAIN_FEED":
        raise wrong("/distribution/feedDistribution", "the sandbox knows MAIN_FEED only")
    for field, value in {"visibility": "PUBLIC", "lifecycleState": "PUBLISHED"}.items():
        if told.get(field) != value:
            raise wrong(f"/{field}", f"the sandbox knows {value} only")
