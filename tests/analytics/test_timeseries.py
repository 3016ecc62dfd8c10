"""Timeseries: ratios of sums, every moment there, and a word where a question has no answer."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from marketing_pipelines.analytics.measures import RATIOS, SUMS, Metric, Sums
from marketing_pipelines.analytics.refusals import NotBuilt, Unanswerable
from marketing_pipelines.analytics.timeseries import Source, TimeseriesAsked, timeseries
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

MONDAY = date(2026, 3, 2)


def day(number: int) -> date:
    return date(2026, 3, number)


def asked(**said: object) -> TimeseriesAsked:
    given = {"from": day(1), "to": day(10), **said}
    return TimeseriesAsked.model_validate(given).settled(date(2026, 3, 31))


def values(filled: Marts, tenant: TenantId, **said: object) -> dict[tuple[str, str], float | None]:
    rows = timeseries(filled.client, tenant, asked(**said)).rows
    return {(str(at), of): value for at, of, value in rows.iter_rows()}


def test_a_ratio_is_of_sums_and_never_a_mean_of_ratios(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, day(2), "email", spend=10, conversions_value=100)
    filled.channel_day(tenant, day(3), "email", spend=90, conversions_value=90)
    week = values(filled, tenant, metric="roas", gran="w", **{"from": day(2), "to": day(8)})
    assert week == {("2026-03-02", ""): 1.9}, "190 / 100, while the mean of 10 and 1 would be 5.5"


def test_every_day_is_there_sums_as_nought_and_ratios_unknown(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, day(5), spend=7, conversions=2)
    spend = values(filled, tenant, metric="spend")
    assert list(spend.values()) == [0, 0, 0, 0, 7, 0, 0, 0, 0, 0]
    cpa = values(filled, tenant, metric="cpa")
    assert [cpa[f"2026-03-0{n}", ""] for n in (4, 5, 6)] == [None, 3.5, None]


def test_weeks_begin_on_monday_and_months_on_the_first(filled: Marts, tenant: TenantId) -> None:
    for number in (1, 2, 8, 9):
        filled.channel_day(tenant, day(number), spend=number)
    assert values(filled, tenant, gran="w") == {
        ("2026-02-23", ""): 1,
        ("2026-03-02", ""): 10,
        ("2026-03-09", ""): 9,
    }
    assert values(filled, tenant, gran="m", **{"from": date(2026, 2, 20)}) == {
        ("2026-02-01", ""): 0,
        ("2026-03-01", ""): 20,
    }


def test_a_channel_by_itself_and_each_channel_for_itself(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, day(1), "email", clicks=3, impressions=30)
    filled.channel_day(tenant, day(1), "social", clicks=1, impressions=100)
    one_day = {"to": day(1), "metric": "ctr"}
    assert values(filled, tenant, channel="email", **one_day) == {("2026-03-01", ""): 0.1}
    assert values(filled, tenant, by="channel", **one_day) == {
        ("2026-03-01", "email"): 0.1,
        ("2026-03-01", "social"): 0.01,
    }
    assert values(filled, tenant, **one_day) == {("2026-03-01", ""): 4 / 130}


def test_a_model_credits_and_what_it_does_not_change_meets_each(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, day(1), "email", spend=10, human_visits=20, conversions=99)
    filled.credit(tenant, day(1), "email", "first_touch", conversions=2, conversions_value=40)
    filled.credit(tenant, day(1), "email", "linear", conversions=1, conversions_value=30)
    one_day = {"to": day(1)}
    assert values(filled, tenant, metric="roas", model="linear", **one_day) == {("2026-03-01", ""): 3}
    assert values(filled, tenant, metric="cvr", by="model", **one_day) == {
        ("2026-03-01", "first_touch"): 0.1,
        ("2026-03-01", "linear"): 0.05,
    }


def test_a_models_credit_is_of_one_goal_and_the_headline_one_unless_another_is_named(
    filled: Marts, tenant: TenantId
) -> None:
    filled.goal(tenant, 5, is_headline=True)
    filled.goal(tenant, 6)
    filled.credit(tenant, day(1), "email", "linear", conversions=2, goal_id=5)
    filled.credit(tenant, day(1), "email", "linear", conversions=7, goal_id=6)
    asked = {"to": day(1), "metric": "conversions", "model": "linear"}
    assert values(filled, tenant, **asked) == {("2026-03-01", ""): 2}
    assert values(filled, tenant, **asked, goal_id=6) == {("2026-03-01", ""): 7}


def test_a_campaign_is_counted_in_the_tenants_currency(filled: Marts, tenant: TenantId) -> None:
    """Money of other accounts by the rate of its day, and nowhere where there is none; what was shown all the same."""
    filled.campaign_day(tenant, day(1), "spring", spend=5, conversions=1, impressions=10)
    dollars = {"currency": "USD", "rate": Decimal("0.8"), "conversions": 3, "conversions_value": 20}
    filled.campaign_day(tenant, day(1), "spring", spend=50, impressions=200, **dollars)
    filled.campaign_day(tenant, day(1), "spring", currency="SEK", rate=None, spend=700, impressions=3_000)
    filled.campaign_day(tenant, day(1), "autumn", spend=1)
    one_day = {"to": day(1)}
    assert values(filled, tenant, by="campaign", **one_day) == {
        ("2026-03-01", "autumn"): 1,
        ("2026-03-01", "spring"): 45,
    }
    spring = {
        metric: values(filled, tenant, campaign="spring", metric=metric, **one_day)["2026-03-01", ""]
        for metric in ("impressions", "revenue", "cpa", "roas")
    }
    assert spring == pytest.approx({"impressions": 3_210, "revenue": 16, "cpa": 45 / 4, "roas": 16 / 45})


def test_hours_are_kept_of_peoples_visits(filled: Marts, tenant: TenantId) -> None:
    half_past_nine = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    filled.visit(tenant, half_past_nine)
    filled.visit(tenant, half_past_nine, is_bot=True)
    filled.visit(tenant, half_past_nine, kind="link_click")
    rows = timeseries(filled.client, tenant, asked(metric="visits", gran="h", to=day(1))).rows
    assert len(rows) == 24
    assert rows.filter(rows["value"] > 0).rows() == [(half_past_nine.replace(minute=0), "", 1.0)]


def test_another_tenants_numbers_are_nobody_elses(filled: Marts, tenant: TenantId) -> None:
    other = TenantId(tenant + 1_000_000)
    filled.channel_day(other, day(1), spend=5)
    filled.campaign_day(other, day(1), "spring", spend=5)
    filled.credit(other, day(1), "email", "linear", conversions=2)
    filled.visit(other, datetime(2026, 3, 1, 9, tzinfo=UTC))
    for said in (
        {},
        {"campaign": "spring"},
        {"model": "linear", "metric": "conversions"},
        {"gran": "h", "metric": "visits"},
    ):
        assert set(values(filled, tenant, **said).values()) == {0}, said
    assert values(filled, tenant, by="channel") == {}


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"gran": "h", "metric": "spend"}, "gran", "visits alone"),
        ({"campaign": "spring", "metric": "cvr"}, "metric", "these are: spend, impressions, clicks"),
        ({"campaign": "spring", "model": "linear"}, "model", "credits channels"),
        ({"gran": "h", "metric": "visits", "model": "linear"}, "model", "leave it out"),
        ({"goal_id": 6, "metric": "cpa"}, "goal_id", "needs a model"),
    ],
)
def test_what_is_kept_nowhere_together_is_refused_in_words(said: dict, field: str, reason: str) -> None:
    with pytest.raises(Unanswerable) as refused:
        _ = asked(**said).source
    assert refused.value.field == field
    assert reason in refused.value.reason


def test_a_span_says_how_long_it_may_be() -> None:
    with pytest.raises(Unanswerable, match="4,000 days apart; 1,100 days are the most"):
        asked(**{"from": date(2015, 4, 20), "to": date(2026, 4, 1)})
    with pytest.raises(Unanswerable, match="must not lie before from"):
        asked(to=date(2026, 2, 1))
    with pytest.raises(Unanswerable, match="14 days are the most"):
        asked(gran="h", metric="visits", to=day(15))


def test_an_unknown_metric_or_model_names_those_there_are() -> None:
    with pytest.raises(ValidationError, match="'spend', 'impressions'"):
        asked(metric="happiness")
    with pytest.raises(ValidationError, match=r"there are .*first_touch"):
        asked(model="gut_feeling")


def test_without_days_the_last_four_weeks_are_meant() -> None:
    settled = TimeseriesAsked().settled(date(2026, 3, 31))
    assert (settled.first, settled.last) == (date(2026, 3, 4), date(2026, 3, 31))
    assert settled.span.before.last == date(2026, 3, 3)
    assert settled.span.before.days == 28


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt, match="has not been built yet"):
        timeseries(clickhouse, tenant, asked())


def test_every_metric_is_made_of_sums_and_is_the_same_of_one_row() -> None:
    sums = Sums(**{name: float(number) for number, name in enumerate(SUMS, 2)})
    for metric in Metric:
        ratio = RATIOS.get(metric)
        expected = getattr(sums, metric) if ratio is None else None
        if ratio:
            expected = ratio.times * getattr(sums, ratio.part) / getattr(sums, ratio.whole)
        assert sums.of(metric) == expected
        assert Sums().of(metric) == (None if ratio else 0)
    assert {asked(metric=metric).source for metric in Metric} == {Source.CHANNELS}
