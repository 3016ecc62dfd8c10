"""X's insights by day, from its statistics, with names from the account's own lists."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Annotated

import msgspec

from connectors import money
from connectors.answers import canonical, measuring, shaped
from connectors.days import OpenFrom
from connectors.face import InsightRow, Level, Platform
from connectors.retries import Patience
from connectors.verbatim import fingerprint
from connectors.x_ads_api import WHERE, XAdsApi
from connectors.x_entities import (
    Account,
    Entities,
    Lineage,
    account_of,
    entities_of,
    lineage,
    upwards,
)
from connectors.x_stats import Counted, Figures, Statistics

PLATFORM = Platform.TWITTER_ADS
# What was spent is settled after 14 days; a conversion is booked for as long as its window is open, 30 days after a click.
LOOKBACK = timedelta(days=30)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Micros = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]


class _Converted(msgspec.Struct):
    """Conversions of one kind; what they are worth comes in micros, like all of X's money."""

    metric: Count = 0
    post_view: Count = 0
    sale_amount: Micros = 0


class _Figures(msgspec.Struct):
    impressions: Count = 0
    clicks: Count = 0
    url_clicks: Count = 0
    billed_charge_local_micro: Micros = 0
    conversion_purchases: _Converted = msgspec.field(default_factory=_Converted)
    conversion_custom: _Converted = msgspec.field(default_factory=_Converted)

    @property
    def converted(self) -> tuple[_Converted, ...]:
        return self.conversion_purchases, self.conversion_custom


class XInsights:
    """One connection's reading of its accounts."""

    def __init__(self, api: XAdsApi, patience: Patience) -> None:
        self._api, self._statistics = api, Statistics(api, patience)
        self._listed: dict[tuple[str, Level], Entities] = {}

    def rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        """X keeps no spend of an account: its day is what its campaigns did together."""
        account = account_of(self._api, number)
        kept_at = Level.CAMPAIGN if level is Level.ACCOUNT else level
        known = self._known(number, level)
        open_from = OpenFrom(LOOKBACK, self._api.now(), where=WHERE)[account.time_zone]
        counted = self._statistics.read(account, since, until, kept_at)
        together = level is Level.ACCOUNT
        for some in _by_day(counted) if together else ([each] for each in counted):
            of = lineage(some[0].entity, level, known)
            yield _row(account, level, of, some, is_final=some[0].day < open_from)

    def _known(self, number: str, level: Level) -> Mapping[Level, Entities]:
        """Listed once a connection: an account is read a few days at a time."""
        for each in upwards(level):
            if (number, each) not in self._listed:
                self._listed[number, each] = entities_of(self._api, number, each)
        return {each: self._listed[number, each] for each in upwards(level)}


def _by_day(counted: Iterator[Counted]) -> Iterator[list[Counted]]:
    return (list(of_day) for _, of_day in groupby(counted, key=lambda each: each.day))


def _row(
    account: Account, level: Level, of: Lineage, counted: list[Counted], *, is_final: bool
) -> InsightRow:
    day = counted[0].day
    told = {each.entity: each.by_placement for each in counted}
    figures = [_figures(each) for placements in told.values() for each in placements.values()]
    converted = [each for one in figures for each in one.converted]
    words = canonical({"date": day, "figures": told})
    with measuring(where=WHERE):
        return InsightRow(
            platform=PLATFORM,
            account_id=account.id,
            account_name=account.name,
            account_timezone=account.time_zone,
            currency=account.currency,
            level=level,
            campaign_id=of.campaign_id,
            campaign_name=of.campaign_name,
            ad_group_id=of.ad_group_id,
            ad_group_name=of.ad_group_name,
            ad_id=of.ad_id,
            ad_name=of.ad_name,
            date_day=day,
            impressions=sum(each.impressions for each in figures),
            clicks=sum(each.url_clicks for each in figures),
            all_clicks=sum(each.clicks for each in figures),
            spend_micros=_bounded(sum(each.billed_charge_local_micro for each in figures)),
            conversions=money.conversions(sum(each.metric for each in converted)),
            conversions_value_micros=_bounded(sum(each.sale_amount for each in converted)),
            view_through_conversions=sum(each.post_view for each in converted),
            attribution_setting="",
            conversion_definition="conversion_custom,conversion_purchases",
            is_final=is_final,
            raw=words.decode(),
            raw_hash=fingerprint(words),
        )


def _figures(told: Figures) -> _Figures:
    return shaped(told, _Figures, where=WHERE)


def _bounded(micros: int) -> int:
    """Sums of what is within bounds may be beyond them."""
    return money.micros(Decimal(micros).scaleb(-6))
