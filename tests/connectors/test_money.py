"""Money of any provider becomes whole micros without passing through a binary fraction."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import money

WHOLE_MICROS = st.integers(min_value=-money.LARGEST_MICROS, max_value=money.LARGEST_MICROS)


@given(WHOLE_MICROS)
def test_every_amount_of_micros_survives_the_way_through_main_units(micros: int):
    assert money.micros(f"{Decimal(micros).scaleb(-6):f}") == micros


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_cents_are_exact(euros: int, cents: int):
    assert money.micros(f"{euros}.{cents:02}") == euros * 1_000_000 + cents * 10_000


def test_the_smallest_unit_is_a_cent_a_yen_or_a_fils():
    assert [money.smallest_unit(currency) for currency in ("EUR", "JPY", "KWD", "CLF")] == [
        10_000, 1_000_000, 1_000, 100,
    ]  # fmt: skip


@given(st.integers(0, 10**12))
def test_a_currency_without_cents_is_scaled_like_any_other(yen: int):
    assert money.micros(str(yen)) == yen * 1_000_000


@given(st.decimals(min_value=0, max_value=10**9, places=12))
def test_what_is_finer_than_a_micro_is_rounded_by_at_most_half(amount: Decimal):
    assert abs(Decimal(money.micros(amount)).scaleb(-6) - amount) <= Decimal("0.0000005")


@given(st.text(max_size=80) | st.decimals(allow_nan=True, allow_infinity=True).map(str))
@example("NaN")
@example("sNaN")
@example("-Infinity")
@example("1e400000")
@example("1e-400000")
@example("9" * 63)
@example("9223372036854.775808")
@example("0." + "9" * 70)
@example("")
@example("-")
def test_any_text_is_an_amount_in_bounds_or_refused(text: str):
    try:
        micros = money.micros(text)
    except ValueError:
        return
    assert abs(micros) <= money.LARGEST_MICROS


def test_the_sum_of_tenths_is_exact():
    assert money.micros(money.total([Decimal("0.1")] * 10)) == 1_000_000


@pytest.mark.parametrize("count", ["-1", "NaN", "1e12", "x"])
def test_conversions_out_of_bounds_are_refused(count: str):
    with pytest.raises(ValueError, match=r"number|bounds"):
        money.conversions(count)


@given(st.decimals(min_value=0, max_value=10**6, places=15))
def test_conversions_keep_six_places(count: Decimal):
    kept = money.conversions(count)
    assert kept.as_tuple().exponent == -6
    assert abs(kept - count) <= Decimal("0.0000005")


@given(st.integers(1, money.LARGEST_MICROS), st.sampled_from([0, 2, 3]))
def test_every_sum_of_coins_survives_the_way_through_main_units(coins: int, decimals: int):
    assert money.minor_units(money.of_minor_units(coins, decimals), decimals) == coins


@pytest.mark.parametrize(
    ("amount", "decimals"),
    [
        ("25.505", 2),
        ("0.001", 2),
        ("1e-400000", 2),
        ("4000.5", 0),
        ("0", 2),
        ("-1", 0),
        ("1e19", 0),
        ("NaN", 2),
    ],
)
def test_what_no_coin_can_pay_is_refused(amount: str, decimals: int):
    with pytest.raises(ValueError, match=r"bounds|decimals|finite"):
        money.minor_units(Decimal(amount), decimals)
