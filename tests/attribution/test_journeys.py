"""How many touches and days people needed."""

from datetime import timedelta

import polars as pl
import pytest

from marketing_pipelines.attribution import conversion_lags, path_lengths
from tests.attribution.building import aged, worded

FRAME = worded("a>b 6/2", "c 4/4", "b>a 1/1", "a>b>c 0/5")


def test_paths_are_counted_by_their_touches() -> None:
    assert path_lengths(FRAME).columns == ["touches", "conversions", "value", "nulls", "rate"]
    assert path_lengths(FRAME).rows() == [(1, 4, 40, 4, 0.5), (2, 7, 70, 3, 0.7), (3, 0, 0, 5, 0)]


def test_conversions_are_counted_by_the_days_since_the_first_touch() -> None:
    found = conversion_lags(FRAME)
    assert found.columns == ["days", "conversions", "value", "so_far"]
    assert found["days"].to_list() == [0, 1]
    assert found["conversions"].to_list() == [4, 7]
    assert found["so_far"].to_list() == pytest.approx([4 / 11, 1])


def test_a_day_is_whole_when_it_is_over() -> None:
    ages = pl.Series([[timedelta(hours=47)], [timedelta(hours=48), timedelta(hours=1)]])
    frame = worded("a 1", "a>b 1").with_columns(age=ages)
    assert conversion_lags(frame)["days"].to_list() == [1, 2]


def test_nobody_needs_nothing() -> None:
    assert path_lengths(aged()).rows() == []
    assert conversion_lags(aged()).rows() == []
    assert conversion_lags(worded("a 0/3")).rows() == []
