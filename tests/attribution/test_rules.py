"""The rules against values worked out by hand, and against what must hold for any paths."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from marketing_pipelines.attribution import Model, first_touch, last_touch, linear, model, models

CHANNELS = ["direct", "email", "organic_social", "paid_search"]

rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6),
        st.integers(0, 1000),
        st.integers(-1000, 100_000),
        st.integers(0, 1000),
    ),
    min_size=1,
    max_size=20,
)
every_rule = pytest.mark.parametrize("rule", models(), ids=lambda known: known.name)


def paths(*found: tuple[list[str], float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        found,
        schema={
            "path": pl.List(pl.String),
            "conversions": pl.Float64,
            "value": pl.Float64,
            "nulls": pl.Float64,
        },
        orient="row",
    )


def credited(result: pl.DataFrame) -> dict[str, tuple[float, float]]:
    return {channel: (conversions, value) for channel, conversions, value in result.rows()}


BY_HAND = paths(
    (["email"], 4, 40.0, 9),
    (["email", "organic_social"], 6, 90.0, 1),
    (["organic_social", "email", "organic_social", "direct"], 2, 8.0, 0),
    (["affiliate"], 0, 0.0, 5),
)


def test_first_touch_credits_whoever_came_first() -> None:
    assert credited(first_touch(BY_HAND)) == {
        "affiliate": (0, 0),
        "direct": (0, 0),
        "email": (10, 130),
        "organic_social": (2, 8),
    }


def test_last_touch_credits_whoever_came_last() -> None:
    assert credited(last_touch(BY_HAND)) == {
        "affiliate": (0, 0),
        "direct": (2, 8),
        "email": (4, 40),
        "organic_social": (6, 90),
    }


def test_linear_counts_repeated_touches() -> None:
    assert credited(linear(BY_HAND)) == {
        "affiliate": (0, 0),
        "direct": (0.5, 2),
        "email": (7.5, 87),
        "organic_social": (4, 49),
    }


@every_rule
@given(found=rows)
def test_credits_add_up_to_what_was_converted(rule: Model, found: list[tuple]) -> None:
    frame = paths(*found)
    result = rule.credit(frame)
    assert result["conversions"].sum() == pytest.approx(frame["conversions"].sum())
    assert result["value"].sum() == pytest.approx(frame["value"].sum(), abs=1e-6)


@every_rule
@given(found=rows)
def test_every_channel_is_there_once_and_in_order(rule: Model, found: list[tuple]) -> None:
    result = rule.credit(paths(*found))
    assert result["channel"].to_list() == sorted({channel for path, *_ in found for channel in path})
    assert result.columns == ["channel", "conversions", "value"]


@every_rule
@given(found=rows, names=st.permutations(CHANNELS))
def test_relabelling_channels_permutes_the_result(rule: Model, found: list[tuple], names: list[str]) -> None:
    renamed = dict(zip(CHANNELS, names, strict=True))
    before = rule.credit(paths(*found)).with_columns(pl.col("channel").replace(renamed)).sort("channel")
    after = rule.credit(paths(*(([renamed[c] for c in path], *rest) for path, *rest in found)))
    assert_frame_equal(before, after)


@every_rule
@given(found=rows)
def test_a_path_split_over_rows_is_the_same_path(rule: Model, found: list[tuple]) -> None:
    whole = rule.credit(paths(*found))
    halves = [(path, *(number / 2 for number in numbers)) for path, *numbers in found]
    assert_frame_equal(whole, rule.credit(paths(*halves, *halves)))


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (BY_HAND.drop("nulls"), "lack the column nulls"),
        (BY_HAND.with_columns(path=pl.lit("email")), "must hold lists of channel names"),
        (BY_HAND.with_columns(value=pl.lit("much")), "value holds String; it must hold numbers"),
        (paths((["a"], 1, 1, 0), ([], 1, 1, 0)), "Row 1: an empty path"),
        (
            paths((["a"], -1, 1, 0), (["a"], 1, 1, 0), (["a"], -2, 1, 0)),
            "Row 0, 2: a negative number in conv",
        ),
        (paths((["a"], 1, 1, -3)), "Row 0: a negative number in nulls"),
        (paths((["a"], 1, float("nan"), 0)), "Row 0: no number in value"),
        (paths(*[([], 1, 1, 0)] * 8), "Row 0, 1, 2, 3, 4 and 3 more: an empty path"),
        (
            pl.DataFrame({"path": [["a", None]], "conversions": [1], "value": [1], "nulls": [0]}),
            "Row 0: a path with a channel missing",
        ),
    ],
)
@every_rule
def test_wrong_paths_are_refused_by_row(rule: Model, frame: pl.DataFrame, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        rule.credit(frame)


def test_no_paths_give_no_credits() -> None:
    assert last_touch(paths()).rows() == []


def test_the_catalogue_knows_its_models_by_name() -> None:
    assert model("last_touch").credit is last_touch
    assert model("last_touch").title == "Last touch"
    with pytest.raises(ValueError, match=r"no attribution model 'lucky'; there are .*linear"):
        model("lucky")
