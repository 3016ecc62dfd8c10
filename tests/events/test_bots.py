"""What the reasons weigh together."""

from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events import bots
from marketing_pipelines.events.bots import SCORES, THRESHOLD, Reason


def test_every_reason_weighs_something() -> None:
    assert set(SCORES) == set(Reason)
    assert all(0 < weight <= bots.MOST for weight in SCORES.values())


def test_a_burst_alone_makes_nobody_a_bot_and_any_other_reason_does() -> None:
    assert {reason for reason in Reason if bots.score([reason]) < THRESHOLD} == {Reason.BURST}


def test_reasons_add_up_and_end_at_the_most() -> None:
    assert bots.score([]) == 0
    assert bots.score(["burst", "head"]) == SCORES[Reason.BURST] + SCORES[Reason.HEAD]
    assert bots.score(list(Reason)) == bots.MOST
    assert bots.score(["burst", "burst"]) == SCORES[Reason.BURST]
    assert bots.score(["verified_bot:Googlebot"]) == SCORES[Reason.VERIFIED_BOT]


@given(st.lists(st.text(max_size=40), max_size=20))
def test_what_is_no_reason_weighs_nothing(signals: list[str]) -> None:
    known = [signal for signal in signals if signal.partition(":")[0] in set(Reason)]
    assert bots.score(signals) == bots.score(known)
