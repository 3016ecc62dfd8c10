"""Facebook's pages and Instagram's profiles as the sandbox plays them: pictures handed over, posts published and listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from starlette.routing import Route

from connectors.face import Channel
from connectors.publishing import Network
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.meta_graph import Asked, Door, Refused, Said, chosen, no_such_object, page, page_token
from connectors.sandbox.meta_post_results import PostTold
from connectors.sandbox.organic import PostHistory
from connectors.sandbox.performance import World
from connectors.sandbox.places import Place, Shown, Walls, places_of

# The smallest number that Instagram has ever named.
MOST_POSTS_A_DAY = 25
_PAGE_OF_PROFILE = {"17841400000000111": "333000111"}
_LONGEST_MESSAGE, _LONGEST_CAPTION = 63_206, 2_200
_FIRST = 700_000_000_001
_NO_PHOTOS = (".gif", ".svg", ".webp", ".mp4")

_PLACES = {place.id: place for place in places_of(Channel.META)}


@dataclass(slots=True)
class _Container:
    """A picture that Instagram prepares: ready when it is looked at for the second time."""

    profile: str
    image: str
    caption: str
    made_at: datetime
    looks: int = 0
    is_published: bool = False


class _Attached(msgspec.Struct):
    media_fbid: str


class MetaPosts:
    def __init__(self, accepted: Accepted, page_rows: int, world: World) -> None:
        self._walls = Walls(Channel.META, accepted)
        self._history = PostHistory(world.seed, world.clock)
        self._told = PostTold(self._history, self._found)
        self._page_rows, self._clock = page_rows, world.clock
        self._next = _FIRST
        self._photos: dict[str, tuple[str, str]] = {}
        self._containers: dict[str, _Container] = {}

    def routes(self, door: Door) -> list[Route]:
        return [
            door.route("/", self._told.together, "POST"),
            door.route("/me/accounts", self._pages),
            door.route("/{number:int}/feed", self._publish_on_page, "POST"),
            door.route("/{number:int}/photos", self._take_photo, "POST"),
            door.route("/{number:int}/published_posts", self._posts),
            door.route("/{number:int}/media", self._take_picture, "POST"),
            door.route("/{number:int}/media_publish", self._publish_on_profile, "POST"),
            door.route("/{number:int}/media", self._media),
        ]

    def node(self, asked: Asked) -> Said | None:
        """A picture on its way, a post of a profile, or what a place says of itself."""
        if (container := self._containers.get(asked.number)) is not None:
            container.looks += 1
            values = {"id": asked.number, "status_code": self._standing(container)}
            if values["status_code"] == "ERROR":
                values["status"] = "Error: Media upload has failed with error code 2207005"
            return chosen(values, asked.fields() | {"id"})
        if (place := _PLACES.get(asked.number)) is not None:
            _require_voice(asked)
            values = {"id": place.id, "name": place.name, "followers_count": self._history.followers(place)}
            return chosen(values, asked.fields() | {"id"})
        if (found := self._found(asked.number)) is not None:
            return self._told.fields(asked, *found)
        return None

    def _pages(self, asked: Asked) -> Said:
        if asked.page:
            raise Refused(400, 100, "(#100) Tried accessing nonexisting field (accounts)")
        pages = [place for place in _PLACES.values() if place.network is Network.FACEBOOK]
        rows = [_page_values(place, asked.token if asked.granted else "") for place in pages]
        return page(asked, [chosen(row, asked.fields() | {"id"}) for row in rows], self._page_rows)

    def _take_photo(self, asked: Asked) -> Said:
        _require_page(asked)
        if asked.get("published") != "false":
            raise Refused(400, 100, "(#100) the sandbox takes photos that nobody sees yet")
        number = self._new_id()
        self._photos[number] = (asked.number, _image(asked, "url"))
        return {"id": number}

    def _publish_on_page(self, asked: Asked) -> Said:
        _require_page(asked)
        message, link = asked.get("message"), asked.get("link")
        photos = asked.json("attached_media", list[_Attached]) if asked.get("attached_media") else []
        if len(message) > _LONGEST_MESSAGE:
            raise Refused(400, 100, "(#100) The message is too long")
        if not (message or link or photos):
            raise Refused(400, 100, "(#100) A post needs a message, a link or a photo")
        if link and photos:
            raise Refused(400, 100, "(#100) A post has a link or photos, not both")
        images = [self._photo(asked.number, each.media_fbid) for each in photos]
        number = f"{asked.number}_{self._new_id()}"
        self._walls.show(
            asked.number, Shown(number, message, link, images[0] if images else "", self._clock())
        )
        return {"id": number}

    def _photo(self, of_page: str, number: str) -> str:
        its_page, image = self._photos.pop(number, ("", ""))
        if its_page != of_page:
            raise Refused(400, 100, "(#100) attached_media names a photo that is not there")
        return image

    def _posts(self, asked: Asked) -> Said:
        _require_page(asked)
        return self._listed(asked)

    def _take_picture(self, asked: Asked) -> Said:
        _require_profile(asked)
        caption = asked.get("caption")
        if len(caption) > _LONGEST_CAPTION:
            raise Refused(400, 36004, "The caption is too long", subcode=2207010)
        number = self._new_id()
        image = _image(asked, "image_url")
        self._containers[number] = _Container(asked.number, image, caption, self._clock())
        return {"id": number}

    def _publish_on_profile(self, asked: Asked) -> Said:
        _require_profile(asked)
        number = asked.required("creation_id")
        container = self._containers.get(number)
        if container is None or container.profile != asked.number:
            raise no_such_object(number)
        if self._standing(container) != "FINISHED":
            raise Refused(400, 9007, "The media is not ready for publishing", subcode=2207027)
        day_ago = self._clock() - timedelta(days=1)
        if sum(post.at > day_ago for post in self._walls.of(asked.number)) >= MOST_POSTS_A_DAY:
            raise Refused(400, 9, "You reached the number of posts that may be published", subcode=2207042)
        container.is_published = True
        medium = self._new_id()
        shown = Shown(medium, container.caption, "", container.image, self._clock())
        self._walls.show(asked.number, shown)
        return {"id": medium}

    def _media(self, asked: Asked) -> Said:
        _require_profile(asked)
        return self._listed(asked)

    def _listed(self, asked: Asked) -> Said:
        """Newest first; only what is on the page is told of, and refused."""
        since = asked.get("since") or "0"
        if not since.isascii() or not since.isdigit():
            raise Refused(400, 100, "(#100) since must be a number of seconds")
        place = _PLACES[asked.number]
        newest_first = reversed(self._shown(place))
        some = page(
            asked, [each for each in newest_first if each.at.timestamp() >= int(since)], self._page_rows
        )
        return {**some, "data": [self._told.fields(asked, place, post) for post in some["data"]]}

    def _shown(self, place: Place) -> list[Shown]:
        """What it has posted all along, and what was published through the sandbox."""
        return sorted([*self._history.of(place), *self._walls.of(place.id)], key=lambda post: post.at)

    def _found(self, number: str) -> tuple[Place, Shown] | None:
        for place in _PLACES.values():
            for post in self._shown(place):
                if post.id == number:
                    return place, post
        return None

    def _standing(self, container: _Container) -> str:
        if container.is_published:
            return "PUBLISHED"
        if urlsplit(container.image).path.endswith(_NO_PHOTOS):
            return "ERROR"
        if self._clock() - container.made_at > timedelta(days=1):
            return "EXPIRED"
        return "FINISHED" if container.looks > 1 else "IN_PROGRESS"

    def _new_id(self) -> str:
        self._next += 1
        return str(self._next - 1)


def _page_values(place: Place, of: str) -> Said:
    profile = next((each for each, of_page in _PAGE_OF_PROFILE.items() if of_page == place.id), None)
    return {
        "id": place.id,
        "name": place.name,
        "access_token": page_token(place.id, of),
        "instagram_business_account": profile and {"id": profile, "username": _PLACES[profile].name},
    }


def _image(asked: Asked, name: str) -> str:
    address = asked.required(name)
    if urlsplit(address).scheme not in {"http", "https"}:
        raise Refused(400, 100, f"(#100) {name} should represent a valid URL")
    return address


def _require_page(asked: Asked) -> None:
    """A page's own calls want the page's own token."""
    place = _PLACES.get(asked.number)
    if place is None or place.network is not Network.FACEBOOK:
        raise no_such_object(asked.number)
    if asked.page != place.id:
        raise Refused(403, 200, "(#200) This needs the page's own access token")


def _require_voice(asked: Asked) -> None:
    if _PLACES[asked.number].network is Network.FACEBOOK:
        _require_page(asked)
    else:
        _require_profile(asked)


def _require_profile(asked: Asked) -> None:
    of_page = _PAGE_OF_PROFILE.get(asked.number)
    if of_page is None:
        raise no_such_object(asked.number)
    if asked.page not in {"", of_page}:
        raise Refused(403, 10, "(#10) Application does not have permission for this action")
