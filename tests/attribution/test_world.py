"""How far models are from a known truth, and that hold-outs find it."""

import pytest

from marketing_pipelines.attribution import lift, side_by_side
from tests.attribution.world import HARVESTS, World, against_the_truth, live, misplaced


@pytest.fixture(scope="module")
def world() -> World:
    return live()


def test_only_channels_that_persuade_cause_conversions(world: World) -> None:
    assert [channel for channel, caused in world.caused.items() if not caused] == sorted(HARVESTS)
    assert 0 < sum(world.caused.values()) < world.paths["conversions"].sum()


def test_what_a_channel_causes_is_what_is_missing_without_it(world: World) -> None:
    without = live(seed=2, without="email")
    missing = float(world.paths["conversions"].sum()) - float(without.paths["conversions"].sum())
    assert missing == pytest.approx(world.caused["email"], abs=200)


def test_last_touch_is_furthest_from_the_truth(world: World) -> None:
    wrong = misplaced(against_the_truth(world))
    assert max(wrong, key=wrong.__getitem__) == "last_touch"
    assert min(wrong.values()) > 0.2
    assert set(wrong) == set(side_by_side(world.paths)["model"])


def test_a_hold_out_finds_what_no_model_does() -> None:
    everybody = live(60_000, seed=5).group()
    by_email = lift(everybody, live(20_000, seed=6, without="email").group())
    by_retargeting = lift(everybody, live(20_000, seed=6, without="retargeting").group())
    assert by_email.told_apart
    assert by_email.conversions.low <= live(60_000, seed=5).caused["email"] <= by_email.conversions.high
    assert not by_retargeting.told_apart
