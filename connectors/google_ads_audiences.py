"""Whom Google Ads shows ads to: the criteria of campaigns and ad groups, with countries and languages by their codes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from connectors import gaql
from connectors.answers import shaped
from connectors.google_ads_api import WHERE, GoogleAdsApi
from connectors.inventory import Audience, distinct

_LISTS = (
    "USER_LIST",
    "USER_INTEREST",
    "CUSTOM_AUDIENCE",
    "CUSTOM_AFFINITY",
    "COMBINED_AUDIENCE",
    "AUDIENCE",
    "LIFE_EVENT",
)
_KINDS = gaql.listed(("LOCATION", "PROXIMITY", "LANGUAGE", "AGE_RANGE", *_LISTS))
_NARROWING = (
    "{it}.criterion_id, {it}.type, {it}.negative, {it}.display_name, {it}.location.geo_target_constant, "
    "{it}.language.language_constant, {it}.age_range.type"
)
_OF_CAMPAIGNS = (
    f"SELECT campaign.id, {_NARROWING.format(it='campaign_criterion')} FROM campaign_criterion "  # noqa: S608 - constants
    f"WHERE campaign.status != 'REMOVED' AND campaign_criterion.status != 'REMOVED' "
    f"AND campaign_criterion.type IN {_KINDS}"
)
_OF_AD_GROUPS = (
    f"SELECT ad_group.id, {_NARROWING.format(it='ad_group_criterion')} FROM ad_group_criterion "  # noqa: S608 - constants
    f"WHERE campaign.status != 'REMOVED' AND ad_group.status != 'REMOVED' "
    f"AND ad_group_criterion.status != 'REMOVED' AND ad_group_criterion.type IN {_KINDS}"
)
_PLACES = (
    "SELECT geo_target_constant.resource_name, geo_target_constant.country_code, "
    "geo_target_constant.target_type, geo_target_constant.canonical_name FROM geo_target_constant "
    "WHERE geo_target_constant.resource_name IN "
)
_LANGUAGES = (
    "SELECT language_constant.resource_name, language_constant.code FROM language_constant "
    "WHERE language_constant.resource_name IN "
)
# Nobody says how long a query may be; so many names are some 40 KB.
_AT_ONCE = 1000

# Google's bands, the last without an end.
_AGES: Mapping[str, tuple[int, int | None]] = {
    "AGE_RANGE_18_24": (18, 24),
    "AGE_RANGE_25_34": (25, 34),
    "AGE_RANGE_35_44": (35, 44),
    "AGE_RANGE_45_54": (45, 54),
    "AGE_RANGE_55_64": (55, 64),
    "AGE_RANGE_65_UP": (65, None),
}


class _Location(msgspec.Struct, rename="camel"):
    geo_target_constant: Annotated[str, msgspec.Meta(pattern="^(geoTargetConstants/[0-9]{1,19})?$")] = ""


class _Language(msgspec.Struct, rename="camel"):
    language_constant: Annotated[str, msgspec.Meta(pattern="^(languageConstants/[0-9]{1,19})?$")] = ""


class _AgeRange(msgspec.Struct):
    type: str = ""


class Criterion(msgspec.Struct, rename="camel"):
    criterion_id: str = ""
    type: str = ""
    negative: bool = False
    display_name: str = ""
    location: _Location = msgspec.field(default_factory=_Location)
    language: _Language = msgspec.field(default_factory=_Language)
    age_range: _AgeRange = msgspec.field(default_factory=_AgeRange)

    @property
    def constant(self) -> str:
        return self.location.geo_target_constant or self.language.language_constant

    @property
    def name(self) -> str:
        return self.display_name or self.criterion_id


class _Named(msgspec.Struct):
    id: str


class _OfCampaign(msgspec.Struct, rename="camel"):
    campaign: _Named
    campaign_criterion: Criterion


class _OfAdGroup(msgspec.Struct, rename="camel"):
    ad_group: _Named
    ad_group_criterion: Criterion


class _GeoTarget(msgspec.Struct, rename="camel"):
    resource_name: str
    country_code: str = ""
    target_type: str = ""
    canonical_name: str = ""


class _Place(msgspec.Struct, rename="camel"):
    geo_target_constant: _GeoTarget


class _Spoken(msgspec.Struct, rename="camel"):
    resource_name: str
    code: str = ""


class _Tongue(msgspec.Struct, rename="camel"):
    language_constant: _Spoken


Criteria = dict[str, list[Criterion]]


@dataclass(frozen=True, slots=True)
class Aimed:
    """All criteria of an account, by the number of what they belong to."""

    of_campaigns: Criteria = field(default_factory=dict)
    of_ad_groups: Criteria = field(default_factory=dict)
    places: Mapping[str, _GeoTarget] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)

    def audience(
        self, *, of_campaign: str, of_ad_group: str, campaigns_lists: bool, ad_groups_lists: bool
    ) -> Audience:
        """Both levels' together; of lists that a level only watches, only those that it excludes."""
        criteria = [
            each
            for level, narrows in (
                (self.of_campaigns.get(of_campaign, ()), campaigns_lists),
                (self.of_ad_groups.get(of_ad_group, ()), ad_groups_lists),
            )
            for each in level
            if narrows or each.negative or each.type not in _LISTS
        ]
        wanted = [each for each in criteria if not each.negative]
        youngest, oldest = _ages(criteria)
        return Audience(
            countries=distinct(self._countries(wanted)),
            places=distinct(self._places(wanted)),
            languages=distinct(
                self.languages.get(each.constant) or each.name for each in wanted if each.type == "LANGUAGE"
            ),
            youngest=youngest,
            oldest=oldest,
            lists=distinct(each.name for each in wanted if each.type in _LISTS),
            without=distinct(self._without([each for each in criteria if each.negative])),
        )

    def _countries(self, criteria: Iterable[Criterion]) -> Iterator[str]:
        return (code for each in criteria if (code := self._country(each)))

    def _places(self, criteria: Iterable[Criterion]) -> Iterator[str]:
        for each in criteria:
            if each.type == "PROXIMITY":
                yield each.name
            elif each.type == "LOCATION" and not self._country(each):
                known = self.places.get(each.constant)
                yield (known.canonical_name if known else "") or each.name

    def _without(self, criteria: list[Criterion]) -> Iterator[str]:
        yield from self._countries(criteria)
        yield from self._places(criteria)
        yield from (each.name for each in criteria if each.type in _LISTS)

    def _country(self, criterion: Criterion) -> str:
        known = self.places.get(criterion.constant)
        return known.country_code if known and known.target_type == "Country" else ""


