"""LinkedIn's organisations: who may speak for them, and what they have posted."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from connectors import restli
from connectors.answers import shaped
from connectors.errors import Invalid, TooMuchData
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import Number
from connectors.publishing import FoundPlace, Network
from connectors.restli import Encoded

POST = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,30}")
FINDER = {"x-restli-method": "FINDER"}

_ORGANIZATION = "organization"
_MAY_POST = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR"})
_PAGE = 100
_MOST_PAGES = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Milliseconds, as far as a date can be told.
_Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]


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


class Posted(msgspec.Struct, rename="camel"):
    id: str
    commentary: str = ""
    created_at: _Moment = 0
    published_at: _Moment | None = None

    @property
    def at(self) -> datetime:
        """One that was scheduled is made before it appears."""
        return _EPOCH + timedelta(milliseconds=self.published_at or self.created_at)


class _Paging(msgspec.Struct):
    count: Number = 0


class _Page(msgspec.Struct):
    elements: list[Any]
    paging: _Paging = msgspec.field(default_factory=_Paging)


class Organizations:
    """Those in whose name one connection may publish."""

    def __init__(self, api: LinkedInApi) -> None:
        self._api = api

    def found(self) -> list[FoundPlace]:
        """The organisations whose roles let this member publish; pages of brands and schools are left out."""
        numbers = sorted(set(self._numbers()))
        names = self._names(numbers) if numbers else {}
        return [
            FoundPlace(id=number, name=names.get(number, number), network=Network.LINKEDIN)
            for number in numbers
        ]

    def posted_since(self, author: str, since: datetime) -> Iterator[list[tuple[Posted, Any]]]:
        """What is young enough, page by page and newest first, each post beside what was said of it."""
        asked = {
            "q": restli.text("author"),
            "author": restli.text(author),
            "sortBy": restli.text("CREATED"),
        }
        for elements in self._pages("posts", asked):
            posted = shaped(elements, list[Posted], where=WHERE)
            young = [(each, said) for each, said in zip(posted, elements, strict=True) if each.at >= since]
            if not young:
                return
            yield young

    def _numbers(self) -> Iterator[str]:
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
            page = shaped(self._api.ask(path, {**asked, **window}, FINDER), _Page, where=WHERE)
            if not page.elements:
                return
            yield page.elements
            start += page.paging.count or _PAGE
        raise TooMuchData(what=f"more of {path} than can be looked through", where=WHERE)


def author_of(place: str, network: Network) -> str:
    if network is not Network.LINKEDIN:
        raise Invalid(what=f"LinkedIn does not publish on {network}", where=WHERE, field="network")
    if not re.fullmatch(r"[0-9]{1,18}", place):
        raise Invalid(what="an organisation is named by its number", where=WHERE, field="place")
    return restli.urn(_ORGANIZATION, place)


def address_of(urn: str) -> str:
    return f"https://www.linkedin.com/feed/update/{urn}" if POST.fullmatch(urn) else ""
