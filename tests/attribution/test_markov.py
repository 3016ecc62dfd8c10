"""Chains against closed forms, and against really taking the channel out and solving what is left."""

from collections import defaultdict
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import spsolve

from marketing_pipelines.attribution import markov, model, order_likelihoods
from marketing_pipelines.attribution.chain import steps
from marketing_pipelines.attribution.paths import read
from marketing_pipelines.attribution.tuning import Order
from tests.attribution.building import Row, credited, paths, rows, worded

START, BOUGHT, LOST = ("start",), ("bought",), ("lost",)


def removal_effects(frame: pl.DataFrame, **parameters) -> dict[str, float]:
    return dict(markov(frame, **parameters).select("channel", "removal_effect").rows())


@pytest.mark.parametrize(
    ("found", "order", "expected"),
    [
        # Without its only channel nothing is left.
        (["a 3/5"], 1, {"a": 1}),
        # b is on six of ten ways, a on all.
        (["a 4", "a>b 6"], 1, {"a": 1, "b": 0.6}),
        # p = 2/3·1/2 + 1/3 = 2/3, and 1/3 of it does without a.
        (["a>b 1", "a 0/1", "b 1"], 1, {"a": 0.5, "b": 1}),
        # Every channel of the only way is needed.
        (["a>b>c 1"], 1, {"a": 1, "b": 1, "c": 1}),
        # From a half go to b and come back: p = 1; without b half are lost at the first step.
        (["a>b>a 1"], 1, {"a": 1, "b": 0.5}),
        # Two separate ways count by how much they carry.
        (["a 3/1", "b 1/7"], 1, {"a": 0.75, "b": 0.25}),
        # b is left for a conversion by half, whoever came before: p = 1/2, without a or c 1/4.
        (["a>b 1", "c>b 0/1"], 1, {"a": 0.5, "b": 1, "c": 0.5}),
        # A chain that remembers two channels knows that it was a.
        (["a>b 1", "c>b 0/1"], 2, {"a": 1, "b": 1, "c": 0}),
        # c is in no path that converts, and leads to a, from where half convert: 1/4 of 1/2.
        (["c>a 0/1", "a 1"], 1, {"a": 1, "c": 0.5}),
        # The same, remembered: nobody who came by c converts.
        (["c>a 0/1", "a 1"], 2, {"a": 1, "c": 0}),
        # a → b → a for ever more likely: from a to b 2/3, from b to a 1/2, half of b converts, a third of a.
        (["a>b 1", "a>b>a 1"], 1, {"a": 1, "b": 2 / 3}),
        # Three equal channels round a circle: each convert a third of the time at a, after a>b, after a>b>c.
        (["a 1", "a>b 1", "a>b>c 1"], 1, {"a": 1, "b": 2 / 3, "c": 1 / 3}),
        # Three channels remembered tell apart what two mix up.
        (["a>b>c 1", "d>b>c 0/1"], 2, {"a": 0.5, "b": 1, "c": 1, "d": 0.5}),
        (["a>b>c 1", "d>b>c 0/1"], 3, {"a": 1, "b": 1, "c": 1, "d": 0}),
        (["a>b>c>e 1", "d>b>c>e 0/1"], 3, {"a": 0.5, "b": 1, "c": 1, "d": 0.5, "e": 1}),
        (["a>b>c>e 1", "d>b>c>e 0/1"], 4, {"a": 1, "b": 1, "c": 1, "d": 0, "e": 1}),
    ],
)
def test_removal_effects_have_their_closed_forms(
    found: list[str], order: int, expected: dict[str, float]
) -> None:
    assert removal_effects(worded(*found), order=order) == pytest.approx(expected)


