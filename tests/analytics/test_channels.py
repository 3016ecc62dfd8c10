"""Channels beside the span before, and how fresh each number is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.channels import ChannelsAsked, channels, first_met
from marketing_pipelines.analytics.freshness import ASSETS, freshness
from marketing_pipelines.analytics.measures import Metric
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

FIRST, LAST = date(2026, 3, 8), date(2026, 3, 14)
ASKED = ChannelsAsked(first=FIRST, last=LAST).settled(LAST)


def test_each_channel_stands_beside_as_many_days_before(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, FIRST, "email", spend=10, conversions=2, conversions_value=50)
    filled.channel_day(tenant, LAST, "email", spend=30, conversions=2, conversions_value=70)
    filled.channel_day(tenant, FIRST - timedelta(days=1), "email", spend=8, conversions=1)
    filled.channel_day(tenant, FIRST - timedelta(days=7), "social", spend=1, human_visits=9)
    filled.channel_day(tenant, FIRST - timedelta(days=8), "social", spend=1_000)
    filled.channel_day(TenantId(tenant + 1_000_000), FIRST, "email", spend=1_000)
    found = channels(filled.client, tenant, ASKED)
    assert (found.currency, [it.name for it in found.channels]) == ("EUR", ["email", "social"])
    email, social = found.channels
    assert [email.now.of(metric) for metric in (Metric.SPEND, Metric.CPA, Metric.ROAS, Metric.CTR)] == [
        40,
        10,
        3,
        None,
    ]
    assert (email.before.spend, social.now.spend, social.before.visits) == (8, 0, 9)
    assert (found.total.now.revenue, found.total.before.spend) == (120, 9)


def test_the_course_of_all_channels_is_told_by_day(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, FIRST, "email", spend=10, human_visits=3, bot_visits=2)
    filled.channel_day(tenant, FIRST, "social", spend=5)
    filled.channel_day(tenant, LAST, "email", human_visits=4, bot_visits=1)
    filled.channel_day(tenant, FIRST - timedelta(days=1), "email", spend=8, bot_visits=9)
    found = channels(filled.client, tenant, ASKED)
    assert {day: (sums.spend, sums.visits) for day, sums in found.days.items()} == {
        FIRST: (15, 3),
        LAST: (0, 4),
    }
    assert found.total.visits_of_programs == 3


def test_people_are_worth_what_they_brought_in_their_first_thirty_days(
    filled: Marts, tenant: TenantId
) -> None:
    """By 14 March those who came in the week from 2 February on have had theirs, and later ones have not."""
    week = date(2026, 2, 2)
    assert first_met(Span(FIRST, LAST)) == Span(week, date(2026, 2, 8))
    filled.channel_day(tenant, FIRST, "email", spend=10)
    filled.lifetime(tenant, week, "email", 30, people=4, revenue=100)
    filled.lifetime(tenant, week, "email", 365, people=4, revenue=900)
    filled.lifetime(tenant, week - timedelta(days=7), "email", 30, people=2, revenue=20)
    filled.lifetime(tenant, week + timedelta(days=7), "email", 30, people=1, revenue=500)
    filled.lifetime(tenant, week, "referral", 30, people=1, revenue=7)
    filled.lifetime(tenant, week, "email", 30, people=9, revenue=1, is_complete=False)
    found = channels(filled.client, tenant, ASKED)
    email, referral = found.channels
    assert (email.lifetime_now.value, email.lifetime_before.value) == (25, 10)
    # Who brought people then and did nothing since belongs to what all are worth.
    assert (referral.name, referral.now.visits, referral.lifetime_now.value) == ("referral", 0, 7)
    assert found.total.lifetime_now.value == pytest.approx(107 / 5)


def test_longer_spans_take_more_weeks_together() -> None:
    weeks = first_met(Span(LAST - timedelta(days=27), LAST))
    assert (weeks.first, weeks.last, weeks.before.days) == (date(2026, 1, 12), date(2026, 2, 8), 28)


def test_what_people_are_worth_is_unknown_before_that_is_built(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, FIRST, "email", spend=10)
    filled.client.command("drop table marts.ltv")
    [email] = channels(filled.client, tenant, ASKED).channels
    assert (email.now.spend, email.lifetime_now.value) == (10, None)


def test_nobody_knows_any_channel_before_there_is_a_mart(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        channels(clickhouse, tenant, ASKED)


def test_a_number_is_as_fresh_as_the_newest_day_and_the_last_build(
    filled: Marts, tenant: TenantId, clickhouse: events.Client
) -> None:
    filled.channel_day(tenant, FIRST)
    filled.channel_day(tenant, LAST)
    filled.channel_day(TenantId(tenant + 1_000_000), LAST + timedelta(days=3))
    [found] = freshness(clickhouse, tenant, ["marts/channel_daily"])
    assert found.newest_day == LAST
    assert found.built_at is not None
    assert abs(datetime.now(UTC) - found.built_at) < timedelta(minutes=5)
    [nothing] = freshness(clickhouse, tenant, ["marts/ad_performance"])
    assert (nothing.newest_day, nothing.built_at is not None) == (None, True)


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=300)])
def test_somebody_silent_for_long_has_a_newest_day_as_well(
    filled: Marts, tenant: TenantId, ago: timedelta
) -> None:
    newest = datetime.now(UTC) - ago
    filled.event(tenant, "click", newest)
    filled.event(tenant, "click", newest - timedelta(days=2))
    filled.event(TenantId(tenant + 1_000_000), "click", newest + timedelta(days=1))
    long = ["staging/stg_events", "intermediate/int_person_events"]
    assert [it.newest_day for it in freshness(filled.client, tenant, long)] == [newest.date()] * 2


def test_weeks_whose_people_still_have_time_have_no_last_day(filled: Marts, tenant: TenantId) -> None:
    filled.lifetime(tenant, FIRST, "email", 30, people=4, is_complete=False)
    [worth] = freshness(filled.client, tenant, ["marts/ltv"])
    assert (worth.newest_day, worth.built_at is not None) == (None, True)
    filled.lifetime(tenant, FIRST, "email", 30, people=4)
    [worth] = freshness(filled.client, tenant, ["marts/ltv"])
    assert worth.newest_day == FIRST + timedelta(days=6)


def test_what_was_only_merged_is_no_newer_for_it(filled: Marts, tenant: TenantId) -> None:
    filled.channel_day(tenant, FIRST)
    filled.channel_day(tenant, LAST)
    [before] = freshness(filled.client, tenant, ["marts/channel_daily"])
    filled.client.command("system stop merges marts.channel_daily")
    later = "select sleepEachRow(1) from numbers(2)"
    filled.client.query(later)
    filled.client.command("system start merges marts.channel_daily")
    filled.client.command("optimize table marts.channel_daily final")
    [after] = freshness(filled.client, tenant, ["marts/channel_daily"])
    assert after == before


def test_what_was_never_built_has_no_age(clickhouse: events.Client, tenant: TenantId) -> None:
    assert {(it.newest_day, it.built_at) for it in freshness(clickhouse, tenant)} == {(None, None)}
    assert [it.asset for it in freshness(clickhouse, tenant)] == list(ASSETS)
