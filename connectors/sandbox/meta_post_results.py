"""What became of posts as the sandbox's Meta tells it: counters as fields, insights by name, and many questions in one request."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from connectors.publishing import Network
from connectors.sandbox.meta_fields import Wanted, expanded
from connectors.sandbox.meta_graph import Asked, Refused, Said, chosen, no_such_object
from connectors.sandbox.organic import Counters, PostHistory
from connectors.sandbox.places import Place, Shown

MOST_TOGETHER = 50

_INSIGHTS: Mapping[Network, Mapping[str, Callable[[Counters], int]]] = MappingProxyType(
    {
        Network.FACEBOOK: {
            "post_media_view": lambda counters: counters.views,
            "post_total_media_view_unique": lambda counters: counters.reach,
            "post_clicks": lambda counters: counters.clicks,
        },
        Network.INSTAGRAM: {
            "views": lambda counters: counters.views,
            "reach": lambda counters: counters.reach,
            "shares": lambda counters: counters.shares,
            "saved": lambda counters: counters.saves,
            "ig_reels_video_view_total_time": lambda counters: counters.watched_milliseconds,
        },
    }
)
_OF_REELS = frozenset({"ig_reels_video_view_total_time"})
# Younger, here, than some posts.
_YOUNG_METRIC = "post_media_view"
_PERMISSION = {Network.FACEBOOK: "read_insights", Network.INSTAGRAM: "instagram_manage_insights"}
_KINDS = (("IMAGE", "FEED"), ("CAROUSEL_ALBUM", "FEED"), ("VIDEO", "REELS"))


class _Question(msgspec.Struct):
    relative_url: str
    method: str = "GET"


class PostTold:
    """Tells of a post what is asked; `found` gives a post by its number, with the place that it stands in."""

    def __init__(self, history: PostHistory, found: Callable[[str], tuple[Place, Shown] | None]) -> None:
        self._history, self._found = history, found

    def fields(self, asked: Asked, place: Place, post: Shown) -> Said:
        wanted = expanded(asked.get("fields"))
        if wanted is None:
            raise Refused(400, 2500, "Syntax error in the field expansion")
        known = self._values(asked, place, post)
        for name in wanted:
            if name not in known:
                raise Refused(400, 100, f"(#100) Tried accessing nonexisting field ({name})")
        told = {name: known[name](each) for name, each in wanted.items()}
        return {"id": post.id, **{name: value for name, value in told.items() if value is not None}}

    def together(self, asked: Asked) -> list[Said]:
        """Each with a status and a body of its own, in the order of the questions."""
        questions = asked.json("batch", list[_Question])
        if len(questions) > MOST_TOGETHER:
            what = f"(#100) Too many requests in batch message. Maximum batch size is {MOST_TOGETHER}"
            raise Refused(400, 100, what)
        return [self._alone(asked, question) for question in questions]

    def _alone(self, asked: Asked, question: _Question) -> Said:
        address = urlsplit(question.relative_url)
        number, _, edge = address.path.partition("/")
        given = dict(parse_qsl(address.query))
        try:
            if question.method != "GET" or edge != "insights":
                raise Refused(400, 2500, "Unknown path components")
            if (found := self._found(number)) is None:
                raise no_such_object(number)
            fields = frozenset(given["fields"].split(",")) if "fields" in given else frozenset[str]()
            wanted = Wanted({"metric": given.get("metric", "")}, fields)
            said = self._insights(asked, *found, wanted)
        except Refused as refused:
            return {"code": refused.answer.status_code, "body": bytes(refused.answer.body).decode()}
        return {"code": 200, "body": msgspec.json.encode(said).decode()}

    def _values(self, asked: Asked, place: Place, post: Shown) -> dict[str, Callable[[Wanted], Any]]:
        counters = self._history.counters(post)
        at = post.at.strftime("%Y-%m-%dT%H:%M:%S+0000")
        if place.network is Network.FACEBOOK:
            return {
                "id": lambda _: post.id,
                "message": lambda _: post.text or None,
                "created_time": lambda _: at,
                "permalink_url": lambda _: f"https://www.facebook.com/{post.id.replace('_', '/posts/')}",
                # It is not there where nobody has shared the post.
                "shares": lambda _: {"count": counters.shares} if counters.shares else None,
                "reactions": lambda wanted: _edge(wanted, counters.reactions),
                "comments": lambda wanted: _edge(wanted, counters.comments),
                "insights": lambda wanted: self._insights(asked, place, post, wanted),
            }
        kind, product = kind_of(post)
        return {
            "id": lambda _: post.id,
            "caption": lambda _: post.text or None,
            "timestamp": lambda _: at,
            "permalink": lambda _: f"https://www.instagram.com/p/{post.id}/",
            "media_type": lambda _: kind,
            "media_product_type": lambda _: product,
            "like_count": lambda _: counters.reactions,
            "comments_count": lambda _: counters.comments,
            "insights": lambda wanted: self._insights(asked, place, post, wanted),
        }

    def _insights(self, asked: Asked, place: Place, post: Shown, wanted: Wanted) -> Said:
        _require_permission(asked, place.network)
        known, counters = _INSIGHTS[place.network], self._history.counters(post)
        metrics = [name for name in wanted.modifiers.get("metric", "").split(",") if name]
        if not metrics:
            raise Refused(400, 3001, "(#3001) No metric was specified to be fetched", subcode=1504028)
        for name in metrics:
            self._require_told(place, post, name)
        rows = (
            {
                "name": name,
                "period": "lifetime",
                "values": [{"value": known[name](counters)}],
                "title": name.replace("_", " ").title(),
                "id": f"{post.id}/insights/{name}/lifetime",
            }
            for name in metrics
        )
        again = asked.request.url.include_query_params(access_token=asked.token)
        # Even the list within a post says how it goes on, with the token.
        return {
            "data": [chosen(row, set(wanted.fields or row)) for row in rows],
            "paging": {"previous": str(again), "next": str(again)},
        }

    def _require_told(self, place: Place, post: Shown, metric: str) -> None:
        if metric not in _INSIGHTS[place.network]:
            names = ", ".join(_INSIGHTS[place.network])
            raise Refused(400, 100, f"(#100) metric[0] must be one of the following values: {names}")
        if metric in _OF_REELS and kind_of(post)[1] != "REELS":
            what = f"(#100) The Media Insights API does not support the {metric} metric for this media"
            raise Refused(400, 100, what)
        if self._history.is_told_of(post):
            return
        if place.network is Network.INSTAGRAM:
            raise Refused(400, 100, "Media posted before business account conversion", subcode=2108006)
        if metric == _YOUNG_METRIC:
            raise Refused(400, 100, "(#100) The value must be a valid insights metric")


def kind_of(post: Shown) -> tuple[str, str]:
    """What is published in the sandbox has a picture, and the past has something of everything."""
    return _KINDS[0] if post.image else _KINDS[int(post.id) % len(_KINDS)]


def _edge(wanted: Wanted, count: int) -> Said:
    edge: Said = {"data": []}
    if "summary" in wanted.modifiers:
        edge["summary"] = {"total_count": count}
    return edge


def _require_permission(asked: Asked, network: Network) -> None:
    if asked.may(permission := _PERMISSION[network]):
        return
    if network is Network.INSTAGRAM:
        raise Refused(400, 10, "(#10) Application does not have permission for this action")
    raise Refused(403, 200, f"(#200) The permission {permission} is needed to read insights")
