"""What must hold for every model of the catalogue, whatever the paths."""

import inspect
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from marketing_pipelines import attribution
from marketing_pipelines.attribution import Family, Model, Tuning, linear, markov, model, models
from marketing_pipelines.attribution.catalogue import _catalogue, register
from marketing_pipelines.attribution.credits import credit
from marketing_pipelines.attribution.paths import Paths
from marketing_pipelines.attribution.terms import Terms
from store.records.schema import GoalId, TenantId
from tests.attribution.building import CHANNELS, aged, credited, rows, worded

every_model = pytest.mark.parametrize("known", models(), ids=lambda known: known.name)
# Of each model, and there are many.
few = settings(max_examples=25)
EARNED = ["channel", "conversions", "value"]

USUAL = Terms(TenantId(1), [GoalId(1)])


@every_model
@few
@given(found=rows)
def test_credits_add_up_to_what_was_converted(known: Model, found: list[tuple]) -> None:
    frame = aged(*found)
    result = known.credit(frame)
    assert result["conversions"].sum() == pytest.approx(frame["conversions"].sum())
    assert result["value"].sum() == pytest.approx(frame["value"].sum(), abs=1e-6)
    assert (result["conversions"] >= 0).all()


@every_model
@few
@given(found=rows)
def test_every_channel_is_there_once_and_in_order(known: Model, found: list[tuple]) -> None:
    result = known.credit(aged(*found))
    assert result["channel"].to_list() == sorted({channel for path, *_ in found for channel in path})
    assert result.columns[:3] == EARNED


@every_model
@few
@given(found=rows, names=st.permutations(CHANNELS))
def test_relabelling_channels_permutes_the_result(known: Model, found: list[tuple], names: list[str]) -> None:
    renamed = dict(zip(CHANNELS, names, strict=True))
    before = known.credit(aged(*found)).with_columns(pl.col("channel").replace(renamed)).sort("channel")
    after = known.tuned(Tuning(direct=renamed["direct"])).credit(
        aged(*(([renamed[c] for c in path], *rest) for path, *rest in found))
    )
    assert_frame_equal(before, after, abs_tol=1e-6)


@every_model
@few
@given(found=rows)
def test_a_path_split_over_rows_is_the_same_path(known: Model, found: list[tuple]) -> None:
    halves = [(path, *(number / 2 for number in numbers)) for path, *numbers in found]
    assert_frame_equal(known.credit(aged(*found)), known.credit(aged(*halves, *halves)), abs_tol=1e-6)


@every_model
@few
@given(found=rows, times=st.integers(2, 5))
def test_more_of_the_same_paths_keeps_all_shares(known: Model, found: list[tuple], times: int) -> None:
    once, often = known.credit(aged(*found)), known.credit(aged(*found * times))
    assert_frame_equal(
        once.select("channel", pl.col("conversions", "value") * times), often.select(EARNED), abs_tol=1e-5
    )
    assert_frame_equal(once.drop(EARNED), often.drop(EARNED), abs_tol=1e-9)


@every_model
@few
@given(found=rows)
def test_the_order_of_the_rows_does_not_matter(known: Model, found: list[tuple]) -> None:
    assert_frame_equal(known.credit(aged(*found)), known.credit(aged(*found[::-1])), abs_tol=1e-6)


@pytest.mark.parametrize("known", [*models(Family.RULES), model("shapley")], ids=lambda known: known.name)
@few
@given(found=rows)
def test_a_channel_on_no_path_that_converts_gets_nothing(known: Model, found: list[tuple]) -> None:
    in_vain = [(path, 0, 0, 1) if "email" in path else (path, *rest) for path, *rest in found]
    assert credited(known.credit(aged(*in_vain, (["email"], 0, 0, 7))))["email"] == 0


def test_a_way_to_the_way_to_a_conversion_counts_for_chains() -> None:
    frame = worded("c>a 0/1", "a 1")
    assert credited(markov(frame))["c"] > 0
    assert credited(linear(frame))["c"] == 0


@every_model
@few
@given(found=rows)
def test_each_path_is_shared_out_among_its_own_channels(known: Model, found: list[tuple]) -> None:
    frame = aged(*found)
    shares = known.share_out(frame)
    by_row = shares.group_by("row").agg("channel", pl.col("share").sum()).sort("row")
    assert by_row["share"].to_list() == pytest.approx([1] * len(frame))
    assert all(set(each) <= set(path) for each, (path, *_) in zip(by_row["channel"], found, strict=True))
    assert (shares["share"] > 0).all()
    assert not shares.select("row", "channel").is_duplicated().any()


@every_model
@few
@given(found=rows, window=rows)
def test_a_days_credits_add_up_whatever_was_fitted_before(
    known: Model, found: list[tuple], window: list[tuple]
) -> None:
    frame = aged(*found)
    result = known.credit(frame, fitted_on=aged(*window))
    shares = known.share_out(frame, fitted_on=aged(*window))
    assert result.columns == EARNED
    assert result["conversions"].sum() == pytest.approx(frame["conversions"].sum())
    assert result["value"].sum() == pytest.approx(frame["value"].sum(), abs=1e-6)
    summed = shares.group_by("channel").agg(pl.col("conversions", "value").sum())
    all_told = result.select("channel").join(summed, on="channel", how="left").fill_null(0)
    assert_frame_equal(result, all_told, abs_tol=1e-6)


def test_a_day_is_shared_out_by_what_the_window_taught() -> None:
    window = worded("a 3/1", "b 1/3", "a>b 2/2")
    effects = dict(markov(window).select("channel", "removal_effect").rows())
    day = model("markov").share_out(worded("a>b>a 1"), fitted_on=window)
    assert dict(day.select("channel", "share").rows()) == pytest.approx(
        {channel: effect / (effects["a"] + effects["b"]) for channel, effect in effects.items()}
    )


