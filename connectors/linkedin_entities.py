"""What LinkedIn's ad accounts are made of, with names: campaign groups, campaigns and creatives, page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from connectors import restli
from connectors.answers import Shape, shaped
from connectors.errors import UnexpectedAnswer
from connectors.face import Level
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.restli import Encoded

# An account holds 15,000 creatives, a hundred to a page; this is far beyond, and an end to endless pages.
MOST_PAGES = 1000

_UPWARDS = (Level.AD, Level.AD_GROUP, Level.CAMPAIGN, Level.ACCOUNT)
GONE = ("ARCHIVED", "CANCELED", "PENDING_DELETION", "REMOVED")
"""What has one of these statuses neither spends nor will."""
_LIVING = ("ACTIVE", "PAUSED", "DRAFT")


@dataclass(frozen=True, slots=True)
class Entity:
    """A name, and the number of what it belongs to."""

    name: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """An entity and what it belongs to, in the unified columns."""

    campaign_id: str = ""
    campaign_name: str = ""
    ad_group_id: str = ""
    ad_group_name: str = ""
    ad_id: str = ""
    ad_name: str = ""


Entities = Mapping[str, Entity]
"""What an account has on one level, by number."""

URN = MappingProxyType(
    {
        Level.ACCOUNT: "sponsoredAccount",
        Level.CAMPAIGN: "sponsoredCampaignGroup",
        Level.AD_GROUP: "sponsoredCampaign",
        Level.AD: "sponsoredCreative",
    }
)
"""What LinkedIn's URNs call each level; what it names a campaign has the place of an ad group."""


@dataclass(frozen=True, slots=True)
class _Finder:
    """Where a level is listed, by which question, in which statuses; larger pages than these are refused."""

    path: str
    question: str
    page_size: int
    living: tuple[str, ...] = _LIVING
    headers: Mapping[str, str] = field(default_factory=dict)

    def parameters(self, narrowed: Mapping[str, Encoded], *, only_living: bool) -> dict[str, Encoded]:
        asked = {"q": restli.text(self.question)}
        if self.question == "search":
            statuses = self.living if only_living else (*self.living, *GONE)
            in_any_status = restli.record(values=restli.listed(statuses))
            asked["search"] = restli.record(status=in_any_status, **narrowed)
        elif only_living:
            asked["intendedStatuses"] = restli.listed(self.living)
        return {**asked, "pageSize": restli.text(self.page_size)}


_FINDERS = {
    Level.CAMPAIGN: _Finder("adCampaignGroups", "search", 500),
    Level.AD_GROUP: _Finder("adCampaigns", "search", 500, (*_LIVING, "COMPLETED")),
    Level.AD: _Finder("creatives", "criteria", 100, headers={"x-restli-method": "FINDER"}),
}


Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Account(msgspec.Struct):
    id: Number
    currency: str
    name: str | None = None
    status: str | None = None


class _Listed(msgspec.Struct, rename="camel"):
    """Groups and campaigns are numbered, creatives have a URN; each names one parent at most."""

    id: Number | str
    name: str | None = None
    campaign_group: str | None = None
    campaign: str | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    next_page_token: str | None = None


class _Page(msgspec.Struct):
    elements: list[Any]
    metadata: _Metadata | None = None


def account_of(api: LinkedInApi, number: str) -> Account:
    """Reports of an account that is not ours are empty and no error, so that this is where a refusal is heard."""
    return shaped(api.ask(f"adAccounts/{number}"), Account, where=WHERE)


def accounts_of(api: LinkedInApi) -> list[Account]:
    """The accounts in which the member has a role."""
    parameters = {"q": restli.text("search"), "pageSize": restli.text(500)}
    return [
        account
        for page in _pages(api, "adAccounts", parameters, {})
        for account in shaped(page.elements, list[Account], where=WHERE)
    ]


def entities_of(api: LinkedInApi, account: str, level: Level) -> Entities:
    """Whatever LinkedIn still lists of an account on one level, served or not."""
    return {
        _number(listed, level): Entity(listed.name or "", _parent(listed, level))
        for listed in listed_of(api, account, level, _Listed)
    }


def listed_of(
    api: LinkedInApi,
    account: str,
    level: Level,
    shape: type[Shape],
    *,
    only_living: bool = False,
    **narrowed: Encoded,
) -> Iterator[Shape]:
    """What an account has on one level, in any status or without what is gone, as LinkedIn describes it."""
    finder = _FINDERS[level]
    path = f"adAccounts/{account}/{finder.path}"
    asked = finder.parameters(narrowed, only_living=only_living)
    for page in _pages(api, path, asked, finder.headers):
        yield from shaped(page.elements, list[shape], where=WHERE)


def upwards(level: Level) -> tuple[Level, ...]:
    """A level and those above it, short of the account."""
    return _UPWARDS[_UPWARDS.index(level) : -1]


class Lineages(dict[str, Lineage]):
    """By the URN of an entity of one level, it and what it belongs to; what is listed no more keeps its number alone."""

    def __init__(self, level: Level, known: Mapping[Level, Entities]) -> None:
        self._level, self._known = level, known

    def __missing__(self, urn: str) -> Lineage:
        number = restli.number_of(urn, URN[self._level], where=WHERE)
        columns: dict[str, str] = {}
        for each in upwards(self._level):
            entity = self._known[each].get(number, Entity())
            columns |= {f"{each}_id": number, f"{each}_name": entity.name}
            number = entity.parent
        self[urn] = found = Lineage(**columns)
        return found


def _pages(
    api: LinkedInApi, path: str, asked: Mapping[str, Encoded], headers: Mapping[str, str]
) -> Iterator[_Page]:
    parameters = dict(asked)
    seen: set[str] = set()
    while True:
        page = shaped(api.ask(path, parameters, headers), _Page, where=WHERE)
        yield page
        token = page.metadata.next_page_token if page.metadata else None
        if not token:
            return
        if token in seen or len(seen) == MOST_PAGES:
            raise UnexpectedAnswer(what=f"pages of {path} without an end", where=WHERE)
        seen.add(token)
        parameters["pageToken"] = restli.text(token)


def _number(listed: _Listed, level: Level) -> str:
    if isinstance(listed.id, int):
        return str(listed.id)
    return restli.number_of(listed.id, URN[level], where=WHERE)


def _parent(listed: _Listed, level: Level) -> str:
    match level:
        case Level.AD if listed.campaign:
            return restli.number_of(listed.campaign, URN[Level.AD_GROUP], where=WHERE)
        case Level.AD_GROUP if listed.campaign_group:
            return restli.number_of(listed.campaign_group, URN[Level.CAMPAIGN], where=WHERE)
        case _:
            return ""
