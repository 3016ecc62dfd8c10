"""Publishing on Facebook's pages and Instagram's profiles, and looking for what was published there.

A picture is handed over first, seen by nobody; the last request is the one that publishes. Facebook shows a link or a
picture: beside a picture, the link stands at the end of the words.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from connectors.answers import canonical
from connectors.errors import ChannelError, Invalid, Transient, UnexpectedAnswer
from connectors.meta_graph import WHERE, Graph
from connectors.meta_places import WALLS, Number, Places, appeared_since, asked_since, public
from connectors.publishing import Network, Post, PostLimits, Published
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

_LONGEST_ADDRESS = 2_000
_MOST_LOOKS = 20
_HASHTAG = re.compile(r"#\w+")
_MENTION = re.compile(r"(?<![\w@])@[\w.]+")


class _Made(msgspec.Struct):
    id: Number


class _Container(msgspec.Struct):
    status_code: str
    status: str = ""


class _Link(msgspec.Struct):
    permalink: str = ""


class Posts:
    """What one token may publish."""

    def __init__(self, places: Places, patience: Patience) -> None:
        self._places = places
        self._patience = replace(patience, attempts=_MOST_LOOKS)

    def publish(self, place: str, network: Network, post: Post) -> Published:
        _require_fit(network, post)
        voice = self._places.voice(place, network)
        if network is Network.INSTAGRAM:
            return self._on_a_profile(voice.graph, voice.place.id, post)
        return _on_a_page(voice.graph, voice.place.id, post)

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        voice, words = self._places.voice(place, network), _plain(_words(post))
        wall = WALLS[network]
        asked = {"fields": ",".join(wall.fields.values()), **asked_since(since)}
        pages = voice.graph.pages(f"{voice.place.id}/{wall.edge}", asked)
        shown = (list(map(wall.shown, page)) for page in pages)
        for each in appeared_since(shown, since, lambda each: each.at):
            if _plain(each.words or "") == words:
                return Published(id=each.id, url=each.url)
        return None

    def _on_a_profile(self, graph: Graph, profile: str, post: Post) -> Published:
        told = {"image_url": post.image, "caption": post.text}
        container = graph.prepare(f"{profile}/media", told, _Made).id
        _require_usable(self._patience.through(lambda: _prepared(graph, container)))
        made = graph.write(f"{profile}/media_publish", {"creation_id": container}, _Made)
        return Published(id=made.id, url=_address_of(graph, made.id))


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
        return public(graph.read_once(media, {"fields": "permalink"}, _Link).permalink)
    except ChannelError:
        return ""


def _words(post: Post) -> str:
    return f"{post.text}\n\n{post.link}" if post.image and post.link else post.text


def _plain(words: str) -> str:
    """Without what a network changes about words that are the same: line ends, and white space around them."""
    return words.replace("\r\n", "\n").strip()


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
