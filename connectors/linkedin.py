"""LinkedIn advertising: insights by day from adAnalytics, with names from the account's own lists."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

import msgspec

from connectors import money, restli
from connectors.access_tokens import Access, Grant
from connectors.answers import ask, canonical, credentials_as, decoded, digits_only, measured, shaped
from connectors.days import is_final, require_window
from connectors.errors import TooMuchData, UnexpectedAnswer
from connectors.face import (
    Ask,
    Capability,
    Channel,
    Consent,
    Endpoint,
    FoundAccount,
    InsightRow,
    Level,
    Platform,
    Wire,
)
from connectors.linkedin_entities import (
    URN,
    WHERE,
    Account,
    Entities,
    account_of,
    accounts_of,
    entities_of,
    lineage,
    upwards,
)
from connectors.linkedin_refusals import meaning_of
from connectors.restli import Encoded

# Longer answers are cut without a word, so that one of this length may already be short of something.
MOST_ELEMENTS = 15_000
MOST_LISTED = 1000

_TIME_ZONE = "UTC"
_PIVOT = {
    Level.ACCOUNT: "ACCOUNT",
    Level.CAMPAIGN: "CAMPAIGN_GROUP",
    Level.AD_GROUP: "CAMPAIGN",
    Level.AD: "CREATIVE",
}
_FACET = {
    Level.ACCOUNT: "accounts",
    Level.CAMPAIGN: "campaignGroups",
    Level.AD_GROUP: "campaigns",
    Level.AD: "creatives",
}
# A request may name twenty.
_FIELDS = (
    "impressions",
    "clicks",
    "costInLocalCurrency",
    "externalWebsiteConversions",
    "externalWebsitePostViewConversions",
    "oneClickLeads",
    "conversionValueInLocalCurrency",
    "dateRange",
    "pivotValues",
)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedInCredentials(Grant):
    """A member's grant; its refresh token runs out a year after the consent, however often it is used."""


class _Date(msgspec.Struct):
    year: int
    month: int
    day: int


class _DateRange(msgspec.Struct):
    start: _Date
    end: _Date


class _Row(msgspec.Struct, rename="camel"):
    date_range: _DateRange
    pivot_values: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1)]
    impressions: Count = 0
    clicks: Count = 0
    cost_in_local_currency: Decimal = Decimal(0)
    external_website_conversions: Count = 0
    external_website_post_view_conversions: Count = 0
    one_click_leads: Count = 0
    conversion_value_in_local_currency: Decimal = Decimal(0)


class _Report(msgspec.Struct):
    elements: list[dict[str, Any]]


