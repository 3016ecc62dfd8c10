"""Reddit's site as the sandbox plays it: one person, the communities that they have joined, and what they posted there."""

from starlette.requests import Request

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.organic import PostHistory, reddit_name
from connectors.sandbox.performance import World
from connectors.sandbox.places import Shown, Walls, places_of
from connectors.sandbox.reddit_answers import Said, listing, site

_PERSON = "lindgruen"
_FIRST_POST = 70_000_000_000
_LONGEST_TITLE, _LONGEST_TEXT = 300, 40_000
_SIGNS = frozenset("\\`*_~^|<>[]&!#+=-.)")
_MARKS = frozenset("*_~^`")


class Communities:
    """Two of those that are joined take no posts of this person: they are banned in one, and the other is closed."""

    def __init__(self, page_rows: int, accepted: Accepted, world: World) -> None:
        self._page_rows, self._clock = page_rows, world.clock
        self._walls = Walls(Channel.REDDIT, accepted)
        self._places = {place.id.casefold(): place for place in places_of(Channel.REDDIT)}
        self._history = PostHistory(world.seed, world.clock)
        self._parts: dict[str, tuple[str, str]] = {}
        self._next = _FIRST_POST

    def me(self, _: Request) -> Said:
        return {"name": _PERSON, "id": "6lndgrn", "has_verified_email": True}

    def joined(self, request: Request) -> Said:
        open_ones = [
            self._about(place.id, subreddit_type="public")
            for place in self._places.values()
            if not place.id.startswith("u_")
        ]
        closed = [
            {**self._about("Strenge_Sitten", subreddit_type="public"), "user_is_banned": True},
            self._about("Nur_Eingeladene", subreddit_type="restricted"),
        ]
        return listing([*open_ones, *closed], "t5", request, self._page_rows)

    def about(self, request: Request) -> Said:
        name = str(request.path_params["place"]).casefold()
        if name not in self._places:
            raise site(404, "Not Found")
        place = self._places[name]
        kind = "user" if place.id.startswith("u_") else "public"
        told = self._about(place.id, subreddit_type=kind)
        return {"kind": "t5", "data": {**told, "subscribers": self._history.followers(place)}}

    def submitted(self, request: Request) -> Said:
        if request.path_params["person"] != _PERSON or request.query_params.get("sort") != "new":
            raise site(403, "Forbidden")
        posts = [
            (place.id, post)
            for place in self._places.values()
            for post in (*self._history.of(place), *self._walls.of(place.id))
        ]
        newest_first = sorted(posts, key=lambda it: (it[1].at, it[1].id), reverse=True)
        return listing(
            [self._submission(place, post) for place, post in newest_first], "t3", request, self._page_rows
        )

    def submit(self, _: Request, form: dict[str, str]) -> Said:
        wrong = self._why_not(form)
        if wrong is not None:
            return {"json": {"errors": [list(wrong)]}}
        place = self._places[form["sr"].casefold()].id
        name = reddit_name(self._next)
        self._next += 1
        title, body, link = form["title"], form.get("text", ""), form.get("url", "")
        self._parts[name] = (title, body)
        self._walls.show(place, Shown(name, _shown(title, body), link, "", self._clock()))
        number = name.removeprefix("t3_")
        address = f"https://www.reddit.com/r/{place}/comments/{number}/"
        return {
            "json": {"errors": [], "data": {"id": number, "name": name, "url": address, "drafts_count": 0}}
        }

    def _why_not(self, form: dict[str, str]) -> tuple[str, str, str] | None:
        title, body = form.get("title", ""), form.get("text", "")
        if form.get("api_type") != "json" or form.get("kind") not in ("self", "link"):
            return "BAD_KIND", "that kind is not known", "kind"
        if form.get("sr", "").casefold() not in self._places:
            return "SUBREDDIT_NOEXIST", "Hmm, that community doesn't exist. Try checking the spelling.", "sr"
        if not title.strip():
            return "NO_TEXT", "we need something here", "title"
        if len(title) > _LONGEST_TITLE:
            return "TOO_LONG", f"this is too long (max: {_LONGEST_TITLE})", "title"
        if len(body) > _LONGEST_TEXT:
            return "TOO_LONG", f"this is too long (max: {_LONGEST_TEXT})", "text"
        if form["kind"] == "link" and not form.get("url", "").startswith("http"):
            return "BAD_URL", "you should check that url", "url"
        return None

    def _about(self, name: str, *, subreddit_type: str) -> Said:
        return {
            "name": f"t5_{sum(map(ord, name))}",
            "display_name": name,
            "subreddit_type": subreddit_type,
            "submission_type": "any",
            "user_is_banned": False,
            "user_is_contributor": False,
            "user_is_moderator": subreddit_type == "user",
        }

    def _submission(self, place: str, post: Shown) -> Said:
        title, body = self._parts.get(post.id, (post.text, ""))
        counters = self._history.counters(post)
        number = post.id.removeprefix("t3_")
        permalink = f"/r/{place}/comments/{number}/"
        return {
            "name": post.id,
            "id": number,
            "author": _PERSON,
            "title": title,
            "selftext": body,
            "subreddit": place,
            "is_self": not post.link,
            "url": post.link or f"https://www.reddit.com{permalink}",
            "permalink": permalink,
            "created_utc": float(int(post.at.timestamp())),
            "score": 1 + counters.reactions,
            "upvote_ratio": 0.97,
            "num_comments": counters.comments,
            "num_crossposts": counters.shares,
            "view_count": None,
            "removed_by_category": None,
            "likes": True,
        }


def _shown(title: str, body: str) -> str:
    """A title that is cut off says no more than the words below it."""
    words = as_readers_see(body)
    if title.endswith("…") and words.startswith(title[:-1]):
        return words
    return f"{title}\n\n{words}" if words else title


def as_readers_see(markdown: str) -> str:
    """Marks are not seen, unless a backslash stands before them; a line goes on unless two spaces end it."""
    seen: list[str] = []
    letters = iter(markdown.replace("\n\n", "\0\0").replace("  \n", "\0").replace("\n", " "))
    for letter in letters:
        if letter == "\\":
            following = next(letters, "")
            seen.append(following if following in _SIGNS else f"\\{following}")
        elif letter not in _MARKS:
            seen.append(letter)
    return "".join(seen).replace("\0", "\n")
