"""LinkedIn's insights by day, from adAnalytics, with names from the account's own lists."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from connectors import money, restli
from connectors.answers import Answer, canonical, decoded, measuring, shaped
from connectors.days import OpenFrom
from connectors.errors import TooMuchData, UnexpectedAnswer
from connectors.face import InsightRow, Level, Platform
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import (
    URN,
    Account,
    Entities,
    Lineage,
    Lineages,
    account_of,
    entities_of,
    upwards,
)
from connectors.restli import Encoded
from connectors.verbatim import Scalar, Verbatim, fingerprint, wording

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

Element = TypeVar("Element")

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Date(msgspec.Struct, gc=False, frozen=True):
    year: int
    month: int
    day: int


class _DateRange(msgspec.Struct, gc=False):
    start: _Date
    end: _Date


class _Row(msgspec.Struct, rename="camel", gc=False):
    date_range: _DateRange
    pivot_values: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1)]
    impressions: Count = 0
    clicks: Count = 0
    cost_in_local_currency: Decimal = Decimal(0)
    external_website_conversions: Count = 0
    external_website_post_view_conversions: Count = 0
    one_click_leads: Count = 0
    conversion_value_in_local_currency: Decimal = Decimal(0)


class _Report(msgspec.Struct, Generic[Element]):
    elements: list[Element]


_DATE_WORDING = wording(dict.fromkeys(("year", "month", "day"), Scalar))
_WORDING = wording(
    {
        **dict.fromkeys(_FIELDS, Scalar),
        "dateRange": wording({"start": _DATE_WORDING, "end": _DATE_WORDING}),
        "pivotValues": list[str],
    }
)
_VERBATIM = Verbatim[_Row](
    values=_Report[_Row],
    words=_Report[_WORDING],
    anything=_Report[Any],
    rows=lambda report: report.elements,
    where=WHERE,
)


class LinkedInInsights:
    """One connection's reading of its accounts."""

    def __init__(self, api: LinkedInApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock
        self._listed: dict[tuple[str, Level], Entities] = {}
        self._lineages: dict[tuple[str, Level], Lineages] = {}

    def rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        account = account_of(self._api, number)
        entities, lineages = self._known(number, level)
        open_from = OpenFrom(LOOKBACK, self._clock(), where=WHERE)[TIME_ZONE]
        for question in _questions(number, level, entities, since, until):
            elements = self._elements(question)
            with measuring(where=WHERE):
                rows = [
                    _row(row, words, level, account, lineages[row.pivot_values[0]], open_from)
                    for row, words in elements
                ]
            yield from rows

    def _known(self, number: str, level: Level) -> tuple[Entities, Lineages]:
        """Listed once a connection: an account is read a few days at a time, and has thousands of creatives."""
        for each in upwards(level):
            if (number, each) not in self._listed:
                self._listed[number, each] = entities_of(self._api, number, each)
        known = {each: self._listed[number, each] for each in upwards(level)}
        if (number, level) not in self._lineages:
            self._lineages[number, level] = Lineages(level, known)
        return known.get(level, {}), self._lineages[number, level]

    def _elements(self, question: Mapping[str, Encoded]) -> list[tuple[_Row, bytes]]:
        elements = self._api.ask_by("adAnalytics", question, _read)
        if len(elements) >= MOST_ELEMENTS:
            raise TooMuchData(what=f"an answer of {len(elements)} rows, which may have been cut", where=WHERE)
        return elements


def _read(answer: Answer) -> list[tuple[_Row, bytes]]:
    try:
        return _VERBATIM.read(answer)[1]
    except UnexpectedAnswer:
        elements = shaped(decoded(answer, where=WHERE), _Report[dict[str, Any]], where=WHERE).elements
        return [(shaped(_without_gaps(each), _Row, where=WHERE), canonical(each)) for each in elements]


def _row(row: _Row, words: bytes, level: Level, account: Account, of: Lineage, open_from: date) -> InsightRow:
    if row.date_range.start != row.date_range.end:
        raise UnexpectedAnswer(what="a row of more than one day", where=WHERE)
    day = _day(row.date_range.start)
    return InsightRow(
        platform=PLATFORM,
        account_id=str(account.id),
        account_name=account.name or "",
        account_timezone=TIME_ZONE,
        currency=account.currency,
        level=level,
        campaign_id=of.campaign_id,
        campaign_name=of.campaign_name,
        ad_group_id=of.ad_group_id,
        ad_group_name=of.ad_group_name,
        ad_id=of.ad_id,
        ad_name=of.ad_name,
        date_day=day,
        impressions=row.impressions,
        clicks=row.clicks,
        all_clicks=row.clicks,
        spend_micros=money.micros(row.cost_in_local_currency),
        conversions=money.conversions(row.external_website_conversions + row.one_click_leads),
        conversions_value_micros=money.micros(row.conversion_value_in_local_currency),
        view_through_conversions=row.external_website_post_view_conversions,
        attribution_setting="",
        conversion_definition="externalWebsiteConversions,oneClickLeads",
        is_final=day < open_from,
        raw=words.decode(),
        raw_hash=fingerprint(words),
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


@lru_cache(maxsize=1000)
def _day(said: _Date) -> date:
    return date(said.year, said.month, said.day)