@given(
    alone=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    crossing=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    lost=st.tuples(st.integers(0, 50), st.integers(0, 50)),
)
def test_two_channels_have_the_closed_form(
    alone: tuple[int, int], crossing: tuple[int, int], lost: tuple[int, int]
) -> None:
    """With α from a to b, β back, r the conversions at each: b_a = (r_a + α·r_b) / (1 − αβ)."""
    frame = worded(
        f"a {alone[0]}/{lost[0]}", f"b {alone[1]}/{lost[1]}", f"a>b {crossing[0]}", f"b>a {crossing[1]}"
    )
    left = sum(crossing) + alone[0] + lost[0], sum(crossing) + alone[1] + lost[1]
    onward = crossing[0] / left[0], crossing[1] / left[1]
    converting = (alone[0] + crossing[1]) / left[0], (alone[1] + crossing[0]) / left[1]
    begins = alone[0] + lost[0] + crossing[0], alone[1] + lost[1] + crossing[1]
    meeting = 1 - onward[0] * onward[1]
    from_a = (converting[0] + onward[0] * converting[1]) / meeting
    from_b = (converting[1] + onward[1] * converting[0]) / meeting
    everybody = begins[0] * from_a + begins[1] * from_b
    assert removal_effects(frame) == pytest.approx(
        {"a": 1 - begins[1] * converting[1] / everybody, "b": 1 - begins[0] * converting[0] / everybody}
    )


def test_conversions_and_value_are_shared_out_by_removal_effect() -> None:
    result = markov(worded("a 4", "a>b 6"))
    assert result.columns == ["channel", "conversions", "value", "removal_effect"]
    assert result["conversions"].to_list() == pytest.approx([10 / 1.6, 6 / 1.6])
    assert result["value"].to_list() == pytest.approx([100 / 1.6, 60 / 1.6])


def test_a_repeat_is_told_once_unless_it_is_to_count() -> None:
    frame = worded("b>a>a 1", "a>a 0/1", "b>a 0/1")
    # Told once, nobody converts who did not come by b.
    assert removal_effects(frame, order=2) == pytest.approx({"a": 1, "b": 1})
    # Counted, those who met a twice are one crowd: half of them convert, with b two of three people, without one.
    assert removal_effects(frame, order=2, collapse=False) == pytest.approx({"a": 1, "b": 0.5})


def test_without_conversions_nothing_is_missing() -> None:
    frame = worded("a>b 0/3", "c 0/1")
    assert removal_effects(frame) == {"a": 0, "b": 0, "c": 0}
    assert credited(markov(frame)) == {"a": 0, "b": 0, "c": 0}


def taken_out(found: list[Row], order: int, collapse: bool, channel: str | None) -> float:
    """The probability of a conversion when steps to a channel are the end: a plain chain, solved as it stands."""
    counts: defaultdict[tuple, defaultdict[tuple, float]] = defaultdict(lambda: defaultdict(float))
    for path, conversions, _, nulls in found:
        told = [c for place, c in enumerate(path) if not (collapse and place and c == path[place - 1])]
        state = START
        for place in range(len(told)):
            to = tuple(told[max(0, place + 1 - order) : place + 1])
            to = (place + 1, *to) if place + 1 < order else to
            counts[state][to] += conversions + nulls
            state = to
        counts[state][BOUGHT] += conversions
        counts[state][LOST] += nulls
    number = {state: place for place, state in enumerate(counts)}
    entries = [
        (number[state], number[to], count / sum(counts[state].values()))
        for state in counts
        for to, count in counts[state].items()
        if count and to in number and channel not in to
    ]
    begun, reached, chance = zip(*entries, strict=True) if entries else ((), (), ())
    onward = csr_array((chance, (begun, reached)), shape=(len(number), len(number)))
    converts = [counts[state][BOUGHT] / max(sum(counts[state].values()), 1e-300) for state in counts]
    converting = np.asarray(spsolve(csc_array(eye_array(len(number)) - onward), np.array(converts)))
    return float(converting[number[START]])


@pytest.mark.parametrize("collapse", [True, False])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
@settings(max_examples=40)
@given(found=rows)
def test_what_is_missing_is_what_taking_the_channel_out_shows(
    order: int, collapse: bool, found: list[Row]
) -> None:
    assume(any(conversions for _, conversions, *_ in found))
    everybody = taken_out(found, order, collapse, None)
    for channel, effect in removal_effects(paths(*found), order=order, collapse=collapse).items():
        missing = 1 - taken_out(found, order, collapse, channel) / everybody
        assert effect == pytest.approx(missing, abs=1e-9)


def walks(channels: int, number: int, longest: int, seed: int = 1) -> list[Row]:
    chance = Random(seed)
    names = [f"c{each:03}" for each in range(channels)]
    return [
        (
            chance.choices(names, k=chance.randint(1, longest)),
            bought := chance.randint(0, 1),
            bought,
            1 - bought,
        )
        for _ in range(number)
    ]


