"""Credit: what every model gives each channel, what that cost, and who earns more than it costs by whom."""

from datetime import date, timedelta

import numpy as np
import pytest

from marketing_pipelines import attribution
from marketing_pipelines.analytics import credit as asked_of
from marketing_pipelines.analytics.credit import (
    Credit,
    CreditAsked,
    Estimate,
    Verdict,
    Window,
    credit,
    verdict,
)
from marketing_pipelines.analytics.refusals import NotBuilt
from marketing_pipelines.attribution import Family, catalogue, results
from marketing_pipelines.attribution.catalogue import register
from marketing_pipelines.attribution.crediting import Split
from marketing_pipelines.attribution.paths import Paths
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts, Way

AS_OF = date(2026, 3, 28)
GOAL = 5
# Search closes what display opens; email earns the same whoever counts.
WAYS: list[Way] = [
    (["display", "paid_search"], 400, 40_000.0, 900),
    (["paid_search"], 200, 20_000.0, 500),
    (["email"], 100, 10_000.0, 300),
    (["display"], 0, 0.0, 3_000),
]


def found(filled: Marts, tenant: TenantId, **said: object) -> Credit:
    return credit(filled.client, tenant, CreditAsked.model_validate({"goal_id": GOAL, **said}))


@pytest.fixture
def credited(filled: Marts, tenant: TenantId) -> Marts:
    filled.results(tenant, GOAL, AS_OF, WAYS)
    for channel, spend in (("paid_search", 2_000), ("display", 10_000)):
        filled.channel_day(tenant, AS_OF, channel, spend=spend)
    return filled


def test_every_model_of_the_catalogue_says_its_share_with_bounds(credited: Marts, tenant: TenantId) -> None:
    told = found(credited, tenant)
    assert [it.name for it in told.models] == [it.name for it in attribution.models()]
    assert told.awaited == []
    assert [it.name for it in told.channels] == ["paid_search", "display", "email"]
    for model in told.models:
        readings = [channel.by(model.name) for channel in told.channels]
        assert sum(it.share.best for it in readings) == pytest.approx(1)
        assert sum(it.conversions for it in readings) == pytest.approx(700) == told.conversions
        assert sum(it.value for it in readings) == pytest.approx(70_000) == told.value
        for it in readings:
            assert it.share.high is not None
            assert 0 <= it.share.low <= it.share.high <= 1
    first, last = (told.channels[1].by(name).share for name in ("first_touch", "last_touch"))
    assert (first.best, last) == (pytest.approx(4 / 7), Estimate(0, 0, 0))
    assert first.low < first.best < (first.high or 0)


def test_cost_is_that_of_the_same_days_and_ratios_have_the_bounds_of_the_shares(
    credited: Marts, tenant: TenantId
) -> None:
    for outside in (AS_OF + timedelta(days=1), AS_OF - timedelta(days=28)):
        credited.channel_day(tenant, outside, "display", spend=777)
    credited.channel_day(tenant, AS_OF - timedelta(days=27), "display", spend=2_000)
    told = found(credited, tenant)
    assert told.span
    assert (told.span.first, told.span.last, told.currency) == (date(2026, 3, 1), AS_OF, "EUR")
    display = told.channels[1]
    first = display.by("first_touch")
    assert display.spend == 12_000
    assert first.cpa
    assert first.roas
    assert (first.cpa.best, first.roas.best) == (pytest.approx(30), pytest.approx(40_000 / 12_000))
    assert first.cpa.low == pytest.approx(12_000 / (first.share.high or 0) / 700)
    assert first.cpa.low < 30 < (first.cpa.high or 0)
    assert first.value_share
    assert first.roas.low == pytest.approx(first.value_share.low * 70_000 / 12_000)
    assert display.by("last_touch").cpa is None
    assert display.by("last_touch").roas == Estimate(0, 0, 0)
    email = told.channels[2].by("linear")
    assert (email.cpa, email.roas) == (None, None)


def test_channels_that_pay_by_every_model_by_some_and_by_none_are_told_apart(
    credited: Marts, tenant: TenantId
) -> None:
    credited.channel_day(tenant, AS_OF, "affiliates", spend=50)
    told = {it.name: it.verdict for it in found(credited, tenant).channels}
    assert told == {
        "paid_search": Verdict.EVERY,
        "display": Verdict.SOME,
        "email": Verdict.UNKNOWN,
        "affiliates": Verdict.NO,
    }


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ([(1.1, 3), (2, 4)], Verdict.EVERY),
        ([(1.1, 3), (0.2, 0.4)], Verdict.SOME),
        ([(1.1, 3), (0.9, 4)], Verdict.SOME),
        ([(0.9, 1.2), (0.2, 0.4)], Verdict.UNSURE),
        ([(0.9, 0.99), (0, 0)], Verdict.NO),
        ([None, None], Verdict.UNKNOWN),
        ([], Verdict.UNKNOWN),
    ],
)
def test_a_verdict_goes_by_the_bounds(bounds: list[tuple[float, float] | None], said: Verdict) -> None:
    assert verdict([Estimate(sum(it) / 2, *it) if it else None for it in bounds]) is said


