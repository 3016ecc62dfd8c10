"""Facebook's pages and Instagram's profiles: who speaks for them, and what stands on their walls.

A page speaks with its own token, and its profile with the page's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import msgspec

from connectors.answers import shaped
from connectors.errors import Invalid, TooMuchData
from connectors.meta_graph import WHERE, Graph, number_of
from connectors.publishing import FoundPlace, Network

_PAGES = {"fields": "id,name,access_token,instagram_business_account{id,username}"}
_LONGEST_ADDRESS = 2_000
_MOST_PAGES = 200

Row = TypeVar("Row")

# Of a page's post the second number is the post's own.
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,40}(_[0-9]{1,40})?\Z")]


@dataclass(frozen=True, slots=True)
class _Profile:
    id: str
    username: str = ""


@dataclass(frozen=True, slots=True)
class _Page:
    """The token is there where the person may create content as the page."""

    id: str
    name: str = ""
    access_token: str = field(default="", repr=False)
    instagram_business_account: _Profile | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """A place, and the API as who speaks for it sees it."""

    place: FoundPlace
    graph: Graph = field(repr=False)


class Shown(msgspec.Struct):
    """A post as either network lists it."""

    id: Number
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    words: str | None = None
    address: str | None = None

    @property
    def url(self) -> str:
        return public(self.address or "")


@dataclass(frozen=True, slots=True)
class Wall:
    """Where a network lists what was published, and under which names."""

    edge: str
    fields: Mapping[str, str]

    def shown(self, said: Any) -> Shown:
        said = shaped(said, dict[str, Any], where=WHERE)
        ours = {name: said[theirs] for name, theirs in self.fields.items() if theirs in said}
        return shaped(ours, Shown, where=WHERE)


WALLS: Mapping[Network, Wall] = MappingProxyType(
    {
        Network.FACEBOOK: Wall(
            "published_posts",
            {"id": "id", "words": "message", "at": "created_time", "address": "permalink_url"},
        ),
        Network.INSTAGRAM: Wall(
            "media",
            {"id": "id", "words": "caption", "at": "timestamp", "address": "permalink"},
        ),
    }
)


class Places:
    """What one token may speak for; the pages' own tokens are kept as long as this is."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._voices: dict[tuple[str, Network], Voice] = {}

    def found(self) -> list[FoundPlace]:
        found = [
            voice
            for page in self._graph.each("me/accounts", _PAGES, _Page)
            for voice in self._voices_of(page)
        ]
        self._voices = {(voice.place.id, voice.place.network): voice for voice in found}
        return [voice.place for voice in found]

    def voice(self, place: str, network: Network) -> Voice:
        number = number_of(place, field="place")
        if network not in WALLS:
            raise Invalid(what=f"Meta does not publish on {network}", where=WHERE, field="network")
        if (number, network) not in self._voices:
            self.found()
        voice = self._voices.get((number, network))
        if voice is None:
            what = f"no place on {network} that this connection may publish to"
            raise Invalid(what=what, where=WHERE, field="place")
        return voice

    def _voices_of(self, page: _Page) -> list[Voice]:
        if not page.access_token:
            return []
        graph = self._graph.speaking_as(page.access_token)
        voices = [Voice(FoundPlace(id=page.id, name=page.name, network=Network.FACEBOOK), graph)]
        if (profile := page.instagram_business_account) is not None:
            place = FoundPlace(id=profile.id, name=profile.username, network=Network.INSTAGRAM)
            voices.append(Voice(place, graph))
        return voices


def asked_since(since: datetime) -> dict[str, str]:
    """Meta tells the time in whole seconds, and may leave out the very one that it is asked from."""
    return {"since": str(int(since.timestamp()) - 1)}


def appeared_since(
    pages: Iterable[list[Row]], since: datetime, at: Callable[[Row], datetime]
) -> Iterator[Row]:
    """What is young enough, newest pages first, until one has nothing of it; an empty page is not yet the last."""
    began = since.replace(microsecond=0)
    for number, page in enumerate(pages):
        if number == _MOST_PAGES:
            raise TooMuchData(what=f"more than {_MOST_PAGES} pages of posts", where=WHERE)
        young = [row for row in page if at(row) >= began]
        yield from young
        if page and not young:
            return


def public(address: str) -> str:
    return address if address.startswith("https://") and len(address) <= _LONGEST_ADDRESS else ""
