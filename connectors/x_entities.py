"""What X's ad accounts are made of, with names: campaigns, line items and promoted posts, page by page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from connectors.errors import Forbidden, UnexpectedAnswer
from connectors.face import FoundAccount, Level
from connectors.x_ads_api import WHERE, XAdsApi

# Posts are asked about in lists of so many.
_MOST_POSTS = 200
_LONGEST_NAME = 80

UPWARDS = (Level.AD, Level.AD_GROUP, Level.CAMPAIGN)


class _Account(msgspec.Struct):
    id: str
    timezone: str
    name: str | None = None


class Funding(msgspec.Struct):
    """What an account pays with, and in what it reckons."""

    id: str
    currency: str
    able_to_fund: bool | None = None
    deleted: bool = False


class _Listed(msgspec.Struct):
    """Campaigns and line items have names; each names one parent at most."""

    id: str
    name: str | None = None
    campaign_id: str | None = None
    line_item_id: str | None = None
    tweet_id: str | None = None


class _Post(msgspec.Struct):
    id_str: str = ""
    tweet_id: str = ""
    name: str | None = None
    full_text: str | None = None
    text: str | None = None

    @property
    def called(self) -> str:
        """As X's own pages call it: by the name that somebody gave it, or by its first words."""
        words = " ".join((self.name or self.full_text or self.text or "").split())
        return words if len(words) <= _LONGEST_NAME else f"{words[: _LONGEST_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    time_zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A name, and the id of what it belongs to."""

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

_PATHS = MappingProxyType(
    {Level.CAMPAIGN: "campaigns", Level.AD_GROUP: "line_items", Level.AD: "promoted_tweets"}
)
# What was deleted may have spent all the same.
_EVEN_DELETED = MappingProxyType({"with_deleted": "true"})


def accounts_of(api: XAdsApi) -> list[FoundAccount]:
    """Those that the user may see; what an account reckons in is told by what it pays with."""
    return [
        FoundAccount(id=it.id, name=it.name or "", currency=_currency(api, it.id), time_zone=it.timezone)
        for it in api.listed("accounts", _Account)
    ]


def account_of(api: XAdsApi, number: str) -> Account:
    said = api.one(f"accounts/{number}", _Account, missing=Forbidden)
    return Account(said.id, said.name or "", said.timezone, _currency(api, number))


def fundings_of(api: XAdsApi, number: str) -> list[Funding]:
    return list(api.listed(f"accounts/{number}/funding_instruments", Funding))


def entities_of(api: XAdsApi, account: str, level: Level) -> Entities:
    """Whatever X still lists of an account on one level; a promoted post is called what its post is called."""
    listed = list(api.listed(f"accounts/{account}/{_PATHS[level]}", _Listed, _EVEN_DELETED))
    if level is not Level.AD:
        return {it.id: Entity(it.name or "", it.campaign_id or "") for it in listed}
    called = _posts_called(api, account, {it.tweet_id for it in listed if it.tweet_id})
    return {it.id: Entity(called.get(it.tweet_id or "", ""), it.line_item_id or "") for it in listed}


def upwards(level: Level) -> tuple[Level, ...]:
    """The level itself and those above it, the account's own left out."""
    return UPWARDS[UPWARDS.index(level) :] if level in UPWARDS else ()


def lineage(number: str, level: Level, known: Mapping[Level, Entities]) -> Lineage:
    """What is listed no more keeps its id alone."""
    columns: dict[str, str] = {}
    for each in upwards(level):
        entity = known[each].get(number, Entity())
        columns |= {f"{each}_id": number, f"{each}_name": entity.name}
        number = entity.parent
    return Lineage(**columns)


def _posts_called(api: XAdsApi, account: str, posts: Iterable[str]) -> dict[str, str]:
    return {each.tweet_id or each.id_str: each.called for each in _posts(api, account, sorted(posts))}


def _posts(api: XAdsApi, account: str, posts: list[str]) -> Iterator[_Post]:
    for start in range(0, len(posts), _MOST_POSTS):
        some = ",".join(posts[start : start + _MOST_POSTS])
        asked = {"tweet_type": "PUBLISHED", "timeline_type": "ALL", "tweet_ids": some}
        yield from api.listed(f"accounts/{account}/tweets", _Post, asked)


def _currency(api: XAdsApi, account: str) -> str:
    """An account that nobody has given anything to pay with has none yet."""
    currencies = {it.currency for it in fundings_of(api, account)}
    if len(currencies) > 1:
        raise UnexpectedAnswer(what=f"account {account} reckons in several currencies", where=WHERE)
    return currencies.pop() if currencies else ""
