"""Reddit's insights by day, from reports, with names from the account's own lists.

Money is in millionths of the currency's main unit, and what conversions are worth in hundredths. A report's days are those of the
time zone that it is asked in, its moments whole hours of UTC, and it goes on for 24 hours after its end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from connectors import money
from connectors.answers import Answer, measuring
from connectors.days import OpenFrom, start_of
from connectors.face import InsightRow, Level, Platform
from connectors.reddit_accounts import Account, account_of
from connectors.reddit_api import WHERE, Pagination, RedditApi
from connectors.verbatim import Scalar, Verbatim, fingerprint, wording

PLATFORM = Platform.REDDIT_ADS
# The longest window in which a conversion is counted for a click.
LOOKBACK = timedelta(days=28)

_BREAKDOWNS = {
    Level.ACCOUNT: ("DATE",),
    Level.CAMPAIGN: ("CAMPAIGN_ID", "DATE"),
    Level.AD_GROUP: ("CAMPAIGN_ID", "AD_GROUP_ID", "DATE"),
    # Three are the most; whose campaign an ad group is, its own list says.
    Level.AD: ("AD_GROUP_ID", "AD_ID", "DATE"),
}
_LISTED = {Level.CAMPAIGN: "campaigns", Level.AD_GROUP: "ad_groups", Level.AD: "ads"}
_UPWARDS = (Level.CAMPAIGN, Level.AD_GROUP, Level.AD)
_EVENTS = ("purchase", "lead", "sign_up")
_FIELDS = (
    "impressions",
    "clicks",
    "spend",
    *(f"conversion_{event}_{how}" for event in _EVENTS for how in ("clicks", "views")),
    # The name of what sign-ups are worth is written otherwise than those of their counts.
    *(f"conversion_{event}_total_value" for event in ("purchase", "lead", "signup")),
)
_A_DAY, _ALMOST_AN_HOUR = timedelta(days=1), timedelta(minutes=59)
_MICRO, _HUNDREDTH = Decimal(1), Decimal(10_000)

Row = TypeVar("Row")

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Row(msgspec.Struct, gc=False):
    """What was not counted may be left out, or null."""

    date: str
    campaign_id: str | None = None
    ad_group_id: str | None = None
    ad_id: str | None = None
    impressions: Count | None = None
    clicks: Count | None = None
    spend: Decimal | None = None
    conversion_purchase_clicks: Count | None = None
    conversion_purchase_views: Count | None = None
    conversion_purchase_total_value: Decimal | None = None
    conversion_lead_clicks: Count | None = None
    conversion_lead_views: Count | None = None
    conversion_lead_total_value: Decimal | None = None
    conversion_sign_up_clicks: Count | None = None
    conversion_sign_up_views: Count | None = None
    conversion_signup_total_value: Decimal | None = None

    @property
    def after_clicks(self) -> int:
        return _sum(
            self.conversion_purchase_clicks, self.conversion_lead_clicks, self.conversion_sign_up_clicks
        )

    @property
    def after_views(self) -> int:
        return _sum(self.conversion_purchase_views, self.conversion_lead_views, self.conversion_sign_up_views)

    @property
    def worth(self) -> Decimal:
        told = (
            self.conversion_purchase_total_value,
            self.conversion_lead_total_value,
            self.conversion_signup_total_value,
        )
        return money.total(value for value in told if value is not None)


class _Metrics(msgspec.Struct, Generic[Row]):
    metrics: list[Row]


class _Report(msgspec.Struct, Generic[Row]):
    data: _Metrics[Row]
    pagination: Pagination | None = None


_WORDING = wording(dict.fromkeys((*_FIELDS, "date", "campaign_id", "ad_group_id", "ad_id"), Scalar))

_VERBATIM = Verbatim[_Row](
    values=_Report[_Row],
    words=_Report[_WORDING],
    anything=_Report[Any],
    rows=lambda report: report.data.metrics,
    where=WHERE,
)


class _Entity(msgspec.Struct):
    id: str
    name: str | None = None
    campaign_id: str | None = None
    ad_group_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """Names by level and id."""

    by_level: dict[Level, dict[str, _Entity]] = field(default_factory=dict)

    def named(self, level: Level, number: str) -> str:
        entity = self.by_level.get(level, {}).get(number)
        return (entity.name if entity else None) or ""

    def campaign_of(self, ad_group: str) -> str:
        entity = self.by_level.get(Level.AD_GROUP, {}).get(ad_group)
        return (entity.campaign_id if entity else None) or ""


class RedditInsights:
    """What the advertising did that one person may look at."""

    def __init__(self, api: RedditApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock
        self._accounts: dict[str, Account] = {}
        self._listed: dict[tuple[str, Level], dict[str, _Entity]] = {}

    def rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        if number not in self._accounts:
            self._accounts[number] = account_of(self._api, number)
        account = self._accounts[number]
        known = self._known(number, level)
        open_from = OpenFrom(LOOKBACK, self._clock(), where=WHERE)[account.time_zone_id]
        asked = _question(account, since, until, level)
        for rows in self._api.report(f"ad_accounts/{number}/reports", asked, _read):
            with measuring(where=WHERE):
                yield from [
                    _row(row, words, account, level, known, open_from)
                    for row, words in rows
                    if since <= _day(row.date) <= until
                ]

    def _known(self, number: str, level: Level) -> _Known:
        """Listed once a connection: an account is read a few days at a time."""
        known = _Known()
        for each in _UPWARDS[: _UPWARDS.index(level) + 1] if level in _UPWARDS else ():
            if (number, each) not in self._listed:
                listed = self._api.each(f"ad_accounts/{number}/{_LISTED[each]}", _Entity)
                self._listed[number, each] = {entity.id: entity for entity in listed}
            known.by_level[each] = self._listed[number, each]
        return known


def _read(answer: Answer) -> tuple[Pagination | None, list[tuple[_Row, bytes]]]:
    report, rows = _VERBATIM.read(answer)
    return report.pagination, rows


def _question(account: Account, since: date, until: date, level: Level) -> dict[str, Any]:
    starts_at, ends_at = _moments(since, until, account.time_zone_id)
    return {
        "starts_at": f"{starts_at:%Y-%m-%dT%H:00:00Z}",
        "ends_at": f"{ends_at:%Y-%m-%dT%H:00:00Z}",
        "time_zone_id": account.time_zone_id,
        "breakdowns": list(_BREAKDOWNS[level]),
        "fields": [name.upper() for name in _FIELDS],
    }


def _moments(since: date, until: date, time_zone: str) -> tuple[datetime, datetime]:
    """Whole hours around the days, which may have 23 hours or 25, or begin at half past.

    What a report tells of days beside them is left out, so that these hours may be too many and never too few.
    """
    first = start_of(since, time_zone, where=WHERE).astimezone(UTC).replace(minute=0)
    over = start_of(until + _A_DAY, time_zone, where=WHERE).astimezone(UTC)
    last = (over + _ALMOST_AN_HOUR).replace(minute=0) - _A_DAY
    return first, max(first, last)


def _row(
    row: _Row, words: bytes, account: Account, level: Level, known: _Known, open_from: date
) -> InsightRow:
    day, ad_group, ad = _day(row.date), row.ad_group_id or "", row.ad_id or ""
    campaign = row.campaign_id or known.campaign_of(ad_group)
    return InsightRow(
        platform=PLATFORM,
        account_id=account.id,
        account_name=account.name,
        account_timezone=account.time_zone_id,
        currency=account.currency,
        level=level,
        campaign_id=campaign,
        campaign_name=known.named(Level.CAMPAIGN, campaign),
        ad_group_id=ad_group,
        ad_group_name=known.named(Level.AD_GROUP, ad_group),
        ad_id=ad,
        ad_name=known.named(Level.AD, ad),
        date_day=day,
        impressions=row.impressions or 0,
        clicks=row.clicks or 0,
        all_clicks=row.clicks or 0,
        spend_micros=money.micros_of(row.spend or Decimal(0), _MICRO),
        conversions=money.conversions(row.after_clicks + row.after_views),
        conversions_value_micros=money.micros_of(row.worth, _HUNDREDTH),
        view_through_conversions=row.after_views,
        attribution_setting=account.attribution_setting,
        conversion_definition=",".join(_EVENTS),
        is_final=day < open_from,
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )


def _sum(*counts: int | None) -> int:
    return sum(count or 0 for count in counts)


@lru_cache(maxsize=1000)
def _day(said: str) -> date:
    with measuring(where=WHERE):
        return date.fromisoformat(said[:10])