class Audiences:
    """What one user may know of whom an account's ads are for."""

    def __init__(self, api: GoogleAdsApi) -> None:
        self._api = api

    def of(self, customer: str) -> Aimed:
        of_campaigns, of_ad_groups = Criteria(), Criteria()
        for result in self._api.pages(customer, _OF_CAMPAIGNS):
            row = shaped(result, _OfCampaign, where=WHERE)
            of_campaigns.setdefault(row.campaign.id, []).append(row.campaign_criterion)
        for result in self._api.pages(customer, _OF_AD_GROUPS):
            row = shaped(result, _OfAdGroup, where=WHERE)
            of_ad_groups.setdefault(row.ad_group.id, []).append(row.ad_group_criterion)
        used = sorted(
            {
                each.constant
                for level in (of_campaigns, of_ad_groups)
                for criteria in level.values()
                for each in criteria
                if each.constant
            }
        )
        places = (
            shaped(result, _Place, where=WHERE).geo_target_constant
            for result in self._named(customer, _PLACES, [it for it in used if it.startswith("geo")])
        )
        languages = (
            shaped(result, _Tongue, where=WHERE).language_constant
            for result in self._named(customer, _LANGUAGES, [it for it in used if it.startswith("lang")])
        )
        return Aimed(
            of_campaigns,
            of_ad_groups,
            {each.resource_name: each for each in places},
            {each.resource_name: each.code for each in languages},
        )

    def _named(self, customer: str, query: str, constants: list[str]) -> Iterator[Any]:
        for start in range(0, len(constants), _AT_ONCE):
            yield from self._api.pages(customer, query + gaql.listed(constants[start : start + _AT_ONCE]))


def _ages(criteria: Iterable[Criterion]) -> tuple[int | None, int | None]:
    """From the youngest to the oldest; without an age range, or with all of them, it is everybody."""
    told = [(each.age_range.type, each.negative) for each in criteria if each.type == "AGE_RANGE"]
    wanted = {name for name, negative in told if not negative} & _AGES.keys() or set(_AGES)
    left = wanted - {name for name, negative in told if negative}
    if not left or len(left) == len(_AGES):
        return None, None
    oldest = [_AGES[name][1] for name in left]
    return min(_AGES[name][0] for name in left), None if None in oldest else max(filter(None, oldest))
