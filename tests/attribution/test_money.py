"""Money is shared out to the last hundredth of a cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.attribution.money import PLACES, shared_out


def test_what_rounding_leaves_goes_to_the_parts_it_cut_most() -> None:
    assert shared_out(Decimal("1.0000"), [1 / 3, 1 / 3, 1 / 3]) == [
        Decimal("0.3334"),
        Decimal("0.3333"),
        Decimal("0.3333"),
    ]


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [
        ("-1.0000", [-1 / 3, -1 / 3, -1 / 3], ["-0.3333", "-0.3333", "-0.3334"]),
        ("0.0000", [5 / 3, -5 / 3], ["1.6667", "-1.6667"]),
        ("0.0001", [0.0, 0.00005, 0.00005], ["0.0000", "0.0001", "0.0000"]),
        ("0.0000", [], []),
        ("0.0000", [0.0, 0.0], ["0.0000", "0.0000"]),
        ("7.0000", [7.0, 0.0], ["7.0000", "0.0000"]),
    ],
)
def test_refunds_and_nothing_are_shared_out_too(total: str, parts: list[float], expected: list[str]) -> None:
    shared = shared_out(Decimal(total), parts)
    assert sum(shared) == Decimal(total)
    assert sorted(shared) == sorted(Decimal(part) for part in expected)


@given(
    total=st.decimals(-10_000_000, 10_000_000, places=4),
    shares=st.lists(st.integers(1, 1000), min_size=1, max_size=12),
)
def test_parts_add_up_and_stay_close(total: Decimal, shares: list[int]) -> None:
    exact = [float(total) * share / sum(shares) for share in shares]
    parts = shared_out(total, exact)
    assert sum(parts) == total
    assert all(abs(float(part) - wanted) < 0.0002 for part, wanted in zip(parts, exact, strict=True))


@given(amounts=st.lists(st.decimals(-10_000_000, 10_000_000, places=4), min_size=1, max_size=12))
def test_earnings_and_refunds_together_add_up(amounts: list[Decimal]) -> None:
    """The parts may be far larger than their sum."""
    total = sum(amounts, Decimal(0))
    parts = shared_out(total, [float(amount) for amount in amounts])
    assert sum(parts) == total
    assert all(abs(part - amount) <= 2 * PLACES for part, amount in zip(parts, amounts, strict=True))


@given(total=st.decimals(-(10**14) + 1, 10**14 - 1, places=4), among=st.integers(1, 12))
def test_sums_beyond_what_floats_hold_add_up_too(total: Decimal, among: int) -> None:
    parts = shared_out(total, [float(total) / among] * among)
    assert sum(parts) == total
    assert max(parts) - min(parts) <= Decimal("0.1")