class LinkedIn:
    """One member's access to the ad accounts in which they have a role."""

    channel: ClassVar[Channel] = Channel.LINKEDIN
    title: ClassVar[str] = "LinkedIn"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.INSIGHTS})
    platform: ClassVar[Platform] = Platform.LINKEDIN_ADS
    # Conversions come in for as long as their window is open, by default for 30 days after the click.
    lookback: ClassVar[timedelta] = timedelta(days=30)
    endpoint: ClassVar[Endpoint] = Endpoint(
        base_url="https://api.linkedin.com/rest",
        version="202607",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106 - an address, not a token
        authorize_url="https://www.linkedin.com/oauth/v2/authorization",
    )
    consent: ClassVar[Consent | None] = Consent(("r_ads", "r_ads_reporting"))
    asks: ClassVar[tuple[Ask, ...]] = ()

    def __init__(self, credentials: LinkedInCredentials, wire: Wire) -> None:
        self._wire = wire
        self._endpoint = wire.endpoint.or_default(self.endpoint)
        self._access = Access(credentials, wire, self._endpoint.token_url, where=WHERE)
        self._listed: dict[tuple[str, Level], Entities] = {}

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(LinkedInCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        return [
            FoundAccount(id=str(it.id), name=it.name or "", currency=it.currency, time_zone=_TIME_ZONE)
            for it in accounts_of(self._ask)
        ]

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        require_window(since, until, where=WHERE)
        return self._rows(digits_only(account, where=WHERE), since, until, level)

    def _rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        account = account_of(self._ask, number)
        known = {each: self._entities(number, each) for each in upwards(level)}
        for question in _questions(number, level, known.get(level, {}), since, until):
            for element in self._elements(question):
                yield self._row(element, level, account, known)

    def _entities(self, number: str, level: Level) -> Entities:
        """Listed once a connection: an account is read a few days at a time, and has thousands of creatives."""
        if (number, level) not in self._listed:
            self._listed[number, level] = entities_of(self._ask, number, level)
        return self._listed[number, level]

    def _elements(self, question: Mapping[str, Encoded]) -> list[dict[str, Any]]:
        elements = shaped(self._ask("adAnalytics", question), _Report, where=WHERE).elements
        if len(elements) >= MOST_ELEMENTS:
            raise TooMuchData(what=f"an answer of {len(elements)} rows, which may have been cut", where=WHERE)
        return elements

    def _ask(
        self,
        path: str,
        parameters: Mapping[str, Encoded] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        request = restli.asking(f"{self._endpoint.base_url}/{path}", restli.query(parameters))
        told = {
            "linkedin-version": self._endpoint.version,
            "x-restli-protocol-version": restli.VERSION,
            **request.headers,
            **headers,
        }

        def once(credentials: LinkedInCredentials) -> Any:
            answer = ask(
                self._wire.http,
                request.method,
                request.address,
                where=WHERE,
                headers={**told, "authorization": f"Bearer {credentials.access_token}"},
                content=request.form,
            )
            if not answer.is_success:
                raise meaning_of(answer, where=WHERE, now=self._wire.clock())
            return decoded(answer, where=WHERE)

        return self._access.through(once)

    def _row(
        self, element: dict[str, Any], level: Level, account: Account, known: Mapping[Level, Entities]
    ) -> InsightRow:
        row = shaped(_without_gaps(element), _Row, where=WHERE)
        if row.date_range.start != row.date_range.end:
            raise UnexpectedAnswer(what="a row of more than one day", where=WHERE)
        day = measured(_day, row.date_range.start, where=WHERE)
        raw = canonical(element)
        return InsightRow(
            platform=self.platform,
            account_id=str(account.id),
            account_name=account.name or "",
            account_timezone=_TIME_ZONE,
            currency=account.currency,
            level=level,
            **lineage(level, restli.number_of(row.pivot_values[0], URN[level], where=WHERE), known),
            date_day=day,
            impressions=row.impressions,
            clicks=row.clicks,
            all_clicks=row.clicks,
            spend_micros=measured(money.micros, row.cost_in_local_currency, where=WHERE),
            conversions=measured(
                money.conversions,
                Decimal(row.external_website_conversions + row.one_click_leads),
                where=WHERE,
            ),
            conversions_value_micros=measured(
                money.micros, row.conversion_value_in_local_currency, where=WHERE
            ),
            view_through_conversions=row.external_website_post_view_conversions,
            attribution_setting="",
            conversion_definition="externalWebsiteConversions,oneClickLeads",
            is_final=is_final(day, _TIME_ZONE, self.lookback, self._wire.clock(), where=WHERE),
            raw=raw.decode(),
            raw_hash=hashlib.sha256(raw).hexdigest(),
        )


def _questions(
    account: str, level: Level, known: Entities, since: date, until: date
) -> Iterator[Mapping[str, Encoded]]:
    """Questions short enough that no answer is cut.

    The whole account is asked about, which finds what was deleted since; only where a single day of it could fill
    an answer, what is known of it is asked about in lists.
    """
    if len(known) < MOST_ELEMENTS:
        yield from _of(level, Level.ACCOUNT, [account], max(1, len(known)), since, until)
        return
    numbers = sorted(known)
    for start in range(0, len(numbers), MOST_LISTED):
        some = numbers[start : start + MOST_LISTED]
        yield from _of(level, level, some, len(some), since, until)


def _of(
    level: Level, facet: Level, numbers: list[str], entities: int, since: date, until: date
) -> Iterator[Mapping[str, Encoded]]:
    """Questions about so many entities, each of as many days as leave an answer short of its limit."""
    days = (MOST_ELEMENTS - 1) // entities
    while since <= until:
        last = since + timedelta(days=min((until - since).days, days - 1))
        yield {
            "q": restli.text("analytics"),
            "pivot": restli.text(_PIVOT[level]),
            "timeGranularity": restli.text("DAILY"),
            "dateRange": restli.days(since, last),
            _FACET[facet]: restli.listed(restli.urn(URN[facet], number) for number in numbers),
            "fields": restli.names(_FIELDS),
        }
        since = last + timedelta(days=1)


def _without_gaps(element: dict[str, Any]) -> dict[str, Any]:
    """LinkedIn leaves out, nulls or dashes what it did not count."""
    return {name: value for name, value in element.items() if value is not None and value != "-"}


def _day(said: _Date) -> date:
    return date(said.year, said.month, said.day)
