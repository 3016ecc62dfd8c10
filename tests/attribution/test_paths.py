"""What is no path is refused, and the rows are named."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from marketing_pipelines.attribution import Model, conversion_lags, last_touch, linear, models, time_decay
from tests.attribution.building import aged, credited, paths, worded

ONE = worded("a>b 1")


@pytest.mark.parametrize("known", models(), ids=lambda known: known.name)
@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (ONE.drop("nulls"), "lack the column nulls; they need path, conversions, value, nulls"),
        (ONE.select("age"), "lack the column path, conversions, value, nulls"),
        (ONE.with_columns(path=pl.lit("email")), "must hold lists of channel names"),
        (ONE.with_columns(path=pl.lit([1, 2])), "holds List\\(Int.*must hold lists of channel names"),
        (ONE.with_columns(value=pl.lit("much")), "value holds String; it must hold numbers"),
        (aged((["a"], 1, 1, 0), ([], 1, 1, 0)), "Row 1: an empty path"),
        (aged((["a"], -1, 1, 0), (["a"], 1, 1, 0), (["a"], -2, 1, 0)), "Row 0, 2: a negative number in conv"),
        (aged((["a"], 1, 1, -3)), "Row 0: a negative number in nulls"),
        (aged((["a"], 1, float("nan"), 0)), "Row 0: no number in value"),
        (aged((["a"], float("inf"), 1, 0)), "Row 0: no number in conversions"),
        (ONE.with_columns(nulls=pl.lit(None, pl.Float64)), "Row 0: no number in nulls"),
        (ONE.with_columns(path=pl.lit(None, pl.List(pl.String))), "Row 0: an empty path"),
        (aged(*[([], 1, 1, 0)] * 8), "Row 0, 1, 2, 3, 4 and 3 more: an empty path"),
        (ONE.with_columns(path=pl.lit(["a", None])), "Row 0: a path with a channel missing"),
        (ONE.with_columns(user=pl.lit(None, pl.String)), "Row 0: no user"),
        (pl.concat([ONE, ONE.with_columns(age=pl.lit([timedelta(0)]))]), "Row 1: not as many ages"),
        (ONE.with_columns(age=pl.lit(None, ONE.schema["age"])), "Row 0: not as many ages"),
        (ONE.with_columns(age=pl.lit([timedelta(days=-1)] * 2)), "Row 0: an age that is missing or negative"),
        (ONE.with_columns(age=pl.lit([None, timedelta(0)])), "Row 0: an age that is missing or negative"),
        (ONE.with_columns(age=pl.lit([1, 2])), "age holds List.*must hold lists of durations"),
    ],
)
def test_wrong_paths_are_refused_by_row(known: Model, frame: pl.DataFrame, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        known.credit(frame)


@pytest.mark.parametrize("read", [time_decay, conversion_lags])
def test_what_needs_ages_says_so(read) -> None:
    with pytest.raises(ValueError, match="lack the column age"):
        read(ONE.drop("age"))


@pytest.mark.parametrize("known", models(), ids=lambda known: known.name)
def test_no_paths_give_no_credits(known: Model) -> None:
    assert known.credit(aged()).rows() == []
    assert known.share_out(aged()).rows() == []


@pytest.mark.parametrize(
    "names", [pl.Categorical(), pl.Enum(["z", "b", "never met", "a"]), pl.String()], ids=str
)
@pytest.mark.parametrize("known", models(), ids=lambda known: known.name)
def test_coded_channels_are_the_same_channels(known: Model, names: pl.DataType) -> None:
    frame = worded("b>a 3/1", "a>z>b 2", "z 0/4")
    coded = frame.with_columns(pl.col("path").cast(pl.List(names)))
    assert known.credit(coded).equals(known.credit(frame))
    assert known.credit(frame)["channel"].to_list() == ["a", "b", "z"]


def test_any_numbers_will_do() -> None:
    frame = ONE.with_columns(
        pl.col("conversions").cast(pl.UInt8), value=pl.lit(Decimal("12.3400")), nulls=pl.lit(0, pl.Int32)
    )
    assert linear(frame).rows() == [("a", 0.5, 6.17), ("b", 0.5, 6.17)]


def test_a_part_of_a_frame_is_read_as_that_part() -> None:
    whole = worded("x 5", "a>b 1", "b>c 1", "y 5")
    assert credited(linear(whole[1:3])) == {"a": 0.5, "b": 1, "c": 0.5}
    assert credited(time_decay(whole[1:3])) == pytest.approx(credited(time_decay(worded("a>b 1", "b>c 1"))))
    assert credited(linear(whole.filter(pl.col("conversions") == 1))) == {"a": 0.5, "b": 1, "c": 0.5}


def test_strange_names_are_names() -> None:
    odd = ["", " ", "ключ", "a\x00b", "'; drop table", "a" * 10_000]
    assert credited(last_touch(paths((odd, 1, 1, 0)))) == {name: float(name == odd[-1]) for name in odd}
    assert last_touch(paths((odd, 1, 1, 0)))["channel"].to_list() == sorted(odd)
