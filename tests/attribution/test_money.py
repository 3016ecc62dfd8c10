"""Money is shared out to the last hundredth of a cent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.attribution.money import shared_out


def test_what_rounding_leaves_goes_to_the_parts_it_cut_most() -> None:
    assert shared_out(Decimal("1.0000"), [1 / 3, 1 / 3, 1 / 3]) == [
        Decimal("0.3334"),
        Decimal("0.3333"),
        Decimal("0.3333"),
    ]


@given(
    total=st.decimals(-10_000_000, 10_000_000, places=4),
    shares=st.lists(st.integers(1, 1000), min_size=1, max_size=12),
)
def test_parts_add_up_and_stay_close(total: Decimal, shares: list[int]) -> None:
    exact = [float(total) * share / sum(shares) for share in shares]
    parts = shared_out(total, exact)
    assert sum(parts) == total
    assert all(abs(float(part) - wanted) < 0.0002 for part, wanted in zip(parts, exact, strict=True))
