"""Bitly: short links that are made there, and how often people followed them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from connectors.access_tokens import Access, Grant
from connectors.answers import ask, canonical, credentials_as, decoded, measuring, shaped
from connectors.bitly_refusals import meaning_of
from connectors.budgets import HOUR, CallBudget
from connectors.days import require_window
from connectors.errors import AuthRevoked, Forbidden, Invalid, Scope, TooMuchData, UnexpectedAnswer
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.short_links import DayOfClicks, LinkGroup, ShortLink
from connectors.verbatim import fingerprint

WHERE = "Bitly"
LONGEST_WINDOW = 30
"""So many days are asked for at once: an answer has fifty of them at most, unless it is told otherwise."""

_LARGEST_PAGE = 100
_MOST_PAGES = 1_000
_LONGEST_URL = 8_000
_JSON: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})
_PRINTED = r"\A[\x21-\x7e]{1,4000}\Z"
_GROUP = re.compile(r"[A-Za-z0-9]{1,40}")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})+")
# A domain and a back half, which people choose, in other letters than ours too.
_LINK = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/(?!\.+\Z)[^\s/?#%\\\x00-\x1f\x7f]{1,200}")
_MINUTE = timedelta(minutes=1)

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class BitlyCredentials(Grant):
    """A user's token, which opens what that user may see and never ends; nothing came with it that renews it."""

    access_token: Annotated[str, msgspec.Meta(pattern=_PRINTED)] = field(repr=False)


class _Group(msgspec.Struct):
    guid: str
    name: str = ""
    is_active: bool = True


class _Groups(msgspec.Struct):
    groups: list[_Group]


class _Bitlink(msgspec.Struct):
    id: str
    link: str
    created_at: str
    long_url: str = ""
    title: str | None = None

    def of(self, group: str) -> ShortLink:
        with measuring(where=WHERE):
            created_at = _moment(self.created_at)
        return ShortLink(
            id=self.id,
            link=self.link,
            long_url=self.long_url,
            title=self.title or "",
            group_id=group,
            created_at=created_at,
        )


class _More(msgspec.Struct):
    next: str | None = None
    search_after: str | None = None


class _Page(msgspec.Struct):
    links: list[_Bitlink]
    pagination: _More = msgspec.field(default_factory=_More)


class _Day(msgspec.Struct):
    date: str
    clicks: Annotated[int, msgspec.Meta(ge=0)]


class _Clicks(msgspec.Struct):
    link_clicks: list[dict[str, Any]]


