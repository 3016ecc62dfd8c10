"""Margins: what the last euros of a channel earned beside its average ones, by hand."""

from datetime import date, timedelta

import pytest

from marketing_pipelines import attribution
from marketing_pipelines.analytics.credit import CreditAsked
from marketing_pipelines.analytics.margins import Channel, Margins, Telling, Verdict, margins
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts, Way

AS_OF = date(2026, 3, 28)
BEFORE = date(2026, 2, 28)
GOAL = 5
DAY = timedelta(days=1)


def found(filled: Marts, tenant: TenantId, **said: object) -> Margins:
    return margins(filled.client, tenant, CreditAsked.model_validate({"goal_id": GOAL, **said}))


def alone(**channels: tuple[int, float]) -> list[Way]:
    """Each channel is met alone, so that every model gives it just what it earned."""
    return [([channel], conversions, value, 100) for channel, (conversions, value) in channels.items()]


def spent(filled: Marts, tenant: TenantId, channel: str, before: float, now: float) -> None:
    for day, spend in ((BEFORE, before), (AS_OF, now)):
        if spend:
            filled.channel_day(tenant, day, channel, spend=spend)


def named(told: Margins, name: str) -> Channel:
    return next(it for it in told.channels if it.name == name)


def test_what_the_last_euros_earned_is_read_off_two_windows(filled: Marts, tenant: TenantId) -> None:
    # 1,000 more brought 100 conversions and 10,000 more; all 2,000 had brought 300 and 30,000.
    filled.results(tenant, GOAL, BEFORE, alone(search=(200, 20_000.0)))
    filled.results(tenant, GOAL, AS_OF, alone(search=(300, 30_000.0)))
    spent(filled, tenant, "search", 1_000, 2_000)
    told = found(filled, tenant)
    assert told.span
    assert (told.span.first, told.span.last, told.currency) == (date(2026, 3, 1), AS_OF, "EUR")
    assert [it.name for it in told.models] == [it.name for it in attribution.models()]
    [search] = told.channels
    assert (search.spend_before, search.spend) == (1_000, 2_000)
    for it in search.margins:
        assert it.cpa
        assert it.roas
        assert (it.cpa.best, it.roas.best) == (pytest.approx(10), pytest.approx(10))
        assert (it.average.cpa, it.average.roas) == (pytest.approx(20 / 3), pytest.approx(15))
        # Chance moves 500 conversions by 1.645 times their root, each of them worth 100.
        assert it.cpa.low == pytest.approx(1_000 / (100 + 36.78), rel=1e-3)
        assert it.cpa.high == pytest.approx(1_000 / (100 - 36.78), rel=1e-3)
        assert it.roas.low == pytest.approx(10 - 3.678, rel=1e-3)
        assert it.roas.high == pytest.approx(10 + 3.678, rel=1e-3)
        assert it.telling is Telling.LESS
    assert search.verdict is Verdict.LESS


@pytest.mark.parametrize(
    ("spends", "before", "now", "telling"),
    [
        ((1_000, 2_000), (100, 10_000), (400, 40_000), Telling.MORE),
        ((2_000, 1_000), (400, 40_000), (100, 10_000), Telling.MORE),
        ((1_000, 2_000), (200, 20_000), (250, 25_000), Telling.LESS),
        ((2_000, 1_000), (250, 25_000), (200, 20_000), Telling.LESS),
        ((1_000, 2_000), (10, 1_000), (25, 2_500), Telling.CHANCE),
        ((1_000, 1_100), (100, 10_000), (400, 40_000), Telling.STEADY),
        ((1_000, 2_000), (200, 20_000), (150, 15_000), Telling.OPPOSITE),
        ((2_000, 1_000), (200, 20_000), (250, 25_000), Telling.OPPOSITE),
        ((1_000, 2_000), (200, 20_000), (200, 25_000), Telling.OPPOSITE),
        ((0, 2_000), (200, 20_000), (400, 40_000), Telling.ONE_SIDED),
        ((2_000, 0), (200, 20_000), (10, 1_000), Telling.ONE_SIDED),
    ],
)
def test_it_tells_more_from_less_or_says_why_it_cannot(
    filled: Marts,
    tenant: TenantId,
    spends: tuple[int, int],
    before: tuple[int, float],
    now: tuple[int, float],
    telling: Telling,
) -> None:
    filled.results(tenant, GOAL, BEFORE, alone(search=before))
    filled.results(tenant, GOAL, AS_OF, alone(search=now))
    spent(filled, tenant, "search", *spends)
    [search] = found(filled, tenant).channels
    assert {it.telling for it in search.margins} == {telling}
    read = telling in (Telling.MORE, Telling.LESS, Telling.CHANCE)
    assert all((it.cpa is not None) is (it.roas is not None) is read for it in search.margins)


