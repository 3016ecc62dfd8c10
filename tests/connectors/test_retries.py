"""When a connector tries again, how long it waits, and when it gives up."""

import email.utils
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.answers import retry_after
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    TooMuchData,
    Transient,
    UnknownOutcome,
)
from connectors.retries import Patience


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def patience(self, **knobs: float | int | Callable[[], float]) -> Patience:
        given: dict = {"draw": lambda: 1.0, **knobs}
        return Patience(sleep=self.sleep, clock=lambda: self.time, **given)


def failing(*troubles: ChannelError) -> Callable[[], str]:
    to_come = list(troubles)

    def attempt() -> str:
        if to_come:
            raise to_come.pop(0)
        return "answered"

    return attempt


def passing() -> Transient:
    return Transient(what="away", where="test")


def limited(hint: float | None) -> RateLimited:
    return RateLimited(what="slower", where="test", retry_after=hint)


def test_waits_double_up_to_the_longest():
    clock = Clock()
    patience = clock.patience(attempts=7, longest_wait=10)
    assert patience.through(failing(*[passing() for _ in range(6)])) == "answered"
    assert clock.slept == [1, 2, 4, 8, 10, 10]


@given(st.integers(1, 1000), st.floats(0, 1, exclude_max=True))
def test_jitter_spreads_over_the_whole_wait(tried: int, drawn: float):
    patience = Patience(draw=lambda: drawn)
    assert 0 <= patience.wait_after(tried, passing()) <= min(60.0, 2.0 ** min(tried - 1, 30))


@given(st.floats(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_hint_is_never_shortened(hint: float, drawn: float):
    assert Patience(draw=lambda: drawn).wait_after(1, limited(hint)) >= hint


def test_the_last_trouble_is_raised_when_attempts_run_out():
    clock = Clock()
    last = limited(None)
    with pytest.raises(RateLimited) as raised:
        clock.patience(attempts=3).through(failing(passing(), passing(), last))
    assert raised.value is last
    assert len(clock.slept) == 2


def test_no_wait_goes_beyond_the_total():
    clock = Clock()
    with pytest.raises(RateLimited):
        clock.patience(attempts=100, total=100).through(failing(*[limited(30) for _ in range(10)]))
    assert clock.time <= 100
    assert len(clock.slept) == 3


@pytest.mark.parametrize(
    "kind", [AuthRevoked, Forbidden, Invalid, QuotaExhausted, TooMuchData, UnknownOutcome]
)
def test_what_is_not_passing_is_never_tried_again(kind: type[ChannelError]):
    clock = Clock()
    with pytest.raises(kind):
        clock.patience().through(failing(kind(what="no", where="test")))
    assert clock.slept == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("0", 0.0), ("-5", None), ("soon", None), ("", None), ("9" * 20, None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None):
    assert retry_after(httpx.Headers({"retry-after": value})) == seconds


def test_retry_after_as_a_date():
    later = email.utils.format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    earlier = email.utils.format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    assert 3000 < (retry_after(httpx.Headers({"retry-after": later})) or 0) <= 3600
    assert retry_after(httpx.Headers({"retry-after": earlier})) == 0