def test_where_models_agree_and_where_they_do_not(credited: Marts, tenant: TenantId) -> None:
    search, display, _ = found(credited, tenant).channels
    assert not display.is_agreed_on
    assert not display.may_be_chance
    assert (display.least.share.best, display.most.model) == (0, "first_touch")
    assert display.spread == pytest.approx(4 / 7)
    assert search.most.share.best == pytest.approx(6 / 7)
    credited.results(tenant, 6, AS_OF, [(["email"], 20, 1.0, 0), (["seo"], 80, 4.0, 0)])
    for channel in found(credited, tenant, goal_id=6).channels:
        assert channel.is_agreed_on
        assert channel.spread == pytest.approx(0)


def test_models_that_need_paths_which_failed_tell_what_would_be_missing(
    credited: Marts, tenant: TenantId
) -> None:
    for channel in found(credited, tenant).channels:
        assert 0 < (channel.by("markov").removal_effect or 0) <= 1
        assert channel.by("linear").removal_effect is None


def test_the_newest_day_of_the_window_and_the_goal_that_are_asked_for(
    filled: Marts, tenant: TenantId
) -> None:
    filled.goal(tenant, GOAL, is_headline=True)
    older: list[Way] = [(["social"], 3, 30.0, 9)]
    filled.results(tenant, GOAL, AS_OF - timedelta(days=1), older)
    filled.results(tenant, GOAL, AS_OF, [(["email"], 5, 50.0, 9)])
    filled.results(tenant, GOAL, AS_OF, [(["seo"], 4, 50.0, 9)], window_days=7)
    filled.results(tenant, 6, AS_OF + timedelta(days=1), older)
    filled.results(TenantId(tenant + 1_000_000), GOAL, AS_OF + timedelta(days=2), older)

    def channels(**said: object) -> tuple[list[str], float]:
        told = found(filled, tenant, **said)
        return [it.name for it in told.channels], told.conversions

    assert channels() == channels(goal_id=None) == (["email"], 5)
    assert channels(window_days=7) == (["seo"], 4)
    assert channels(goal_id=6) == (["social"], 3)
    assert channels(window_days=90) == channels(goal_id=7) == ([], 0)


def test_a_registered_model_is_awaited_and_then_has_its_column(
    filled: Marts, tenant: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.results(tenant, GOAL, AS_OF, WAYS)
    monkeypatch.setattr(catalogue, "_catalogue", dict(catalogue._catalogue))

    @register(Family.RULES, "Second touch")
    def second_touch(paths: Paths) -> Split:
        """All credit goes to the second touch, or to the only one."""
        weights = np.zeros(len(paths.touches))
        weights[np.minimum(paths.firsts + 1, paths.lasts)] = 1
        return paths.split(weights)

    assert [it.title for it in found(filled, tenant).awaited] == ["Second touch"]
    filled.results(tenant, GOAL, AS_OF + timedelta(days=1), WAYS)
    told = found(filled, tenant)
    assert told.awaited == []
    assert "second_touch" in [it.name for it in told.models]
    assert told.channels[0].by("second_touch").share.best == pytest.approx(6 / 7)


def test_a_goal_without_value_is_judged_by_what_a_conversion_costs(filled: Marts, tenant: TenantId) -> None:
    filled.results(tenant, GOAL, AS_OF, [(["email"], 50, 0.0, 90), (["seo"], 50, 0.0, 90)])
    filled.channel_day(tenant, AS_OF, "email", spend=100)
    email = next(it for it in found(filled, tenant).channels if it.name == "email")
    assert email.verdict is Verdict.UNKNOWN
    assert email.by("linear").roas is None
    cost = email.by("linear").cpa
    assert cost
    assert cost.best == pytest.approx(2)


def test_the_windows_are_those_that_are_computed() -> None:
    assert tuple(Window) == results.WINDOWS
    assert asked_of.AGREEING < 1


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        credit(clickhouse, tenant, CreditAsked(goal_id=GOAL))