def test_a_channel_that_the_window_never_saw_gets_what_nobody_known_earned() -> None:
    window = worded("a 1/1")
    known = model("markov")
    assert credited(known.credit(worded("a>new 2"), fitted_on=window)) == {"a": 2, "new": 0}
    assert credited(known.credit(worded("newer>new 2"), fitted_on=window)) == {"new": 1, "newer": 1}


@every_model
def test_value_without_conversions_is_shared_out_too(known: Model) -> None:
    refund = aged((["a", "b"], 0, -50, 0), (["a"], 0, 0, 3))
    assert known.credit(refund)["value"].sum() == pytest.approx(-50)
    assert known.credit(refund)["conversions"].to_list() == [0, 0]


@every_model
def test_rows_that_nobody_went_change_nothing(known: Model) -> None:
    frame = worded("a>b 3/1", "c 1/1")
    more = known.credit(pl.concat([frame, worded("c>c>a>d 0", "e>c 0")]))
    assert credited(more) == pytest.approx({**credited(known.credit(frame)), "d": 0, "e": 0})


@every_model
def test_very_long_paths_and_very_large_counts_are_paths(known: Model) -> None:
    frame = aged((["a", "b", "c"] * 3000, 1, 5, 0), (["b"], 1e12, 1e12, 1e13), (["a", "c"], 0, 0, 1))
    result = known.credit(frame)
    assert result["conversions"].sum() == pytest.approx(1e12)
    assert result["conversions"].is_finite().all()


def test_a_tenants_parameters_reach_the_models_that_have_them() -> None:
    frame = worded("a>b>c 1", "c>b 1/1")
    tuning = Tuning(weights=(0.5, 0, 0.5), half_life=timedelta(days=1), order=2, direct="c")
    tuned = {known.name: credited(known.tuned(tuning).credit(frame)) for known in models()}
    assert tuned["position_based"] == credited(attribution.position_based(frame, weights=(0.5, 0, 0.5)))
    assert tuned["time_decay"] == credited(attribution.time_decay(frame, half_life=timedelta(days=1)))
    assert tuned["markov"] == credited(markov(frame, order=2))
    assert tuned["last_non_direct"] == credited(attribution.last_non_direct(frame, direct="c"))
    assert tuned["linear"] == credited(linear(frame))


@every_model
def test_a_models_own_defaults_are_those_of_tuning(known: Model) -> None:
    usual = {each.name: each.default for each in fields(Tuning)}
    for name, parameter in inspect.signature(known.judge).parameters.items():
        if name in usual:
            assert parameter.default == usual[name]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"weights": (0.4, -0.2, 0.8)}, "weights are .*three numbers from 0 up"),
        ({"weights": (0, 0, 0)}, "not all 0"),
        ({"weights": (0.5, 0.5)}, "three numbers"),
        ({"weights": (0.5, float("nan"), 0.5)}, "three numbers"),
        ({"half_life": timedelta(0)}, "longer than nothing"),
        ({"order": 5}, "1 to 4, or 0"),
        ({"order": -1}, "1 to 4, or 0"),
        ({"permutations": 1}, "at least 4"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Tuning(**wrong)
    takers = [each for each in models() if set(wrong) <= set(inspect.signature(each.judge).parameters)]
    assert takers
    for known in takers:
        with pytest.raises(ValueError, match=complaint):
            getattr(attribution, known.name.removesuffix("_markov"))(worded("a>b 1"), **wrong)


def test_the_catalogue_knows_its_models_by_name() -> None:
    assert model("last_touch").title == "Last touch"
    assert model("last_touch").family == Family.RULES
    assert [known.family for known in models()] == sorted(
        (known.family for known in models()), key=list(Family).index
    )
    assert "count game" in model("shapley").title
    assert "Markov game" in model("shapley_markov").title
    assert all(known.description for known in models())
    with pytest.raises(ValueError, match=r"no attribution model 'lucky'; there are .*linear"):
        model("lucky")


@pytest.fixture
def second_touch() -> Iterator[str]:
    @register(Family.RULES, "Second touch")
    def second_touch(paths: Paths):
        """All credit goes to the second touch, or to the only one."""
        weights = np.zeros(len(paths.touches))
        weights[np.minimum(paths.firsts + 1, paths.lasts)] = 1
        return paths.split(weights)

    yield "second_touch"
    del _catalogue["second_touch"]


def test_a_registered_function_is_computed_compared_and_stored_like_the_others(second_touch: str) -> None:
    frame = worded("a>b>c 3", "c 1")
    assert credited(model(second_touch).credit(frame)) == {"a": 0, "b": 3, "c": 1}
    assert second_touch in attribution.side_by_side(frame)["model"].to_list()
    assert credited(credit(frame, model(second_touch), USUAL, None)) == {"a": 0, "b": 3, "c": 1}
    assert len(attribution.intervals(frame, model(second_touch), replicates=5)) == 3
    with pytest.raises(ValueError, match="called linear already"):
        register(Family.RULES, "Linear")(linear)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", [known.name for known in attribution.models() if not known.needs])
def test_a_days_credits_add_up_to_the_last_hundredth_of_a_cent(name: str) -> None:
    frame = worded("a>b>c 1", "b>a>b>c>d>e>f 1", "c 1", "f>d>a 1").with_columns(
        value=pl.Series(["10.0001", "-3.3333", "0.0100", "99.9999"]).cast(pl.Decimal(18, 4))
    )
    credits = credit(frame, model(name), USUAL, None)
    assert credits.columns == ["channel", "conversions", "value"]
    assert credits["value"].sum() == frame["value"].sum()
