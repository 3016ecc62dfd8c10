"""TikTok's insights by day: the integrated report of an advertiser's auction ads, in its own zone."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from connectors import money
from connectors.answers import Answer, measuring
from connectors.days import OpenFrom
from connectors.errors import TooMuchData, UnexpectedAnswer
from connectors.face import InsightRow, Level, Platform
from connectors.tiktok_advertisers import Advertiser, advertiser_of
from connectors.tiktok_api import WHERE, Page, TikTokApi
from connectors.tiktok_reports import Question, Reports
from connectors.verbatim import Scalar, Verbatim, fingerprint, wording

PLATFORM = Platform.TIKTOK
# Who clicked may be counted as having converted for 28 days, who only saw for seven.
LOOKBACK = timedelta(days=28)
# TikTok tells of ten thousand ads at once and leaves out the others without a word.
MOST_ROWS = 10_000

_LONGEST_WINDOW = 30
_DAY = "stat_time_day"
_NOT_COUNTED = "-"
_CONVERSIONS, _VALUES = "conversion", ("total_purchase_value", "total_sales_lead_value")
_MEASURED = ("spend", "impressions", "clicks", _CONVERSIONS, "vta_conversion", *_VALUES)
_DATA_LEVEL = {
    Level.ACCOUNT: "AUCTION_ADVERTISER",
    Level.CAMPAIGN: "AUCTION_CAMPAIGN",
    Level.AD_GROUP: "AUCTION_ADGROUP",
    Level.AD: "AUCTION_AD",
}
_DIMENSION = {
    Level.ACCOUNT: "advertiser_id",
    Level.CAMPAIGN: "campaign_id",
    Level.AD_GROUP: "adgroup_id",
    Level.AD: "ad_id",
}
_NAMED = {
    Level.ACCOUNT: (),
    Level.CAMPAIGN: ("campaign_name",),
    Level.AD_GROUP: ("campaign_id", "campaign_name", "adgroup_name"),
    Level.AD: ("campaign_id", "campaign_name", "adgroup_id", "adgroup_name", "ad_name"),
}

Each = TypeVar("Each")
Figure = str | int | float | None


class _Dimensions(msgspec.Struct, gc=False):
    stat_time_day: str
    advertiser_id: str = ""
    campaign_id: str = ""
    adgroup_id: str = ""
    ad_id: str = ""


class _Metrics(msgspec.Struct, gc=False):
    campaign_id: str | None = None
    campaign_name: str | None = None
    adgroup_id: str | None = None
    adgroup_name: str | None = None
    ad_name: str | None = None
    spend: Figure = None
    impressions: Figure = None
    clicks: Figure = None
    conversion: Figure = None
    vta_conversion: Figure = None
    total_purchase_value: Figure = None
    total_sales_lead_value: Figure = None


class Row(msgspec.Struct, gc=False):
    dimensions: _Dimensions
    metrics: _Metrics


class _Report(msgspec.Struct, Generic[Each]):
    data: Page[Each]


_WORDING = wording(
    {
        "dimensions": wording(dict.fromkeys((_DAY, *_DIMENSION.values()), Scalar)),
        "metrics": wording(dict.fromkeys((*_MEASURED, *_NAMED[Level.AD]), Scalar)),
    }
)
_VERBATIM = Verbatim[Row](
    values=_Report[Row],
    words=_Report[_WORDING],
    anything=_Report[Any],
    rows=lambda report: report.data.rows,
    where=WHERE,
)


class TikTokInsights:
    """The insights of the advertisers that one token is for."""

    def __init__(self, api: TikTokApi, reports: Reports, clock: Callable[[], datetime]) -> None:
        self._api, self._reports, self._clock = api, reports, clock

    def rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        advertiser, now = advertiser_of(self._api, number), self._clock()
        today = OpenFrom(timedelta(), now, where=WHERE)[advertiser.time_zone]
        open_from = OpenFrom(LOOKBACK, now, where=WHERE)[advertiser.time_zone]
        for first, last in _windows(since, min(until, today)):
            for page in self._pages(_question(number, level, first, last)):
                with measuring(where=WHERE):
                    rows = [_row(row, words, level, advertiser, open_from) for row, words in page]
                yield from rows

    def _pages(self, question: Question) -> Iterator[list[tuple[Row, bytes]]]:
        if question.since < question.until:
            yield from self._at_once(question)
            return
        try:
            pages = list(self._at_once(question))
        except TooMuchData:
            # A day cannot be halved: it is asked for as a report, and none of it twice.
            pages = [self._reports.rows(question, Row)]
        yield from pages

    def _at_once(self, question: Question) -> Iterator[list[tuple[Row, bytes]]]:
        for page in self._api.pages("report/integrated/get", question.asked, _page):
            if page.page_info.total_number >= MOST_ROWS:
                what = f"an answer of {page.page_info.total_number} rows, which may have been cut"
                raise TooMuchData(what=what, where=WHERE)
            yield page.rows


def _page(answer: Answer) -> Page[tuple[Row, bytes]]:
    report, rows = _VERBATIM.read(answer)
    return Page(rows=rows, page_info=report.data.page_info)


def _question(number: str, level: Level, since: date, until: date) -> Question:
    return Question(
        advertiser=number,
        data_level=_DATA_LEVEL[level],
        dimensions=(_DIMENSION[level], _DAY),
        metrics=(*_MEASURED, *_NAMED[level]),
        since=since,
        until=until,
    )


def _windows(since: date, until: date) -> Iterator[tuple[date, date]]:
    while since <= until:
        last = since + timedelta(days=min((until - since).days, _LONGEST_WINDOW - 1))
        yield since, last
        since = last + timedelta(days=1)


def _row(row: Row, words: bytes, level: Level, of: Advertiser, open_from: date) -> InsightRow:
    told, counted = row.dimensions, row.metrics
    day = date.fromisoformat(told.stat_time_day[:10])
    if level is not Level.ACCOUNT and not getattr(told, _DIMENSION[level]):
        raise UnexpectedAnswer(what=f"a row without its {_DIMENSION[level]}", where=WHERE)
    clicks = _count(counted.clicks)
    return InsightRow(
        platform=PLATFORM,
        account_id=of.advertiser_id,
        account_name=of.name,
        account_timezone=of.time_zone,
        currency=of.currency,
        level=level,
        campaign_id=told.campaign_id or counted.campaign_id or "",
        campaign_name=counted.campaign_name or "",
        ad_group_id=told.adgroup_id or counted.adgroup_id or "",
        ad_group_name=counted.adgroup_name or "",
        ad_id=told.ad_id,
        ad_name=counted.ad_name or "",
        date_day=day,
        impressions=_count(counted.impressions),
        clicks=clicks,
        all_clicks=clicks,
        spend_micros=money.micros(_told(counted.spend)),
        conversions=money.conversions(_told(counted.conversion)),
        conversions_value_micros=money.micros(
            money.total(map(_told, (counted.total_purchase_value, counted.total_sales_lead_value)))
        ),
        view_through_conversions=_count(counted.vta_conversion),
        attribution_setting="",
        conversion_definition=_CONVERSIONS,
        is_final=day < open_from,
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )


def _told(figure: Figure) -> str:
    """What TikTok did not count it says as a dash."""
    return "0" if figure is None or figure == _NOT_COUNTED else str(figure)


def _count(figure: Figure) -> int:
    exact = money.total((_told(figure),))
    if not 0 <= exact < 2**63 or exact != exact.to_integral_value():
        raise ValueError("not a count")
    return int(exact)
