"""What became of organisations' posts as the sandbox's LinkedIn tells it: counters in lists, and followers."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from starlette.requests import Request

from connectors.sandbox.linkedin_answers import Asked, Refused, Said, error, require_finder, window, wrong
from connectors.sandbox.organic import PostHistory
from connectors.sandbox.places import Place, Shown

ORGANIZATION = "urn:li:organization:"
_LIST = re.compile(r"List\(([^()]+)\)")
_LISTS = {"shares": ("share", "urn:li:share:"), "ugcPosts": ("ugcPost", "urn:li:ugcPost:")}


class PostStatistics:
    def __init__(
        self,
        page_rows: int,
        history: PostHistory,
        places: Mapping[str, Place],
        shown: Callable[[str], list[Shown]],
    ) -> None:
        self._page_rows, self._history, self._places, self._shown = page_rows, history, places, shown

    def of_posts(self, request: Request, asked: Asked) -> Said:
        """One that nothing is told of refuses them all."""
        require_finder(request, asked, "organizationalEntity")
        author = unquote(asked.get("organizationalEntity", ""))
        place = self._place_of(author, "GET /organizationalEntityShareStatistics")
        posts = {post.id: post for post in self._shown(place.id)}
        rows: list[Said] = []
        for name, (called, begins) in _LISTS.items():
            for number, urn in enumerate(_listed(asked, name)):
                post = posts.get(urn)
                if not urn.startswith(begins) or post is None or not self._history.is_told_of(post):
                    raise _unpermitted(f"/{name}[{number}]")
                rows.append({"organizationalEntity": author, called: urn, **self._totals(post)})
        return window(rows, asked, page_rows=self._page_rows)

    def followers(self, request: Request, asked: Asked) -> Said:
        if asked.get("edgeType") != "COMPANY_FOLLOWED_BY_MEMBER":
            raise wrong("edgeType", "Invalid value for param; wrong type or other syntax error")
        place = self._place_of(str(request.path_params["organization"]), "GET /networkSizes")
        return {"firstDegreeSize": self._history.followers(place)}

    def _totals(self, post: Shown) -> Said:
        counters = self._history.counters(post)
        engaged = counters.clicks + counters.reactions + counters.comments + counters.shares
        return {
            "totalShareStatistics": {
                "impressionCount": counters.views,
                "uniqueImpressionsCount": counters.reach,
                "clickCount": counters.clicks,
                "likeCount": counters.reactions,
                "commentCount": counters.comments,
                "shareCount": counters.shares,
                "engagement": engaged / counters.views if counters.views else 0.0,
            }
        }

    def _place_of(self, urn: str, what: str) -> Place:
        number = urn.removeprefix(ORGANIZATION)
        if number == urn or not number.isdigit():
            raise wrong("organizationalEntity", "Invalid value for param; wrong type or other syntax error")
        if number not in self._places:
            raise Refused(
                error(403, "ACCESS_DENIED", f"Not enough permissions to access: {what}", service_code=100)
            )
        return self._places[number]


def _listed(asked: Asked, name: str) -> list[str]:
    """URNs, encoded as they have to be."""
    if name not in asked:
        return []
    listed = _LIST.fullmatch(asked[name])
    if listed is None or ":" in listed[1]:
        raise wrong(name, "Invalid value for param; wrong type or other syntax error")
    return [unquote(urn) for urn in listed[1].split(",")]


def _unpermitted(field: str) -> Refused:
    message = f"Unpermitted fields present in PARAMETER: Data Processing Exception while processing fields [{field}]"
    return Refused(error(403, "ACCESS_DENIED", message, service_code=100))
