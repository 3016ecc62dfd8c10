"""Reddit itself as one person sees it: who they are, where they may post, and what they have posted."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from connectors.answers import shaped
from connectors.errors import Invalid, UnexpectedAnswer
from connectors.publishing import FoundPlace, Network
from connectors.reddit_api import WHERE, RedditApi

POST = re.compile(r"t3_[0-9a-z]{1,13}")

_PERSON = re.compile(r"[A-Za-z0-9_-]{3,20}")
_PLACE = re.compile(r"u_[A-Za-z0-9_-]{3,20}|[A-Za-z0-9][A-Za-z0-9_]{1,20}")
_AFTER = re.compile(r"t[0-9]_[0-9a-z]{1,13}")
_PAGE = 100
# Reddit lists a thousand of anything, and no more.
_MOST_PAGES = 50
_OPEN_TO_ALL = frozenset({"public", "user"})


class Posted(msgspec.Struct):
    name: str
    title: str = ""
    subreddit: str = ""
    selftext: str = ""
    url: str = ""
    is_self: bool = True
    created_utc: Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)] = 0
    score: int | None = None
    num_comments: int | None = None
    num_crossposts: int | None = None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(int(self.created_utc), UTC)


class Place(msgspec.Struct):
    display_name: str
    subscribers: int | None = None
    subreddit_type: str | None = None
    user_is_banned: bool | None = None
    user_is_contributor: bool | None = None
    user_is_moderator: bool | None = None

    @property
    def takes_posts(self) -> bool:
        """Of this person; whether links or words, the place's own rules say when something is posted."""
        is_open = self.subreddit_type in _OPEN_TO_ALL or self.user_is_contributor or self.user_is_moderator
        return bool(is_open) and not self.user_is_banned and bool(_PLACE.fullmatch(self.display_name))


class _Me(msgspec.Struct):
    name: str


class _Thing(msgspec.Struct):
    data: Any


class _Things(msgspec.Struct):
    children: list[_Thing]
    after: str | None = None


class _Listing(msgspec.Struct):
    data: _Things


class RedditSite:
    """What one person's grant lets us see."""

    def __init__(self, api: RedditApi) -> None:
        self._api = api
        self._name = ""

    def places(self) -> list[FoundPlace]:
        """Their own profile, and the communities that they have joined and that let them post."""
        joined = (
            shaped(said, Place, where=WHERE)
            for page in self._pages("subreddits/mine/subscriber", {})
            for said in page
        )
        names = [f"u_{self._person()}", *(it.display_name for it in joined if it.takes_posts)]
        return [
            FoundPlace(id=name, name=_called(name), network=Network.REDDIT) for name in dict.fromkeys(names)
        ]

    def place(self, place: str) -> Place:
        return shaped(self._thing(f"r/{place}/about"), Place, where=WHERE)

    def posted_since(self, place: str, since: datetime) -> Iterator[tuple[Posted, Any]]:
        """What this person has posted there, newest first, each beside what was said of it.

        They may have pinned something older, which comes before the others: only a page without anything young is the last.
        """
        begins = int(since.timestamp())
        asked = {"sort": "new"}
        for page in self._pages(f"user/{quote(self._person())}/submitted", asked):
            young = [
                (posted, said)
                for said in page
                if (posted := shaped(said, Posted, where=WHERE)).created_utc >= begins
            ]
            if not young:
                return
            yield from (pair for pair in young if pair[0].subreddit.casefold() == place.casefold())

    def _person(self) -> str:
        if not self._name:
            name = shaped(self._api.look("api/v1/me"), _Me, where=WHERE).name
            if not _PERSON.fullmatch(name):
                raise UnexpectedAnswer(what="a person with no name", where=WHERE)
            self._name = name
        return self._name

    def _pages(self, path: str, asked: Mapping[str, str]) -> Iterator[list[Any]]:
        following: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            said = self._api.look(path, {**asked, "limit": str(_PAGE), **following})
            things = shaped(said, _Listing, where=WHERE).data
            yield [thing.data for thing in things.children]
            if not things.after:
                return
            if things.after == following.get("after") or not _AFTER.fullmatch(things.after):
                raise UnexpectedAnswer(what="a list without an end", where=WHERE)
            following = {"after": things.after}

    def _thing(self, path: str) -> Any:
        return shaped(self._api.look(path), _Thing, where=WHERE).data


def place_named(place: str, network: Network) -> str:
    """A community's or a profile's name, which goes into a path."""
    if network is not Network.REDDIT:
        raise Invalid(what=f"Reddit does not publish on {network}", where=WHERE, field="network")
    if not _PLACE.fullmatch(place):
        raise Invalid(
            what="a community is named without its r/, a profile like u_somebody", where=WHERE, field="place"
        )
    return place


def address_of(post: str) -> str:
    return f"https://www.reddit.com/comments/{post.removeprefix('t3_')}" if POST.fullmatch(post) else ""


def _called(place: str) -> str:
    return f"u/{place.removeprefix('u_')}" if place.startswith("u_") else f"r/{place}"
