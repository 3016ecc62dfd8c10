"""Intervals are as wide as chance makes them: against formulas, and against worlds drawn again."""

import numpy as np
import polars as pl
import pytest

from marketing_pipelines.attribution import Model, intervals, last_touch, markov, model, models
from tests.attribution.building import paths, worded
from tests.attribution.test_markov import walks

FEW = paths(*walks(5, 1_500, 4))
every_model = pytest.mark.parametrize(
    "known", [each for each in models() if each.can_read(FEW)], ids=lambda known: known.name
)


@every_model
def test_every_share_has_an_interval_around_it(known: Model) -> None:
    found = intervals(FEW, known)
    credits = known.credit(FEW)
    assert found["channel"].to_list() == credits["channel"].to_list()
    assert found["share"].to_list() == pytest.approx(
        (credits["conversions"] / credits["conversions"].sum()).to_list()
    )
    for name in ("share", "value_share"):
        assert found[name].sum() == pytest.approx(1)
        assert (found[f"{name}_low"] < found[name]).all()
        assert (found[name] < found[f"{name}_high"]).all()
    assert found.equals(intervals(FEW, known))


def test_a_share_of_independent_people_has_the_width_of_a_binomial_one() -> None:
    """Last touch over n conversions is a share of n people: its standard error is √(p(1 − p)/n)."""
    frame = worded("a 300", "b 700")
    found = intervals(frame, model("last_touch"), replicates=4_000).row(0, named=True)
    error = (0.3 * 0.7 / 1000) ** 0.5
    assert found["share_low"] == pytest.approx(0.3 - 1.645 * error, abs=0.1 * error)
    assert found["share_high"] == pytest.approx(0.3 + 1.645 * error, abs=0.1 * error)


def test_people_are_drawn_with_all_their_rows() -> None:
    """A hundred people with ten conversions each say as little as a hundred conversions do."""
    own = paths(*[(["a" if person < 30 else "b"], 1, 1, 0) for person in range(100) for _ in range(10)])
    shared = own.with_columns(user=pl.Series([f"u{person}" for person in range(100) for _ in range(10)]))
    wide, narrow = (intervals(frame, model("linear"), replicates=2_000) for frame in (shared, own))
    width = [found["share_high"][0] - found["share_low"][0] for found in (wide, narrow)]
    assert width[0] / width[1] == pytest.approx(10**0.5, rel=0.1)


@pytest.mark.parametrize("counts", [[20, 10, 20, 30, 10], [200, 25, 90, 70, 22.5]], ids=["small", "large"])
def test_rows_that_stand_for_many_are_drawn_as_many(counts: list[float]) -> None:
    grouped = paths(*[([channel], count, count, 0) for channel, count in zip("abcde", counts, strict=True)])
    found = intervals(grouped, model("last_touch"), replicates=4_000)
    for share, low, high in found.select("share", "share_low", "share_high").rows():
        error = (share * (1 - share) / sum(counts)) ** 0.5
        assert (high - low) / (2 * 1.645 * error) == pytest.approx(1, rel=0.15)


@every_model
def test_intervals_hold_what_they_promise(known: Model) -> None:
    """Of other samples of the same world nine in ten fall within an interval of their own around the truth."""
    whole = paths(*walks(5, 60_000, 4))
    truth = known.credit(whole)
    shares = truth["conversions"] / truth["conversions"].sum()
    held = []
    for sample in range(25):
        found = intervals(whole[sample * 1500 : (sample + 1) * 1500], known)
        held += ((found["share_low"] <= shares) & (shares <= found["share_high"])).to_list()
    # 125 draws with a chance of nine in ten, five at a time not quite independent.
    assert 0.78 < np.mean(held) <= 1


def test_a_share_of_nothing_has_no_interval() -> None:
    nothing = worded("a 0/3", "b 0/1")
    for known in (model("linear"), model("markov")):
        found = intervals(nothing, known)
        assert found.drop("channel").rows() == [(None,) * 6] * 2
        assert intervals(paths(), known).rows() == []


def test_refunds_can_leave_value_without_shares_and_conversions_with_them() -> None:
    found = intervals(paths((["a"], 3, 10, 0), (["b"], 2, -50, 0)), model("linear"))
    assert found["share"].to_list() == pytest.approx([0.6, 0.4])
    assert found["value_share"].to_list() == [None, None]


def test_refund_rows_make_no_conversions() -> None:
    frame = paths((["a"], 50, 500, 0), (["b"], 0, -20, 0), (["b"], 50, 500, 0))
    found = intervals(frame, model("last_touch"))
    assert found["share"].to_list() == [0.5, 0.5]
    assert (found["value_share_high"] > found["value_share_low"]).all()


def test_a_channel_alone_is_certain() -> None:
    assert intervals(worded("a 10/5"), model("markov")).drop("channel").rows() == [(1,) * 6]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"replicates": 1}, "at least 2"),
        ({"confidence": 1.0}, "between 0 and 1"),
        ({"confidence": 0}, "between"),
    ],
)
def test_wrong_wishes_are_refused(wrong: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        intervals(FEW, model("linear"), **wrong)


def test_many_channels_are_drawn_some_replicates_at_a_time() -> None:
    frame = paths(*walks(700, 3_000, 4))
    found = intervals(frame, model("markov"), replicates=6)
    assert found["share"].to_list() == pytest.approx(
        (markov(frame)["conversions"] / last_touch(frame)["conversions"].sum()).to_list()
    )
    assert (found["share_low"] <= found["share_high"]).all()
