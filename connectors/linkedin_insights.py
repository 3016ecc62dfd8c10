"""LinkedIn's insights by day, from adAnalytics, with names from the account's own lists."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from connectors import money, restli
from connectors.answers import canonical, measured, shaped
from connectors.days import is_final
from connectors.errors import TooMuchData, UnexpectedAnswer
from connectors.face import InsightRow, Level, Platform
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import URN, Account, Entities, account_of, entities_of, lineage, upwards
from connectors.restli import Encoded

PLATFORM = Platform.LINKEDIN_ADS
# Conversions come in for as long as their window is open, by default for 30 days after the click.
LOOKBACK = timedelta(days=30)
# Longer answers are cut without a word, so that one of this length may already be short of something.
MOST_ELEMENTS = 15_000
MOST_LISTED = 1000

TIME_ZONE = "UTC"
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


class LinkedInInsights:
    """One connection's reading of its accounts."""

    def __init__(self, api: LinkedInApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock
        self._listed: dict[tuple[str, Level], Entities] = {}

    def rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        account = account_of(self._api, number)
        known = {each: self._entities(number, each) for each in upwards(level)}
        for question in _questions(number, level, known.get(level, {}), since, until):
            for element in self._elements(question):
                yield self._row(element, level, account, known)

    def _entities(self, number: str, level: Level) -> Entities:
        """Listed once a connection: an account is read a few days at a time, and has thousands of creatives."""
        if (number, level) not in self._listed:
            self._listed[number, level] = entities_of(self._api, number, level)
        return self._listed[number, level]

    def _elements(self, question: Mapping[str, Encoded]) -> list[dict[str, Any]]:
        elements = shaped(self._api.ask("adAnalytics", question), _Report, where=WHERE).elements
        if len(elements) >= MOST_ELEMENTS:
            raise TooMuchData(what=f"an answer of {len(elements)} rows, which may have been cut", where=WHERE)
        return elements

    def _row(
        self, element: dict[str, Any], level: Level, account: Account, known: Mapping[Level, Entities]
    ) -> InsightRow:
        row = shaped(_without_gaps(element), _Row, where=WHERE)
        if row.date_range.start != row.date_range.end:
            raise UnexpectedAnswer(what="a row of more than one day", where=WHERE)
        day = measured(_day, row.date_range.start, where=WHERE)
        raw = canonical(element)
        return InsightRow(
            platform=PLATFORM,
            account_id=str(account.id),
            account_name=account.name or "",
            account_timezone=TIME_ZONE,
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
            is_final=is_final(day, TIME_ZONE, LOOKBACK, self._clock(), where=WHERE),
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
