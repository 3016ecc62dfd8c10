"""Which rates are believed: steady ones, and a leap only once it has stood for a month."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.reference_rates import Rate
from marketing_pipelines.currencies.believing import BELIEVED_AGAIN, LEAP, Leap, sift

FIRST = date(2026, 1, 1)


def daily(*said: str, currency: str = "TRY") -> list[Rate]:
    return [
        Rate(FIRST + timedelta(days=day), currency, Decimal(rate)) for day, rate in enumerate(said) if rate
    ]


def test_a_slip_is_kept_out_and_the_next_day_is_believed() -> None:
    rates = daily("40", "41", "4.1", "41.5")
    sifted = sift(rates)
    assert sifted.leaps == [Leap(said=rates[2], before=rates[1])]
    assert sifted.believed == [*rates[:2], rates[3]]


def test_twice_as_much_is_the_most_that_is_believed() -> None:
    assert sift(daily("1", "2", "1")).leaps == []
    assert len(sift(daily("1", "2.00000001")).leaps) == 1
    assert len(sift(daily("2.00000001", "1")).leaps) == 1


def test_a_crash_is_believed_once_it_has_stood_for_a_month() -> None:
    crashed = ["100"] * (BELIEVED_AGAIN.days + 5)
    sifted = sift(daily("40", *crashed))
    assert [leap.said.day for leap in sifted.leaps] == [
        FIRST + timedelta(days=day) for day in range(1, BELIEVED_AGAIN.days)
    ]
    assert sifted.believed[1].day == FIRST + BELIEVED_AGAIN


def test_what_was_silent_for_long_may_have_moved_far() -> None:
    """As the Icelandic króna did, which the bank did not quote from 2008 to 2018."""
    rates = daily("290", *[""] * BELIEVED_AGAIN.days, "122", currency="ISK")
    assert sift(rates).leaps == []


def test_currencies_are_sifted_each_by_itself() -> None:
    rates = sorted([*daily("40", "41"), *daily("1", "1.1", currency="USD")])
    assert sift(rates).believed == rates


steps = st.lists(st.decimals("0.01", "100", places=2, allow_nan=False), min_size=1, max_size=40)


@given(said=steps)
def test_nothing_is_lost_and_no_neighbours_that_are_believed_leap(said: list[Decimal]) -> None:
    rates = daily(*map(str, said))
    sifted = sift(rates)
    assert sorted([*sifted.believed, *(leap.said for leap in sifted.leaps)]) == rates
    for before, after in zip(sifted.believed, sifted.believed[1:], strict=False):
        steady = max(before.per_euro, after.per_euro) <= LEAP * min(before.per_euro, after.per_euro)
        assert steady or after.day - before.day >= BELIEVED_AGAIN
