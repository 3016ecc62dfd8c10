"""Models side by side, and where they disagree."""

import polars as pl
import pytest

from marketing_pipelines.attribution import Tuning, disagreement, model, models, side_by_side
from tests.attribution.building import paths, worded

FRAME = worded("a>b 6/1", "a 4/3", "c>b 1/9")


def test_every_model_stands_beside_the_others_as_it_stands_alone() -> None:
    table = side_by_side(FRAME)
    assert table.columns == ["model", "channel", "conversions", "value", "share"]
    assert table["model"].unique(maintain_order=True).to_list() == [known.name for known in models()]
    for (name,), of_model in table.group_by("model"):
        own = model(str(name)).credit(FRAME)
        assert of_model.select("channel", "conversions", "value").equals(
            own.select("channel", "conversions", "value")
        )
        assert of_model["share"].sum() == pytest.approx(1)


def test_models_that_cannot_read_these_paths_are_left_out() -> None:
    assert "time_decay" not in side_by_side(FRAME.drop("age"))["model"].to_list()


def test_models_compare_as_a_tenant_tuned_them() -> None:
    tuned = side_by_side(FRAME, Tuning(weights=(1, 0, 0))).filter(model="position_based")
    assert tuned["conversions"].to_list() == [10, 0, 1]


def test_the_channel_most_argued_about_comes_first() -> None:
    credits = pl.DataFrame(
        [
            ("first", "a", 60.0),
            ("first", "b", 30.0),
            ("first", "c", 10.0),
            ("last", "a", 1.0),
            ("last", "b", 8.0),
            ("last", "c", 1.0),
        ],
        schema=["model", "channel", "conversions"],
        orient="row",
    )
    found = disagreement(credits)
    assert found.columns == ["channel", "least", "least_by", "most", "most_by", "spread"]
    assert found["channel"].to_list() == ["a", "b", "c"] or found["channel"].to_list() == ["b", "a", "c"]
    by_channel = {row["channel"]: row for row in found.iter_rows(named=True)}
    assert by_channel["b"] == {
        "channel": "b",
        "least": pytest.approx(0.3),
        "least_by": "first",
        "most": pytest.approx(0.8),
        "most_by": "last",
        "spread": pytest.approx(0.5),
    }
    assert by_channel["c"]["spread"] == 0


def test_where_nothing_was_earned_nobody_disagrees() -> None:
    found = disagreement(side_by_side(worded("a 0/1", "b 0/1")))
    assert found["spread"].to_list() == [None, None]
    assert side_by_side(paths()).rows() == []
