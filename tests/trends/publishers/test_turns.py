"""Turns: few items of one key at once, a pause in between, and nobody held up by another."""

import threading
from collections import Counter
from collections.abc import Hashable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends.publishers import turns
from marketing_pipelines.trends.publishers.turns import Turns


def no_pause(_: Hashable) -> float:
    return 0.0


def of(*items: str, per_key: int = 2, pause: float = 1.0) -> Turns[str]:
    """Items whose first letter is their key."""
    return Turns(items, key=lambda item: item[0], per_key=per_key, pause=lambda _: pause)


def test_each_host_begins_at_once_and_goes_on_after_its_pause():
    waiting = of("a1", "a2", "b1", "a3")
    assert list(waiting.begin(9, now=0.0)) == ["a1", "b1"]
    assert list(waiting.begin(9, now=0.99)) == []
    assert list(waiting.begin(9, now=1.5)) == ["a2"]
    waiting.finish("a1")
    assert list(waiting.begin(9, now=3.0)) == ["a3"]
    assert not waiting.waiting


def test_a_host_that_is_slow_is_not_asked_for_more():
    waiting = of("a1", "a2", "b1", "b2", per_key=1)
    assert list(waiting.begin(9, now=0.0)) == ["a1", "b1"]
    waiting.finish("b1")
    assert list(waiting.begin(9, now=2.0)) == ["b2"]
    assert waiting.until_next(2.0) is None  # only an answer brings the next
    waiting.finish("a1")
    assert list(waiting.begin(9, now=2.0)) == ["a2"]


def test_no_more_begin_than_there_is_room_for():
    waiting = of("a1", "b1", "c1")
    assert list(waiting.begin(2, now=0.0)) == ["a1", "b1"]
    assert list(waiting.begin(0, now=0.0)) == []
    assert list(waiting.begin(1, now=0.0)) == ["c1"]


def test_a_pause_that_turns_out_longer_is_kept():
    """The first answer of a host may be its robots.txt."""
    pauses: dict[Hashable, float] = {"a": 1.0}
    waiting = Turns(["a1", "a2"], key=lambda item: item[0], per_key=2, pause=lambda key: pauses[key])
    assert list(waiting.begin(9, now=0.0)) == ["a1"]
    pauses["a"] = 10.0
    assert list(waiting.begin(9, now=9.9)) == []
    assert list(waiting.begin(9, now=15.0)) == ["a2"]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 4), st.integers(1, 5), st.randoms())
def test_every_item_has_its_turn_and_no_host_more_than_its_share(
    keys: list[str], per_key: int, at_once: int, chance
):
    items = [f"{key}{number}" for number, key in enumerate(keys)]
    waiting = of(*items, per_key=per_key)
    now, under_way, begun = 0.0, [], []
    while waiting.waiting or under_way:
        for item in waiting.begin(at_once - len(under_way), now):
            under_way.append(item)
            begun.append((item[0], now))
        assert len(under_way) <= at_once
        assert max(Counter(item[0] for item in under_way).values(), default=0) <= per_key
        if under_way and chance.random() < 0.7:
            waiting.finish(under_way.pop(chance.randrange(len(under_way))))
        now += chance.random()
    assert len(begun) == len(items)
    for key in set(keys):
        moments = [moment for each, moment in begun if each == key]
        assert all(later - earlier >= 1.0 for earlier, later in pairwise(moments))


def test_a_slow_item_holds_up_no_other():
    released = threading.Event()

    def work(item: str) -> str:
        if item == "slow":
            released.wait(30)
        return item

    answered = []
    items = ["slow", *(f"quick {number}" for number in range(5))]
    for item, _ in turns.spread(items, work, key=lambda item: item == "slow", per_key=1, pause=no_pause):
        answered.append(item)
        if len(answered) == 5:
            released.set()  # only now, when all others have been answered
    assert answered == [*items[1:], "slow"]


def test_few_press_on_one_host():
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()
    breath = threading.Event()

    def work(item: tuple[str, int]) -> int:
        with lock:
            under_way[item[0]] += 1
            most[item[0]] = max(most[item[0]], under_way[item[0]])
        breath.wait(0.01)
        with lock:
            under_way[item[0]] -= 1
        return item[1]

    items = [(host, number) for host in ("a", "b") for number in range(20)]
    answers = dict(turns.spread(items, work, key=lambda item: item[0], per_key=3, pause=no_pause))
    assert answers == {item: item[1] for item in items}
    assert max(most.values()) <= 3


def test_answers_that_nobody_takes_do_not_pile_up():
    begun = []
    answers = turns.spread(range(50), lambda item: begun.append(item), key=lambda item: item, at_once=4)
    for taken, _ in enumerate(answers, start=1):
        assert len(begun) <= taken + 4
    assert len(begun) == 50


def test_pauses_are_waited_for():
    items = ["a1", "a2", "a3"]
    worked = turns.spread(items, str.upper, key=lambda item: item[0], pause=lambda _: 0.001)
    assert list(worked) == [("a1", "A1"), ("a2", "A2"), ("a3", "A3")]


@pytest.mark.parametrize(("host", "pause"), [("news.example", 0.5), ("127.0.0.1", 0.0), ("localhost", 0.0)])
def test_publishers_are_given_a_pause_and_this_machine_none(host: str, pause: float):
    assert turns.usual_pause(host) == pause


def test_nothing_to_do():
    assert list(turns.spread([], str, key=str)) == []


def test_an_error_of_our_own_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        list(turns.spread([1, 0], lambda item: 1 // item, key=str))
