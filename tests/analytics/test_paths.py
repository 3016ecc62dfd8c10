"""Paths: the most frequent ones, and credit that adds up to what each of them brought, by every model there is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketing_pipelines import attribution
from marketing_pipelines.analytics.paths import Paths, PathsAsked, paths, terms
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MODELS = [model.name for model in attribution.models()]


def found(filled: Marts, tenant: TenantId, **said: object) -> Paths:
    given = {"from": "2026-03-01", "to": "2026-03-10", **said}
    return paths(filled.client, tenant, PathsAsked.model_validate(given).settled(date(2026, 3, 31)))


def converted(filled: Marts, tenant: TenantId, *channels: str, value: float = 10, campaign: int = 0) -> None:
    """Somebody converted at noon, a day after each of the channels before the last."""
    touches = [
        (channel, NOON - DAY * (len(channels) - place), campaign if place == 1 else 0)
        for place, channel in enumerate(channels, 1)
    ]
    filled.path(tenant, NOON, *touches, value=value)


def credits(found: Paths) -> list[list[tuple[str, float]]]:
    return [[(share.channel, round(share.share, 6)) for share in path.credit] for path in found.paths]


def test_the_most_frequent_come_first_with_what_all_there_are_come_to(
    filled: Marts, tenant: TenantId
) -> None:
    for _ in range(3):
        converted(filled, tenant, "email", "direct", value=5)
    converted(filled, tenant, "social", value=100)
    converted(filled, tenant, "paid_search", "email", value=1)
    converted(filled, TenantId(tenant + 1_000_000), "email")
    most = found(filled, tenant, limit=2)
    assert [(path.channels, path.conversions, path.value) for path in most.paths] == [
        (["email", "direct"], 3, 15.0),
        (["social"], 1, 100.0),
    ]
    assert (most.conversions, most.value, most.different, most.currency) == (5, 116.0, 3, "EUR")


def test_rules_share_each_path_out_by_the_place_of_its_touches(filled: Marts, tenant: TenantId) -> None:
    converted(filled, tenant, "email", "social", "email", "seo")
    assert credits(found(filled, tenant, model="first_touch")) == [[("email", 1)]]
    assert credits(found(filled, tenant, model="last_touch")) == [[("seo", 1)]]
    assert credits(found(filled, tenant, model="last_non_direct")) == [[("seo", 1)]]
    assert credits(found(filled, tenant, model="linear")) == [
        [("email", 0.5), ("social", 0.25), ("seo", 0.25)]
    ]
    assert credits(found(filled, tenant, model="position_based")) == [
        [("email", 0.5), ("social", 0.1), ("seo", 0.4)]
    ]


@pytest.mark.parametrize(
    ("overrides", "linear", "markov"),
    [
        (False, [("email", 0.75), ("social", 0.25)], {"email", "social"}),
        (True, [("email", 0.6), ("social", 0.2), ("direct", 0.2)], {"email", "social", "direct"}),
    ],
)
def test_direct_visits_take_credit_only_where_the_tenant_wants_it(
    filled: Marts, tenant: TenantId, overrides: bool, linear: object, markov: set[str]
) -> None:
    filled.measurement(tenant, direct_overrides=overrides)
    converted(filled, tenant, "email", "social", "email", "direct", "email")
    assert credits(found(filled, tenant, model="linear")) == [linear]
    for model in ("markov", "shapley", "shapley_markov", "time_decay"):
        [shares] = credits(found(filled, tenant, model=model))
        assert {channel for channel, _ in shares} == markov, model
    converted(filled, tenant, "direct", "direct", value=99)
    alone = found(filled, tenant, model="linear").paths[0]
    assert [(it.channel, it.share) for it in alone.credit] == [("direct", 1)]


def test_last_touch_counts_direct_visits_whatever_the_tenant_wants(filled: Marts, tenant: TenantId) -> None:
    converted(filled, tenant, "email", "direct")
    assert credits(found(filled, tenant, model="last_touch")) == [[("direct", 1)]]
    assert credits(found(filled, tenant, model="last_non_direct")) == [[("email", 1)]]


def test_time_decay_reads_when_each_touch_was(filled: Marts, tenant: TenantId) -> None:
    filled.measurement(tenant, half_life_hours=24)
    filled.path(tenant, NOON, ("email", NOON - 2 * DAY, 0), ("seo", NOON - DAY, 0), value=30)
    filled.path(tenant, NOON, ("email", NOON - 9 * DAY, 0), ("seo", NOON - 9 * DAY, 0), value=10)
    [path] = found(filled, tenant, model="time_decay").paths
    assert [(it.channel, round(it.share, 6), round(it.value, 6)) for it in path.credit] == [
        ("email", round((1 / 3 + 1 / 2) / 2, 6), 15.0),
        ("seo", round((2 / 3 + 1 / 2) / 2, 6), 25.0),
    ]


def test_the_tenants_own_parameters_are_taken(filled: Marts, tenant: TenantId) -> None:
    assert terms(filled.client, tenant).tuning == attribution.Tuning()
    filled.measurement(tenant, first_weight=0.7, last_weight=0.1, markov_order=2)
    own = terms(filled.client, tenant).tuning
    assert ([round(weight, 6) for weight in own.weights], own.order) == ([0.7, 0.2, 0.1], 2)
    converted(filled, tenant, "email", "social", "seo")
    assert credits(found(filled, tenant, model="position_based")) == [
        [("email", 0.7), ("social", 0.2), ("seo", 0.1)]
    ]


@pytest.mark.parametrize("model", MODELS)
def test_credit_adds_up_to_what_each_path_brought_by_every_model(
    filled: Marts, tenant: TenantId, model: str
) -> None:
    for ways, value in ((3, 12.5), (2, 0.0), (1, 7.0)):
        for _ in range(ways):
            converted(filled, tenant, *["email", "social", "direct", "email"][: ways + 1], value=value)
    converted(filled, tenant, "email", value=-3)
    all_there_are = found(filled, tenant, model=model)
    assert len(all_there_are.paths) == 4
    for path in all_there_are.paths:
        assert sum(it.share for it in path.credit) == pytest.approx(1)
        assert sum(it.conversions for it in path.credit) == pytest.approx(path.conversions)
        assert sum(it.value for it in path.credit) == pytest.approx(path.value)
        assert {it.channel for it in path.credit} <= set(path.channels)
        assert min(it.share for it in path.credit) >= 0


def test_a_goal_is_counted_by_itself_and_the_headline_one_unless_another_is_named(
    filled: Marts, tenant: TenantId
) -> None:
    filled.goal(tenant, 5, is_headline=True)
    filled.goal(tenant, 6)
    filled.goal(TenantId(tenant + 1_000_000), 7, is_headline=True)
    filled.path(tenant, NOON, ("email", NOON, 0), goal_id=5)
    filled.path(tenant, NOON, ("social", NOON, 0), goal_id=6)
    assert [path.channels for path in found(filled, tenant).paths] == [["email"]]
    assert [path.channels for path in found(filled, tenant, goal_id=6).paths] == [["social"]]
    assert found(filled, tenant, goal_id=7).paths == []


@pytest.mark.parametrize("model", MODELS)
def test_a_refund_takes_value_from_whom_its_purchase_gave_it_to(
    filled: Marts, tenant: TenantId, model: str
) -> None:
    touches = ("email", NOON - DAY, 0), ("social", NOON, 0)
    filled.path(tenant, NOON, *touches, value=30)
    filled.path(tenant, NOON + DAY, *touches, value=-30, conversions=0, credited_at=NOON)
    filled.path(tenant, NOON + DAY, ("direct", NOON, 0), value=-5, conversions=0, credited_at=NOON)
    both, given_back = found(filled, tenant, model=model).paths
    assert (both.conversions, both.value, given_back.conversions, given_back.value) == (1, 0, 0, -5)
    assert sum(it.conversions for it in both.credit) == pytest.approx(1)
    assert [it.value for it in both.credit] == pytest.approx([0] * len(both.credit))
    assert [(it.channel, it.value) for it in given_back.credit] == [("direct", -5)]


def test_only_the_paths_of_a_campaign(filled: Marts, tenant: TenantId) -> None:
    converted(filled, tenant, "email", "direct", campaign=7)
    converted(filled, tenant, "social")
    assert [path.channels for path in found(filled, tenant, campaign_id=7).paths] == [["email", "direct"]]
    assert found(filled, tenant, campaign_id=8).paths == []


def test_nothing_converted_is_no_paths(filled: Marts, tenant: TenantId) -> None:
    nothing = found(filled, tenant)
    assert (nothing.conversions, nothing.different, nothing.paths) == (0, 0, [])


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    asked = PathsAsked().settled(date(2026, 3, 31))
    with pytest.raises(NotBuilt):
        paths(clickhouse, tenant, asked)


def test_a_fitted_model_shares_out_by_its_newest_results_up_to_the_last_day(
    filled: Marts, tenant: TenantId
) -> None:
    """They know that email led nowhere nine times of ten, which converting paths alone do not tell."""
    filled.goal(tenant, 1, is_headline=True)
    for channels in (["email", "social"], ["social"]):
        touches = [(channel, NOON - DAY, 0) for channel in channels]
        filled.path(tenant, NOON, *touches, goal_id=1, value=10)
    converting = [(["email", "social"], 10, 0.0, 0), (["social"], 10, 0.0, 0), (["email"], 1, 0.0, 0)]
    by_themselves = credits(found(filled, tenant, model="markov"))
    filled.results(tenant, 1, date(2026, 3, 8), [*converting, (["email"], 0, 0.0, 500)])
    filled.results(tenant, 1, date(2026, 3, 11), converting)
    told = {
        row["channel"]: row["share"]
        for row in events.read_for_tenant(
            filled.client,
            tenant,
            "select channel, share from raw.attribution_results "
            "where tenant_id = {tenant:Int64} and as_of = '2026-03-08' and model = 'markov'",
        ).to_dicts()
    }
    both, alone = sorted(credits(found(filled, tenant, model="markov")), key=len, reverse=True)
    assert dict(both) == pytest.approx({"email": told["email"], "social": told["social"]}, abs=1e-6)
    assert both != by_themselves[0]
    assert alone == [("social", 1)]
    assert credits(found(filled, tenant, model="linear", limit=1)) == [[("email", 0.5), ("social", 0.5)]]
