"""What is measured, and what is made of it: ratios are ratios of sums, and unknown where there is nothing to divide by."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl


class Metric(StrEnum):
    SPEND = "spend"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    VISITS = "visits"
    CONVERSIONS = "conversions"
    REVENUE = "revenue"
    CTR = "ctr"
    CVR = "cvr"
    CPC = "cpc"
    CPM = "cpm"
    CPA = "cpa"
    ROAS = "roas"
    ORDER_VALUE = "order_value"


class Ratio(NamedTuple):
    part: str
    whole: str
    times: float = 1.0


RATIOS: Mapping[Metric, Ratio] = {
    Metric.CTR: Ratio("clicks", "impressions"),
    Metric.CVR: Ratio("conversions", "visits"),
    Metric.CPC: Ratio("spend", "clicks"),
    Metric.CPM: Ratio("spend", "impressions", 1000.0),
    Metric.CPA: Ratio("spend", "conversions"),
    Metric.ROAS: Ratio("revenue", "spend"),
    Metric.ORDER_VALUE: Ratio("revenue", "conversions"),
}


@dataclass(frozen=True, slots=True)
class Sums:
    """What can be added up. Visits are those of people; clicks are those on ads, as the platforms bill them."""

    spend: float = 0.0
    impressions: float = 0.0
    clicks: float = 0.0
    visits: float = 0.0
    conversions: float = 0.0
    revenue: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    def of(self, metric: Metric) -> float | None:
        ratio = RATIOS.get(metric)
        if ratio is None:
            return getattr(self, metric)
        whole = getattr(self, ratio.whole)
        return ratio.times * getattr(self, ratio.part) / whole if whole else None


SUMS = tuple(field.name for field in fields(Sums))


def needed(metric: Metric) -> frozenset[str]:
    """The sums that a metric is made of."""
    ratio = RATIOS.get(metric)
    return frozenset({ratio.part, ratio.whole} if ratio else {metric.value})


def valued(metric: Metric) -> "pl.Expr":
    """The metric over columns that hold sums."""
    import polars as pl

    ratio = RATIOS.get(metric)
    if ratio is None:
        return pl.col(metric)
    whole = pl.col(ratio.whole)
    return pl.when(whole != 0).then(ratio.times * pl.col(ratio.part) / whole)