class Bitly:
    """One user's access to the groups that they work in."""

    channel: ClassVar[Channel] = Channel.BITLY
    title: ClassVar[str] = WHERE
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.LINKS})
    endpoint: ClassVar[Endpoint] = Endpoint(
        base_url="https://api-ssl.bitly.com",
        version="v4",
        token_url="https://api-ssl.bitly.com/oauth/access_token",  # noqa: S106 - an address, not a token
        authorize_url="https://bitly.com/oauth/authorize",
    )
    consent: ClassVar[Consent | None] = Consent(())
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("access_token", "Access token", "At Bitly under Settings, API; it opens all groups of its user."),
    )
    # Bitly counts by kind of question; of the one that matters most, the clicks of a link, it does not say how many.
    budgets: ClassVar = (
        CallBudget("a_minute", Scope.USER, 100, _MINUTE),
        CallBudget("an_hour", Scope.USER, 1_000, HOUR),
    )

    def __init__(self, credentials: BitlyCredentials, wire: Wire) -> None:
        self._wire = wire
        endpoint = wire.endpoint.or_default(self.endpoint)
        self._address = f"{endpoint.base_url}/{endpoint.version}"
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE)

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(BitlyCredentials, credentials, where=WHERE), wire)

    def groups(self) -> list[LinkGroup]:
        """A token that was taken back is refused as if it were about somebody else's: but these are its own user's."""
        try:
            said = self._asked("GET", f"{self._address}/groups", _Groups)
        except Forbidden as refused:
            raise AuthRevoked(what=refused.what, where=WHERE, code=refused.code) from refused
        return [LinkGroup(id=each.guid, name=each.name) for each in said.groups if each.is_active]

    def shorten(self, group: str, long_url: str, domain: str = "") -> ShortLink:
        """Patiently, although something is made: what was made before the answer got lost is what is given back."""
        _require_address(long_url)
        wanted = {"long_url": long_url, "group_guid": _require_group(group)}
        if domain:
            wanted["domain"] = _require_domain(domain)
        content = msgspec.json.encode(wanted)
        return self._asked("POST", f"{self._address}/shorten", _Bitlink, content=content).of(group)

    def links_since(self, group: str, moment: datetime) -> Iterator[ShortLink]:
        """Whether a link of the very second is among those that Bitly gives is not said, and so it is asked for before."""
        asked = {
            "size": str(_LARGEST_PAGE),
            "created_after": str(int(moment.timestamp()) - 1),
            "archived": "both",
        }
        for page in self._pages(f"{self._address}/groups/{_require_group(group)}/bitlinks", asked):
            for each in page.links:
                link = each.of(group)
                if link.created_at >= moment:
                    yield link

    def clicks(self, link_id: str, since: date, until: date) -> Iterator[DayOfClicks]:
        require_window(since, until, where=WHERE)
        address = f"{self._address}/bitlinks/{quote(_require_link(link_id), safe='')}/clicks"
        begins = since
        while begins <= until:
            ends = min(until, begins + timedelta(days=LONGEST_WINDOW - 1))
            yield from self._days(address, begins, ends)
            begins = ends + timedelta(days=1)

    def _days(self, address: str, since: date, until: date) -> list[DayOfClicks]:
        """Days are counted back from a moment, in whose offset they begin."""
        last = min(datetime.combine(until, time(23, 59, 59), UTC), self._wire.clock().astimezone(UTC))
        if last.date() < since:
            return []
        asked = {
            "unit": "day",
            "units": str((last.date() - since).days + 1),
            "unit_reference": last.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        said = self._asked("GET", address, _Clicks, params=asked)
        days = [_day(each) for each in said.link_clicks]
        return sorted(
            (each for each in days if each.clicks and since <= each.day <= until), key=lambda each: each.day
        )

    def _pages(self, first: str, asked: Mapping[str, str]) -> Iterator[_Page]:
        """As far as each page names another one of the very same list."""
        params: Mapping[str, str] | None = asked
        address, seen = first, set[str]()
        while True:
            page = self._asked("GET", address, _Page, params=params)
            yield page
            more = page.pagination
            if more.next:
                address, params, token = more.next, None, more.next
            elif more.search_after:
                address, params, token = (
                    first,
                    {**asked, "search_after": more.search_after},
                    more.search_after,
                )
            else:
                return
            if not _is_of(address, first):
                raise UnexpectedAnswer(what="a next page that is somebody else's", where=WHERE)
            if token in seen:
                raise UnexpectedAnswer(what="a next page that was read before", where=WHERE)
            seen.add(token)
            if len(seen) == _MOST_PAGES:
                raise TooMuchData(what=f"more than {_MOST_PAGES} pages of links", where=WHERE)

    def _asked(
        self,
        method: str,
        address: str,
        shape: type[Shape],
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Shape:
        def once(credentials: BitlyCredentials) -> Shape:
            answer = ask(
                self._wire.http,
                method,
                address,
                where=WHERE,
                headers=_headers(credentials, content),
                params=None if params is None else dict(params),
                content=content,
            )
            if not answer.is_success:
                raise meaning_of(answer, where=WHERE, now=self._wire.clock())
            return shaped(decoded(answer, where=WHERE), shape, where=WHERE)

        return self._access.through(once)


def _headers(credentials: BitlyCredentials, content: bytes | None) -> dict[str, str]:
    shown = {"authorization": f"Bearer {credentials.access_token}", "accept": "application/json"}
    return {**shown, **(_JSON if content is not None else {})}


def _day(said: dict[str, Any]) -> DayOfClicks:
    read = shaped(said, _Day, where=WHERE)
    with measuring(where=WHERE):
        day = _moment(read.date).date()
    words = canonical(said)
    return DayOfClicks(day=day, clicks=read.clicks, raw=words.decode(), raw_hash=fingerprint(words))


def _moment(said: str) -> datetime:
    """In UTC; what names no offset is taken to be there already."""
    moment = datetime.fromisoformat(said)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _require_group(group: str) -> str:
    if not _GROUP.fullmatch(group):
        raise Invalid(what="a group is named by its guid, like Bk1abcDEF23", where=WHERE, field="group")
    return group


def _require_link(link: str) -> str:
    """It holds a slash, and goes into a path."""
    if not _LINK.fullmatch(link):
        raise Invalid(
            what="a link is named by its domain and back half, like bit.ly/3xYz", where=WHERE, field="link"
        )
    return link


def _require_domain(domain: str) -> str:
    if not _DOMAIN.fullmatch(domain):
        raise Invalid(what="is not a domain, like bit.ly", where=WHERE, field="domain")
    return domain


def _require_address(long_url: str) -> None:
    if len(long_url) > _LONGEST_URL:
        raise Invalid(what=f"has more than {_LONGEST_URL} letters", where=WHERE, field="long_url")
    try:
        there = urlsplit(long_url)
        is_one = there.scheme in {"http", "https"} and bool(there.hostname)
    except ValueError:
        is_one = False
    if not is_one:
        raise Invalid(what="is not an address that starts with https://", where=WHERE, field="long_url")


def _is_of(following: str, first: str) -> bool:
    """Whether a page's address is that of the list: the token is shown at it, and goes to nobody else."""
    try:
        there, here = urlsplit(following), urlsplit(first)
        return (there.scheme, there.netloc, there.path) == (here.scheme, here.netloc, here.path)
    except ValueError:
        return False