@pytest.mark.parametrize(
    ("found", "order"),
    [
        (walks(700, 2_000, 4), 1),  # many channels, few of their steps
        (walks(500, 60_000, 6), 1),  # many channels, most of their steps
        (walks(11, 6_000, 8), 4),  # more states than fit in an inverse
        (walks(1, 50, 9), 4),  # nothing left without the only channel
    ],
    ids=["sparse", "dense", "large", "alone"],
)
def test_large_chains_are_solved_as_exactly(found: list[Row], order: int) -> None:
    effects = removal_effects(paths(*found), order=order)
    everybody = taken_out(found, order, True, None)
    for channel in sorted(effects)[:: max(1, len(effects) // 5)]:
        missing = 1 - taken_out(found, order, True, channel) / everybody
        assert effects[channel] == pytest.approx(missing, abs=1e-9)


def test_a_chain_too_large_to_solve_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"order 2 over 900 channels has .* states.* take order 1"):
        markov(paths(*walks(900, 10_000, 6)), order=2)


@given(found=rows)
def test_states_are_visited_as_often_as_was_counted(found: list[Row]) -> None:
    """The shortcut on which removal effects stand: e·N needs no solving in a chain that was counted."""
    known = read(paths(*found))
    chain = steps(known, 1, collapse=True)
    flow = chain.flow(chain.count(known.conversions, known.nulls))
    solved = np.linalg.solve(flow.balance().T, flow.begins)
    assert flow.visits == pytest.approx(solved)


def remembering(order: int, number: int) -> pl.DataFrame:
    """Paths of people whose next step depends on exactly so many channels before."""
    chance = Random(order)
    ends: defaultdict[tuple, float] = defaultdict(lambda: chance.choice([0.05, 0.6]))
    goes: defaultdict[tuple, str] = defaultdict(lambda: chance.choice("abcd"))
    found = []
    for _ in range(number):
        path = [chance.choice("abcd")]
        while len(path) < 12:
            state = tuple(path[-order:])
            if chance.random() < ends[state]:
                break
            path.append(goes[state] if chance.random() < 0.7 else chance.choice("abcd"))
        bought = float(chance.random() < (0.9 if goes[tuple(path[-order:])] in "ab" else 0.1))
        found.append((path, bought, bought, 1 - bought))
    return paths(*found)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_that_made_the_paths_is_recovered(order: Order) -> None:
    frame = remembering(order, 6_000)
    likelihoods = order_likelihoods(frame, collapse=False)
    assert likelihoods.sort("likelihood")["order"][-1] == order
    assert markov(frame, order=0, collapse=False).equals(markov(frame, order=order, collapse=False))


def test_a_chains_own_steps_are_recovered() -> None:
    """People go from a to b with 0.7, from b to a with 0.4, and of the rest 0.5 and 0.2 convert."""
    chance = Random(5)
    found = []
    for _ in range(40_000):
        path = [chance.choice("ab")]
        while chance.random() < {"a": 0.7, "b": 0.4}[path[-1]]:
            path.append("b" if path[-1] == "a" else "a")
        bought = float(chance.random() < {"a": 0.5, "b": 0.2}[path[-1]])
        found.append((path, bought, bought, 1 - bought))
    from_a, from_b = (0.15 + 0.7 * 0.12) / (1 - 0.28), (0.12 + 0.4 * 0.15) / (1 - 0.28)
    everybody = (from_a + from_b) / 2
    assert removal_effects(paths(*found)) == pytest.approx(
        {"a": 1 - 0.06 / everybody, "b": 1 - 0.075 / everybody}, abs=0.01
    )


def test_the_order_is_chosen_by_users_who_were_held_out_whole() -> None:
    frame = remembering(2, 6_000)
    by_user = frame.with_columns(user=pl.int_range(len(frame)) // 3)
    assert (
        order_likelihoods(by_user)["likelihood"].to_list() != order_likelihoods(frame)["likelihood"].to_list()
    )
    assert order_likelihoods(by_user, collapse=False).sort("likelihood")["order"][-1] == 2


def test_likelihoods_of_nothing_are_nothing() -> None:
    assert order_likelihoods(paths())["likelihood"].to_list() == [0] * 4
    assert model("markov").credit(paths()).columns == ["channel", "conversions", "value", "removal_effect"]
