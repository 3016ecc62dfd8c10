"""LinkedIn's posts in the name of organisations."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from connectors import little_text, restli
from connectors.answers import Answer, shaped
from connectors.errors import Invalid, TooMuchData, UnknownOutcome
from connectors.face import Wire
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import Number
from connectors.linkedin_pictures import LinkedInPictures
from connectors.publishing import FoundPlace, Network, Post, PostLimits, Published
from connectors.restli import Encoded

LIMITS = PostLimits(longest_text=3000)

_ORGANIZATION = "organization"
_MAY_POST = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR"})
_POST = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,30}")
_FINDER = {"x-restli-method": "FINDER"}
_PAGE = 100
_MOST_PAGES = 50
_LONGEST_LINK = 2000
_LONGEST_TITLE = 200


class _Role(msgspec.Struct, rename="camel"):
    """Older versions name the organisation differently."""

    role: str = ""
    organization: str = ""
    organization_target: str = ""

    @property
    def of(self) -> str:
        return self.organization or self.organization_target


class _Organization(msgspec.Struct, rename="camel"):
    localized_name: str = ""


class _Organizations(msgspec.Struct):
    results: dict[str, _Organization]


class _Shown(msgspec.Struct, rename="camel"):
    id: str
    commentary: str = ""
    created_at: Number = 0


class _Paging(msgspec.Struct):
    count: Number = 0


class _Page(msgspec.Struct):
    elements: list[Any]
    paging: _Paging = msgspec.field(default_factory=_Paging)


class LinkedInPosts:
    """One connection's word for its organisations."""

    def __init__(self, api: LinkedInApi, wire: Wire) -> None:
        self._api = api
        self._pictures = LinkedInPictures(api, wire)

    def places(self) -> list[FoundPlace]:
        """The organisations whose roles let this member publish; pages of brands and schools are left out."""
        numbers = sorted(set(self._organizations()))
        names = self._names(numbers) if numbers else {}
        return [
            FoundPlace(id=number, name=names.get(number, number), network=Network.LINKEDIN)
            for number in numbers
        ]

    def publish(self, place: str, network: Network, post: Post) -> Published:
        author = _author(place, network)
        words = _words(post)
        body: dict[str, Any] = {
            "author": author,
            "commentary": little_text.escaped(words),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if post.image:
            body["content"] = {"media": {"id": self._pictures.bring(post.image, author)}}
        elif post.link:
            body["content"] = {"article": {"source": post.link, "title": _title(words)}}
        return _published(_id_made(self._api.make("posts", body)))

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """By words alone, whatever became of the white space between them."""
        wanted = _words(post).split()
        for shown in self._shown_since(_author(place, network), since):
            if wanted in (little_text.plain(shown.commentary).split(), shown.commentary.split()):
                return _published(shown.id)
        return None

    def _shown_since(self, author: str, since: datetime) -> Iterator[_Shown]:
        asked = {
            "q": restli.text("author"),
            "author": restli.text(author),
            "sortBy": restli.text("CREATED"),
        }
        began = since.timestamp() * 1000
        for elements in self._pages("posts", asked):
            page = shaped(elements, list[_Shown], where=WHERE)
            late_enough = [shown for shown in page if shown.created_at >= began]
            yield from late_enough
            if not late_enough:
                return

    def _organizations(self) -> Iterator[str]:
        asked = {"q": restli.text("roleAssignee"), "state": restli.text("APPROVED")}
        for elements in self._pages("organizationAcls", asked):
            for role in shaped(elements, list[_Role], where=WHERE):
                if role.role in _MAY_POST and role.of.startswith(restli.urn(_ORGANIZATION, "")):
                    yield restli.number_of(role.of, _ORGANIZATION, where=WHERE)

    def _names(self, numbers: list[str]) -> dict[str, str]:
        said = self._api.ask("organizationsLookup", {"ids": restli.listed(numbers)})
        known = shaped(said, _Organizations, where=WHERE).results
        return {number: found.localized_name for number, found in known.items() if found.localized_name}

    def _pages(self, path: str, asked: Mapping[str, Encoded]) -> Iterator[list[Any]]:
        """Until one is empty: a page may be shorter than it was asked to be, and still not the last."""
        start = 0
        for _ in range(_MOST_PAGES):
            window = {"start": restli.text(start), "count": restli.text(_PAGE)}
            page = shaped(self._api.ask(path, {**asked, **window}, _FINDER), _Page, where=WHERE)
            if not page.elements:
                return
            yield page.elements
            start += page.paging.count or _PAGE
        raise TooMuchData(what=f"more of {path} than can be looked through", where=WHERE)


def _author(place: str, network: Network) -> str:
    if network is not Network.LINKEDIN:
        raise Invalid(what=f"LinkedIn does not publish on {network}", where=WHERE, field="network")
    if not re.fullmatch(r"[0-9]{1,18}", place):
        raise Invalid(what="an organisation is named by its number", where=WHERE, field="place")
    return restli.urn(_ORGANIZATION, place)


def _words(post: Post) -> str:
    """What readers see: a picture has no room for a link, which then follows the text."""
    if not post.text.strip():
        raise Invalid(what="a post on LinkedIn says something", where=WHERE, field="text")
    if post.link and (not post.link.startswith(("https://", "http://")) or len(post.link) > _LONGEST_LINK):
        raise Invalid(
            what=f"is no web address of up to {_LONGEST_LINK} characters", where=WHERE, field="link"
        )
    words = post.text
    if post.image and post.link and post.link not in words:
        words = f"{words}\n\n{post.link}"
    if _length(words) > LIMITS.longest_text:
        raise Invalid(what=f"is longer than {LIMITS.longest_text} characters", where=WHERE, field="text")
    return words


def _length(words: str) -> int:
    """In units of UTF-16, where most emoji count twice: no other way of counting finds more."""
    try:
        return len(words.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Invalid(what="holds half a character", where=WHERE, field="text") from None


def _title(words: str) -> str:
    """A card of a link has a title of its own: the first line of the post."""
    first = words.strip().splitlines()[0]
    return first if len(first) <= _LONGEST_TITLE else f"{first[: _LONGEST_TITLE - 1]}…"


def _published(urn: str) -> Published:
    url = f"https://www.linkedin.com/feed/update/{urn}" if _POST.fullmatch(urn) else ""
    return Published(id=urn, url=url)


def _id_made(answer: Answer) -> str:
    urn = answer.headers.get("x-restli-id", "")
    if not _POST.fullmatch(urn):
        raise UnknownOutcome(what="published, but its URN was not told", where=WHERE)
    return urn
