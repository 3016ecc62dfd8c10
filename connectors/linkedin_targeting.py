"""Whom LinkedIn shows ads to: a campaign's criteria, with countries by their codes and other places by their names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from connectors import restli
from connectors.answers import shaped
from connectors.errors import Forbidden, Invalid
from connectors.inventory import Audience, distinct
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_new_campaign import plain

_FACET = "urn:li:adTargetingFacet:"
_LOCATIONS = frozenset({"locations", "profileLocations"})
_LANGUAGES, _AGES = "interfaceLocales", "ageRanges"
_LISTS = frozenset({"audienceMatchingSegments", "dynamicSegments"})
_GEO = re.compile(r"urn:li:geo:[0-9]{1,19}")
_LOCALE = re.compile(r"urn:li:locale:([a-z]{2})_[A-Z]{2}")
_AGE = re.compile(r"urn:li:ageRange:\(([0-9]{1,10}),([0-9]{1,10})\)")
_NO_END = 2**31 - 1
_AT_ONCE = 100

Facets = dict[str, list[str]]


class _Or(msgspec.Struct):
    any_of: Facets = msgspec.field(name="or", default_factory=dict)


class _And(msgspec.Struct):
    all_of: list[_Or] = msgspec.field(name="and", default_factory=list)


class _Entity(msgspec.Struct):
    urn: str
    name: str = ""


class _Entities(msgspec.Struct):
    elements: list[_Entity]


class Geography:
    """The names of the places in these criteria, asked for at once; what LinkedIn does not name keeps its URN."""

    def __init__(self, api: LinkedInApi, criteria: Iterable["Criteria"]) -> None:
        self._names: dict[str, str] = {}
        used = distinct(urn for each in criteria for urn in each.places() if _GEO.fullmatch(urn))
        for start in range(0, len(used), _AT_ONCE):
            self._names |= _names(api, used[start : start + _AT_ONCE])
        self._countries: Mapping[str, str] = _countries() if used else {}

    def countries(self, urns: Iterable[str]) -> Iterator[str]:
        return (code for urn in urns if (code := self._country(urn)))

    def places(self, urns: Iterable[str]) -> Iterator[str]:
        return (self._names.get(urn) or urn for urn in urns if not self._country(urn))

    def _country(self, urn: str) -> str:
        return self._countries.get(plain(self._names.get(urn, "")), "")


class Criteria(msgspec.Struct):
    """Members have to be in each of what is included and in none of what is excluded."""

    include: _And = msgspec.field(default_factory=_And)
    exclude: _Or = msgspec.field(default_factory=_Or)

    def places(self) -> Iterator[str]:
        yield from _of(self._included(), _LOCATIONS)
        yield from _of(self._excluded(), _LOCATIONS)

    def audience(self, geography: Geography) -> Audience:
        wanted, excluded = self._included(), self._excluded()
        places, elsewhere = list(_of(wanted, _LOCATIONS)), list(_of(excluded, _LOCATIONS))
        youngest, oldest = _ages(_of(wanted, {_AGES}))
        return Audience(
            countries=distinct(geography.countries(places)),
            places=distinct(geography.places(places)),
            languages=distinct(map(_language, _of(wanted, {_LANGUAGES}))),
            youngest=youngest,
            oldest=oldest,
            lists=distinct(_of(wanted, _LISTS)),
            without=distinct(
                (
                    *geography.countries(elsewhere),
                    *geography.places(elsewhere),
                    *_of(excluded, _LISTS),
                )
            ),
        )

    def _included(self) -> list[tuple[str, list[str]]]:
        return [facet for either in self.include.all_of for facet in either.any_of.items()]

    def _excluded(self) -> list[tuple[str, list[str]]]:
        return list(self.exclude.any_of.items())


def _of(facets: list[tuple[str, list[str]]], names: Iterable[str]) -> Iterator[str]:
    wanted = {f"{_FACET}{name}" for name in names}
    return (value for facet, values in facets if facet in wanted for value in values)


def _names(api: LinkedInApi, urns: tuple[str, ...]) -> dict[str, str]:
    asked = {
        "q": restli.text("urns"),
        "queryVersion": restli.text("QUERY_USES_URNS"),
        "urns": restli.listed(urns),
        "locale": restli.record(language=restli.text("en"), country=restli.text("US")),
    }
    try:
        told: Any = api.ask("adTargetingEntities", asked)
    except (Forbidden, Invalid):  # a listing does not fail for want of names
        return {}
    return {each.urn: each.name for each in shaped(told, _Entities, where=WHERE).elements}


def _countries() -> dict[str, str]:
    from babel import Locale

    territories = Locale("en").territories.items()
    return {plain(name): code for code, name in territories if len(code) == 2 and code.isalpha()}


def _language(urn: str) -> str:
    locale = _LOCALE.fullmatch(urn)
    return locale[1] if locale else urn


def _ages(urns: Iterable[str]) -> tuple[int | None, int | None]:
    bands = [(int(band[1]), int(band[2])) for urn in urns if (band := _AGE.fullmatch(urn))]
    if not bands:
        return None, None
    oldest = max(band[1] for band in bands)
    return min(band[0] for band in bands), None if oldest >= _NO_END else oldest
