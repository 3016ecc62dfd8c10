"""Facebook's pages and Instagram's profiles: where a token may publish, publishing, and what was published there.

A page speaks with its own token, and its profile with the page's. A picture is handed over first, seen by nobody; the last
request is the one that publishes. Facebook shows a link or a picture: beside a picture, the link stands at the end of the words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from connectors.answers import canonical, shaped
from connectors.errors import ChannelError, Invalid, Transient, UnexpectedAnswer
from connectors.meta_graph import WHERE, Graph, number_of
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.retries import Patience

POST_LIMITS: Mapping[Network, PostLimits] = MappingProxyType(
    {
        Network.FACEBOOK: PostLimits(longest_text=63_206),
        # A link in a caption cannot be followed.
        Network.INSTAGRAM: PostLimits(
            longest_text=2_200, needs_image=True, takes_link=False, most_hashtags=30, most_mentions=20
        ),
    }
)

_PAGES = {"fields": "id,name,access_token,instagram_business_account{id,username}"}
_LONGEST_ADDRESS = 2_000
_MOST_LOOKS = 20
_HASHTAG = re.compile(r"#\w+")
_MENTION = re.compile(r"(?<![\w@])@[\w.]+")

# Of a page's post the second number is the post's own.
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,40}(_[0-9]{1,40})?$")]


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
class _Voice:
    """A place, and the token that speaks for it."""

    place: FoundPlace
    token: str = field(repr=False)


class _Made(msgspec.Struct):
    id: Number


class _Container(msgspec.Struct):
    status_code: str
    status: str = ""


class _Link(msgspec.Struct):
    permalink: str = ""


class _Shown(msgspec.Struct):
    """A post as either network lists it."""

    id: Number
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    words: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class _Wall:
    """Where a network lists what was published, and under which names."""

    edge: str
    fields: Mapping[str, str]

    def shown(self, said: Any) -> _Shown:
        said = shaped(said, dict[str, Any], where=WHERE)
        ours = {name: said[theirs] for name, theirs in self.fields.items() if theirs in said}
        return shaped(ours, _Shown, where=WHERE)


_WALLS = {
    Network.FACEBOOK: _Wall(
        "published_posts",
        {"id": "id", "words": "message", "at": "created_time", "address": "permalink_url"},
    ),
    Network.INSTAGRAM: _Wall(
        "media",
        {"id": "id", "words": "caption", "at": "timestamp", "address": "permalink"},
    ),
}


class Posts:
    """What one token may publish; the pages' own tokens are kept as long as this is."""

    def __init__(self, graph: Graph, patience: Patience) -> None:
        self._graph = graph
        self._patience = replace(patience, attempts=_MOST_LOOKS)
        self._voices: dict[tuple[str, Network], _Voice] = {}

    def places(self) -> list[FoundPlace]:
        found = [
            voice for page in self._graph.each("me/accounts", _PAGES, _Page) for voice in _voices_of(page)
        ]
        self._voices = {(voice.place.id, voice.place.network): voice for voice in found}
        return [voice.place for voice in found]

    def publish(self, place: str, network: Network, post: Post) -> Published:
        number = number_of(place, field="place")
        _require_fit(network, post)
        graph = self._graph_of(number, network)
        if network is Network.INSTAGRAM:
            return self._on_a_profile(graph, number, post)
        return _on_a_page(graph, number, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        number = number_of(place, field="place")
        _require_network(network)
        graph, wall = self._graph_of(number, network), _WALLS[network]
        # Meta tells the time in whole seconds, and may leave out the very one that it is asked from.
        began = since.replace(microsecond=0)
        asked = {"fields": ",".join(wall.fields.values()), "since": str(int(began.timestamp()) - 1)}
        for page in graph.pages(f"{number}/{wall.edge}", asked):
            shown = [each for each in map(wall.shown, page) if each.at >= began]
            for each in shown:
                if _plain(each.words or "") == _plain(_words(post)):
                    return Published(id=each.id, url=_public(each.address or ""))
            if not shown:
                return None
        return None

    def _graph_of(self, number: str, network: Network) -> Graph:
        if (number, network) not in self._voices:
            self.places()
        voice = self._voices.get((number, network))
        if voice is None:
            what = f"no place on {network} that this connection may publish to"
            raise Invalid(what=what, where=WHERE, field="place")
        return self._graph.speaking_as(voice.token)

    def _on_a_profile(self, graph: Graph, profile: str, post: Post) -> Published:
        told = {"image_url": post.image, "caption": post.text}
        container = graph.prepare(f"{profile}/media", told, _Made).id
        _require_usable(self._patience.through(lambda: _prepared(graph, container)))
        made = graph.write(f"{profile}/media_publish", {"creation_id": container}, _Made)
        return Published(id=made.id, url=_address_of(graph, made.id))


def _voices_of(page: _Page) -> list[_Voice]:
    if not page.access_token:
        return []
    voices = [_Voice(FoundPlace(id=page.id, name=page.name, network=Network.FACEBOOK), page.access_token)]
    if (profile := page.instagram_business_account) is not None:
        place = FoundPlace(id=profile.id, name=profile.username, network=Network.INSTAGRAM)
        voices.append(_Voice(place, page.access_token))
    return voices


def _on_a_page(graph: Graph, page: str, post: Post) -> Published:
    form = {"message": _words(post)}
    if post.image:
        photo = graph.prepare(f"{page}/photos", {"url": post.image, "published": "false"}, _Made)
        form["attached_media"] = canonical([{"media_fbid": photo.id}]).decode()
    elif post.link:
        form["link"] = post.link
    made = graph.write(f"{page}/feed", form, _Made)
    return Published(id=made.id, url=f"https://www.facebook.com/{made.id}")


def _prepared(graph: Graph, container: str) -> _Container:
    said = graph.read_once(container, {"fields": "status_code,status"}, _Container)
    if said.status_code == "IN_PROGRESS":
        raise Transient(what="Instagram is still preparing the picture", where=WHERE)
    return said


def _require_usable(container: _Container) -> None:
    match container.status_code:
        case "FINISHED":
            return
        case "EXPIRED":
            raise Transient(what="Instagram has forgotten the picture", where=WHERE)
        case "ERROR":
            what = container.status or "Instagram cannot use the picture"
            raise Invalid(what=what, where=WHERE, field="image")
        case other:
            raise UnexpectedAnswer(what=f"a picture that is {other!r}", where=WHERE)


def _address_of(graph: Graph, media: str) -> str:
    """Asked for once: what is published is published, whether or not Instagram says where."""
    try:
        return _public(graph.read_once(media, {"fields": "permalink"}, _Link).permalink)
    except ChannelError:
        return ""


def _words(post: Post) -> str:
    return f"{post.text}\n\n{post.link}" if post.image and post.link else post.text


def _plain(words: str) -> str:
    """Without what a network changes about words that are the same: line ends, and white space around them."""
    return words.replace("\r\n", "\n").strip()


def _public(address: str) -> str:
    return address if address.startswith("https://") and len(address) <= _LONGEST_ADDRESS else ""


def _require_network(network: Network) -> None:
    if network not in POST_LIMITS:
        raise Invalid(what=f"Meta does not publish on {network}", where=WHERE, field="network")


def _require_fit(network: Network, post: Post) -> None:
    _require_network(network)
    limits, words = POST_LIMITS[network], _words(post)
    for name, wrong in {
        "text": _trouble_with(words, limits),
        "link": "people cannot follow a link there" if post.link and not limits.takes_link else "",
        "image": "a picture is needed" if limits.needs_image and not post.image else "",
    }.items():
        if wrong:
            raise Invalid(what=wrong, where=f"{WHERE} ({network})", field=name)
    for name in ("link", "image"):
        _require_address(getattr(post, name), name)


def _trouble_with(words: str, limits: PostLimits) -> str:
    """Words are needed, since a post without any could not be found again."""
    hashtags, mentions = len(_HASHTAG.findall(words)), len(_MENTION.findall(words))
    if not words.strip():
        return "words are needed"
    if len(words) > limits.longest_text:
        return f"{len(words)} characters, of {limits.longest_text} at most"
    if limits.most_hashtags is not None and hashtags > limits.most_hashtags:
        return f"{hashtags} hashtags, of {limits.most_hashtags} at most"
    if limits.most_mentions is not None and mentions > limits.most_mentions:
        return f"{mentions} mentions, of {limits.most_mentions} at most"
    return ""


def _require_address(address: str, field: str) -> None:
    try:
        said = urlsplit(address)
        is_one = said.scheme in {"http", "https"} and bool(said.hostname)
    except ValueError:
        is_one = False
    if address and (not is_one or len(address) > _LONGEST_ADDRESS):
        raise Invalid(what="is no address on the public network", where=WHERE, field=field)
