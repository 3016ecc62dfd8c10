"""Google Ads' insights: what advertising did by day, streamed in one answer."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain, groupby
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET

from connectors import google_ads_refusals as refusals
from connectors import money
from connectors.answers import Answer, measuring
from connectors.days import OpenFrom
from connectors.face import InsightRow, Level, Platform
from connectors.google_ads_api import WHERE, GoogleAdsApi
from connectors.verbatim import Scalar, Verbatim, fingerprint, wording

PLATFORM = Platform.GOOGLE_ADS
# Conversions are booked on the click's day until the conversion window closes, by default after 30 days.
LOOKBACK = timedelta(days=30)

Row = TypeVar("Row")

_RESOURCE = {
    Level.ACCOUNT: "customer",
    Level.CAMPAIGN: "campaign",
    Level.AD_GROUP: "ad_group",
    Level.AD: "ad_group_ad",
}
_FIELDS_OF_LEVEL = {
    Level.ACCOUNT: (),
    Level.CAMPAIGN: ("campaign.id", "campaign.name"),
    Level.AD_GROUP: ("campaign.id", "campaign.name", "ad_group.id", "ad_group.name"),
    Level.AD: (
        "campaign.id",
        "campaign.name",
        "ad_group.id",
        "ad_group.name",
        "ad_group_ad.ad.id",
        "ad_group_ad.ad.name",
    ),
}
_FIELDS = (
    "customer.id",
    "customer.descriptive_name",
    "customer.currency_code",
    "customer.time_zone",
    "segments.date",
    "metrics.impressions",
    "metrics.clicks",
    "metrics.cost_micros",
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.view_through_conversions",
)

_NONE = money.conversions(0)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Customer(msgspec.Struct, rename="camel", gc=False):
    id: str
    currency_code: str
    time_zone: str
    descriptive_name: str | None = None


class _Named(msgspec.Struct, gc=False):
    id: str = ""
    name: str | None = None


class _AdGroupAd(msgspec.Struct, gc=False):
    ad: _Named


class _Segments(msgspec.Struct, gc=False):
    date: date


class _Metrics(msgspec.Struct, rename="camel", gc=False):
    impressions: Count | None = None
    clicks: Count | None = None
    cost_micros: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    conversions: Decimal | None = None
    conversions_value: Decimal | None = None
    view_through_conversions: Count | None = None


class _Row(msgspec.Struct, rename="camel", gc=False):
    customer: Customer
    segments: _Segments
    metrics: _Metrics = msgspec.field(default_factory=_Metrics)
    campaign: _Named = msgspec.field(default_factory=_Named)
    ad_group: _Named = msgspec.field(default_factory=_Named)
    ad_group_ad: _AdGroupAd = msgspec.field(default_factory=lambda: _AdGroupAd(ad=_Named()))


class _Chunk(msgspec.Struct, Generic[Row]):
    results: list[Row] | None = None
    error: Any = UNSET


def _wording(paths: Iterable[list[str]]) -> Any:
    """Of fields by their paths; every object on the way has a name of its own as well."""
    fields: dict[str, Any] = {}
    for name, below in groupby(sorted(paths), key=lambda path: path[0]):
        further = [path[1:] for path in below if path[1:]]
        fields[name] = _wording([*further, ["resourceName"]]) if further else Scalar
    return wording(fields)


def _camel(path: str) -> list[str]:
    return [re.sub("_(.)", lambda letter: letter[1].upper(), step) for step in path.split(".")]


def _results(chunks: list[_Chunk[Row]]) -> Iterable[Row]:
    return chain.from_iterable(chunk.results or () for chunk in chunks)


_VERBATIM = Verbatim[_Row](
    values=list[_Chunk[_Row]],
    words=list[_Chunk[_wording(_camel(path) for path in (*_FIELDS, *_FIELDS_OF_LEVEL[Level.AD]))]],
    anything=list[_Chunk[Any]],
    rows=_results,
    where=WHERE,
)


class Insights:
    """The insights of the accounts that one user may see."""

    def __init__(self, api: GoogleAdsApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock

    def rows(self, customer: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        query = (
            f"SELECT {', '.join((*_FIELDS, *_FIELDS_OF_LEVEL[level]))} FROM {_RESOURCE[level]} "  # noqa: S608 - dates and constants
            f"WHERE segments.date BETWEEN '{since}' AND '{until}' ORDER BY segments.date"
        )
        found = self._api.search_by(customer, query, _read)
        open_from = OpenFrom(LOOKBACK, self._clock(), where=WHERE)
        with measuring(where=WHERE):
            rows = [_row(row, words, level, open_from) for row, words in found]
        yield from rows


def _read(answer: Answer) -> list[tuple[_Row, bytes]]:
    chunks, rows = _VERBATIM.read(answer)
    if any(chunk.error is not UNSET for chunk in chunks):  # a stream can fail after it has begun
        raise refusals.meaning_of(answer, where=WHERE)
    return rows


def _row(row: _Row, words: bytes, level: Level, open_from: OpenFrom) -> InsightRow:
    customer, metrics, ad = row.customer, row.metrics, row.ad_group_ad.ad
    return InsightRow(
        platform=PLATFORM,
        account_id=customer.id,
        account_name=customer.descriptive_name or "",
        account_timezone=customer.time_zone,
        currency=customer.currency_code,
        level=level,
        campaign_id=row.campaign.id,
        campaign_name=row.campaign.name or "",
        ad_group_id=row.ad_group.id,
        ad_group_name=row.ad_group.name or "",
        ad_id=ad.id,
        ad_name=ad.name or "",
        date_day=row.segments.date,
        impressions=metrics.impressions or 0,
        clicks=metrics.clicks or 0,
        all_clicks=metrics.clicks or 0,
        spend_micros=metrics.cost_micros or 0,
        conversions=money.conversions(metrics.conversions) if metrics.conversions else _NONE,
        conversions_value_micros=money.micros(metrics.conversions_value) if metrics.conversions_value else 0,
        view_through_conversions=metrics.view_through_conversions or 0,
        attribution_setting="",
        conversion_definition="metrics.conversions",
        is_final=row.segments.date < open_from[customer.time_zone],
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )
