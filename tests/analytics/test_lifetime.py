"""Lifetime value: what is over is added up, what is not is left out, and people and their cost are those of the same weeks."""

from datetime import date, timedelta
from math import sqrt

import pytest

from marketing_pipelines.analytics.certainty import Z
from marketing_pipelines.analytics.lifetime import Horizon, LtvAsked, ltv
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

MONDAY = date(2026, 3, 2)
WEEK = timedelta(weeks=1)
TODAY = date(2026, 4, 30)


def asked(**said: object) -> LtvAsked:
    return LtvAsked.model_validate(said).settled(TODAY)


def horizons(filled: Marts, tenant: TenantId, channel: str) -> dict[int, Horizon]:
    found = ltv(filled.client, tenant, asked())
    [of_channel] = [it for it in found.channels if it.channel == channel]
    return {horizon.within_days: horizon for horizon in of_channel.horizons}


def test_only_cohorts_whose_days_are_over_count(filled: Marts, tenant: TenantId) -> None:
    for week, over in ((MONDAY, True), (MONDAY + WEEK, False)):
        filled.lifetime(tenant, week, "email", 7, people=10, conversions=1, revenue=20)
        filled.lifetime(tenant, week, "email", 30, people=10, conversions=2, revenue=50, is_complete=over)
    known = horizons(filled, tenant, "email")
    assert (known[7].people, known[7].revenue, known[7].per_person) == (20, 40.0, 2.0)
    assert (known[30].people, known[30].conversions, known[30].per_person) == (10, 2, 5.0)
    assert (known[7].is_complete, known[30].is_complete) == (True, False)
    assert (known[30].weeks, known[30].of_weeks) == (1, 2)


def test_nothing_is_known_where_nothing_is_over(filled: Marts, tenant: TenantId) -> None:
    filled.lifetime(tenant, MONDAY, "email", 365, people=10, revenue=20, is_complete=False)
    [email] = ltv(filled.client, tenant, asked()).channels
    [year] = email.horizons
    assert (email.people, year.people, year.per_person, year.is_complete) == (10, 0, None, False)


def test_cost_stands_beside_those_whom_it_brought(filled: Marts, tenant: TenantId) -> None:
    """A week before there were ads is worth something, and says nothing about what ads are worth."""
    for week, revenue in ((MONDAY - WEEK, 900), (MONDAY, 60), (MONDAY + WEEK, 0)):
        filled.lifetime(tenant, week, "paid_search", 7, people=10, revenue=revenue)
        filled.lifetime(tenant, week, "email", 7, people=10, revenue=5)
    filled.channel_day(tenant, MONDAY, "paid_search", spend=15)
    filled.channel_day(tenant, MONDAY + timedelta(days=6), "paid_search", spend=5)
    filled.channel_day(tenant, MONDAY + WEEK, "paid_search", spend=20)
    filled.channel_day(TenantId(tenant + 1_000_000), MONDAY, "email", spend=20)
    paid, email = horizons(filled, tenant, "paid_search")[7], horizons(filled, tenant, "email")[7]
    assert (paid.per_person, paid.spend, paid.cost_per_person, paid.to_cost) == (32.0, 40.0, 2.0, 1.5)
    assert (email.spend, email.cost_per_person, email.to_cost) == (0.0, None, None)


def test_money_that_brought_nobody_is_cost_too(filled: Marts, tenant: TenantId) -> None:
    filled.lifetime(tenant, MONDAY, "paid_search", 7, people=10, revenue=60)
    filled.lifetime(tenant, MONDAY + WEEK, "email", 7, people=1)
    filled.channel_day(tenant, MONDAY, "paid_search", spend=20)
    filled.channel_day(tenant, MONDAY + WEEK, "paid_search", spend=40)
    filled.channel_day(tenant, MONDAY + 2 * WEEK, "paid_search", spend=999)
    known = horizons(filled, tenant, "paid_search")[7]
    assert (known.spend, known.to_cost) == (60.0, 1.0)


def test_who_brought_most_comes_first(filled: Marts, tenant: TenantId) -> None:
    for channel, people in (("direct", 3), ("email", 9), ("audio", 3)):
        filled.lifetime(tenant, MONDAY, channel, 7, people=people)
    filled.lifetime(TenantId(tenant + 1_000_000), MONDAY, "sms", 7, people=99)
    found = ltv(filled.client, tenant, asked())
    assert [it.channel for it in found.channels] == ["email", "audio", "direct"]
    assert found.currency == "EUR"


def test_the_margin_is_that_of_a_ratio_over_weeks(filled: Marts, tenant: TenantId) -> None:
    people = [10, 12, 8, 10, 11, 9, 10, 10]
    revenue = [20.0, 30.0, 10.0, 25.0, 22.0, 15.0, 28.0, 10.0]
    for place, (came, earned) in enumerate(zip(people, revenue, strict=True)):
        filled.lifetime(tenant, MONDAY - place * WEEK, "email", 7, people=came, revenue=earned)
    value = sum(revenue) / sum(people)
    scatter = sum((earned - value * came) ** 2 for came, earned in zip(people, revenue, strict=True))
    known = horizons(filled, tenant, "email")[7]
    assert known.per_person == pytest.approx(value)
    assert known.margin == pytest.approx(Z * sqrt(scatter * 8 / 7) / sum(people))


def test_from_a_few_weeks_no_margin_is_known(filled: Marts, tenant: TenantId) -> None:
    filled.lifetime(tenant, MONDAY, "email", 7, people=10, revenue=20)
    assert horizons(filled, tenant, "email")[7].margin is None


def test_two_years_are_meant_where_none_are_named() -> None:
    span = asked().span
    assert (span.first.weekday(), (TODAY - span.first) // WEEK) == (0, 103)


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        ltv(clickhouse, tenant, asked())