def test_models_may_tell_different_things(filled: Marts, tenant: TenantId) -> None:
    # Display opens what search closes: by first touch all is display's, by last touch none of it.
    filled.results(tenant, GOAL, BEFORE, [(["display", "search"], 100, 10_000.0, 100)])
    filled.results(tenant, GOAL, AS_OF, [(["display", "search"], 400, 40_000.0, 100)])
    spent(filled, tenant, "display", 1_000, 2_000)
    display = named(found(filled, tenant), "display")
    told = {it.model: it for it in display.margins}
    assert told["first_touch"].telling is Telling.MORE
    assert told["last_touch"].telling is Telling.OPPOSITE
    assert told["last_touch"].now.conversions == 0
    assert display.verdict is Verdict.SOME


def test_without_value_it_goes_by_what_a_conversion_costs(filled: Marts, tenant: TenantId) -> None:
    filled.results(tenant, GOAL, BEFORE, alone(search=(100, 0.0), mail=(200, 0.0)))
    filled.results(tenant, GOAL, AS_OF, alone(search=(400, 0.0), mail=(250, 0.0)))
    spent(filled, tenant, "search", 1_000, 2_000)
    spent(filled, tenant, "mail", 1_000, 2_000)
    told = found(filled, tenant)
    assert not told.has_value
    assert (named(told, "search").verdict, named(told, "mail").verdict) == (Verdict.MORE, Verdict.LESS)
    for it in named(told, "mail").margins:
        assert it.cpa
        assert (it.cpa.best, it.roas) == (pytest.approx(20), None)


def test_spend_is_that_of_each_windows_own_days(filled: Marts, tenant: TenantId) -> None:
    filled.results(tenant, GOAL, BEFORE, alone(search=(100, 1_000.0)))
    filled.results(tenant, GOAL, AS_OF, alone(search=(200, 2_000.0)))
    inside = (AS_OF, 3.0), (BEFORE + DAY, 4.0), (BEFORE, 50.0), (AS_OF - 55 * DAY, 60.0)
    for day, spend in (*inside, (AS_OF + DAY, 700.0), (AS_OF - 56 * DAY, 800.0)):
        filled.channel_day(tenant, day, "search", spend=spend)
    stranger = TenantId(tenant + 1_000_000)
    filled.channel_day(stranger, AS_OF, "search", spend=9_000)
    filled.results(stranger, GOAL, AS_OF + DAY, alone(search=(9, 9.0)))
    [search] = found(filled, tenant).channels
    assert (search.spend_before, search.spend) == (110, 7)


def test_without_the_window_before_there_is_nothing_to_compare(filled: Marts, tenant: TenantId) -> None:
    filled.results(tenant, GOAL, AS_OF, alone(search=(200, 2_000.0)))
    for near in (BEFORE + DAY, BEFORE - DAY):
        filled.results(tenant, GOAL, near, alone(search=(100, 1_000.0)))
    filled.results(tenant, GOAL, BEFORE, alone(search=(100, 1_000.0)), window_days=7)
    spent(filled, tenant, "search", 1_000, 2_000)
    told = found(filled, tenant)
    assert told.span
    assert (told.models, told.channels) == ([], [])
    assert [it.name for it in told.uncompared] == [it.name for it in attribution.models()]
    assert found(filled, tenant, window_days=90) == Margins(
        CreditAsked.model_validate({"goal_id": GOAL, "window_days": 90})
    )


def test_a_model_that_is_new_is_not_compared_with_nothing(filled: Marts, tenant: TenantId) -> None:
    filled.results(tenant, GOAL, BEFORE, alone(search=(100, 1_000.0)))
    filled.client.command(
        "alter table raw.attribution_results delete where model = 'linear' settings mutations_sync = 2"
    )
    filled.results(tenant, GOAL, AS_OF, alone(search=(200, 2_000.0)))
    spent(filled, tenant, "search", 1_000, 2_000)
    told = found(filled, tenant)
    assert [it.name for it in told.uncompared] == ["linear"]
    assert "linear" not in [it.model for it in told.channels[0].margins]
    assert len(told.models) == len(attribution.models()) - 1


def test_the_headline_goal_is_meant_where_none_is_named(filled: Marts, tenant: TenantId) -> None:
    filled.goal(tenant, GOAL, is_headline=True)
    filled.results(tenant, GOAL, BEFORE, alone(search=(100, 1_000.0)))
    filled.results(tenant, GOAL, AS_OF, alone(search=(200, 2_000.0)))
    filled.results(tenant, 6, AS_OF + DAY, alone(search=(7, 7.0)))
    spent(filled, tenant, "search", 1_000, 2_000)
    assert found(filled, tenant, goal_id=None).channels == found(filled, tenant).channels
    assert found(filled, tenant, goal_id=6).models == []


def test_a_window_of_refunds_alone_is_told_by_its_conversions(filled: Marts, tenant: TenantId) -> None:
    filled.results(tenant, GOAL, BEFORE, alone(search=(100, -50.0)))
    filled.results(tenant, GOAL, AS_OF, alone(search=(400, 4_000.0)))
    spent(filled, tenant, "search", 1_000, 2_000)
    told = found(filled, tenant)
    assert (told.has_value, told.channels[0].verdict) == (False, Verdict.MORE)


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        margins(clickhouse, tenant, CreditAsked(goal_id=GOAL))
