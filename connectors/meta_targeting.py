"""Whom and where Meta shows ads: an ad set's targeting, with languages by their letters."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from connectors.errors import Forbidden, Invalid
from connectors.inventory import Audience, distinct
from connectors.meta_graph import Graph

_VARIANT = re.compile(r" \(.*\)$")
_OLDEST = 65
_MOST_LANGUAGES = 1000


class _Place(msgspec.Struct):
    """A region, a city or a market has a name, a code of the post only its key, a point on the map neither."""

    key: str | int = ""
    name: str = ""
    country: str = ""
    address_string: str = ""
    latitude: float | None = None
    longitude: float | None = None

    def __str__(self) -> str:
        if not (named := self.name or self.address_string or str(self.key)):
            return "" if self.latitude is None else f"{self.latitude}, {self.longitude}"
        return f"{named}, {self.country}" if self.country and self.name else named


class _Places(msgspec.Struct):
    countries: list[str] = []
    country_groups: list[str] = []
    regions: list[_Place] = []
    cities: list[_Place] = []
    zips: list[_Place] = []
    geo_markets: list[_Place] = []
    custom_locations: list[_Place] = []

    def finer(self) -> Iterator[str]:
        yield from self.country_groups
        for kind in (self.regions, self.cities, self.zips, self.geo_markets, self.custom_locations):
            yield from map(str, kind)


class _List(msgspec.Struct):
    id: str | int = ""
    name: str = ""

    def __str__(self) -> str:
        return self.name or str(self.id)


class Targeting(msgspec.Struct):
    """A platform without positions is used wherever Meta likes."""

    geo_locations: _Places = msgspec.field(default_factory=_Places)
    excluded_geo_locations: _Places = msgspec.field(default_factory=_Places)
    locales: list[int] = []
    age_min: int | None = None
    age_max: int | None = None
    custom_audiences: list[_List] = []
    excluded_custom_audiences: list[_List] = []
    publisher_platforms: list[str] = []
    facebook_positions: list[str] = []
    instagram_positions: list[str] = []
    messenger_positions: list[str] = []
    audience_network_positions: list[str] = []
    whatsapp_positions: list[str] = []
    threads_positions: list[str] = []

    def placements(self) -> tuple[str, ...]:
        return distinct(
            f"{platform} {position}".strip()
            for platform in self.publisher_platforms
            for position in getattr(self, f"{platform}_positions", None) or ("",)
        )


def audience(targeting: Targeting, languages: Mapping[int, str]) -> Audience:
    """At Meta 65 is everybody who is older, too."""
    wanted, excluded = targeting.geo_locations, targeting.excluded_geo_locations
    return Audience(
        countries=distinct(wanted.countries),
        places=distinct(wanted.finer()),
        languages=distinct(languages.get(key) or str(key) for key in targeting.locales),
        youngest=targeting.age_min,
        oldest=None if targeting.age_max is None or targeting.age_max >= _OLDEST else targeting.age_max,
        lists=distinct(map(str, targeting.custom_audiences)),
        without=distinct(
            (*map(str, targeting.excluded_custom_audiences), *excluded.countries, *excluded.finer())
        ),
    )


class _Locale(msgspec.Struct):
    key: int
    name: str = ""


class _Locales(msgspec.Struct):
    data: list[_Locale]


def languages_of(graph: Graph) -> dict[int, str]:
    """Meta numbers languages and names them in English, some by country: English (UK) is en.

    A listing does not fail for want of them: what has no name keeps its number.
    """
    from babel import Locale

    letters = {name: code for code, name in Locale("en").languages.items() if len(code) == 2}
    asked = {"type": "adlocale", "limit": str(_MOST_LANGUAGES)}
    try:
        told = graph.read("search", asked, _Locales).data
    except (Forbidden, Invalid):
        return {}
    return {each.key: letters.get(_VARIANT.sub("", each.name), each.name) for each in told}
