"""Cohorts: weeks down, weeks since across; a week without anybody is known to be one, and what is not over is marked."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from marketing_pipelines.analytics.certainty import Share
from marketing_pipelines.analytics.cohorts import CohortsAsked, CohortWeek, cohorts
from marketing_pipelines.analytics.refusals import NotBuilt, Unanswerable
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

MONDAY = date(2026, 3, 2)
WEEK = timedelta(weeks=1)
TODAY = date(2026, 3, 26)


def asked(**said: object) -> CohortsAsked:
    return CohortsAsked.model_validate(said).settled(TODAY)


def test_each_cohort_is_followed_to_the_newest_week(filled: Marts, tenant: TenantId) -> None:
    filled.cohort_week(
        tenant, MONDAY, 0, cohort_people=10, people=10, people_converting=2, conversions=3, revenue=30
    )
    filled.cohort_week(
        tenant, MONDAY, 2, cohort_people=10, people=4, people_converting=1, conversions=1, revenue=-5
    )
    filled.cohort_week(tenant, MONDAY + 2 * WEEK, 1, cohort_people=5, people=1, is_complete=False)
    filled.cohort_week(tenant, MONDAY + 2 * WEEK, 0, cohort_people=5, people=5)
    first, third = cohorts(filled.client, tenant, asked()).cohorts
    assert (first.week, first.people, third.week, third.people) == (MONDAY, 10, MONDAY + 2 * WEEK, 5)
    assert first.weeks == [
        CohortWeek(0, 10, 2, 3, 30.0, True),
        CohortWeek(1, 0, 0, 0, 0.0, True),
        CohortWeek(2, 4, 1, 1, -5.0, True),
        CohortWeek(3, 0, 0, 0, 0.0, False),
    ]
    assert [(it.people, it.is_complete) for it in third.weeks] == [(5, True), (1, False)]


def test_no_cohort_is_followed_further_than_asked(filled: Marts, tenant: TenantId) -> None:
    for since in range(4):
        filled.cohort_week(tenant, MONDAY, since, cohort_people=10, people=10 - since)
    [cohort] = cohorts(filled.client, tenant, asked(weeks=2)).cohorts
    assert [it.people for it in cohort.weeks] == [10, 9]


def test_the_week_of_the_first_day_is_asked_for_whole(filled: Marts, tenant: TenantId) -> None:
    for week in (MONDAY - WEEK, MONDAY, MONDAY + WEEK):
        filled.cohort_week(tenant, week, 0, cohort_people=1, people=1)
    thursday = MONDAY + timedelta(days=3)
    question = asked(**{"from": thursday, "to": thursday})
    assert (question.span.first, question.span.last) == (MONDAY, thursday)
    found = cohorts(filled.client, tenant, question)
    assert ([it.week for it in found.cohorts], found.currency) == ([MONDAY], "EUR")


def test_twelve_weeks_are_meant_where_none_are_named() -> None:
    span = asked().span
    assert (span.first.weekday(), span.last) == (0, TODAY)
    assert (TODAY - span.first) // WEEK == 11


def test_nobody_elses_cohorts_are_read(filled: Marts, tenant: TenantId) -> None:
    filled.cohort_week(TenantId(tenant + 1_000_000), MONDAY, 0, cohort_people=3, people=3)
    assert cohorts(filled.client, tenant, asked()).cohorts == []


@pytest.mark.parametrize("said", [{"weeks": 0}, {"weeks": 105}, {"wekes": 3}, {"from": "1900-01-01"}])
def test_it_is_bounded(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        asked(**said)


def test_the_longest_span_is_said() -> None:
    with pytest.raises(Unanswerable, match="1,100 days are the most"):
        asked(**{"from": "2020-01-01"})
    assert asked(**{"from": "1971-01-01", "to": "1971-02-01"}).span.first >= date(1971, 1, 1)


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        cohorts(clickhouse, tenant, asked())


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # By hand, from Wilson's formula.
        (50, 100, 0.4038, 0.5962),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 1000, 0.0002, 0.0056),
        (0, 0, 0.0, 1.0),
    ],
)
def test_a_share_lies_in_wilsons_interval(part: int, whole: int, low: float, high: float) -> None:
    share = Share(part, whole)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)
    assert share.low <= share.rate <= share.high


def test_two_shares_differ_where_chance_hardly_explains_it() -> None:
    assert Share(10, 1000).differs(Share(100, 1000))
    assert not Share(1, 10).differs(Share(2, 10))
    assert not Share(5, 10).differs(Share(0, 0))
