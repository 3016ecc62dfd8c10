"""A conversion is what it says, or it is none: whatever comes in, nothing odd gets as far as a provider."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import money
from connectors.conversions import number
from connectors.errors import Invalid
from tests.connectors.orders import BOUGHT, CLICKED, HASH, ORDER


@pytest.mark.parametrize(
    ("field", "hostile"),
    [
        ("id", ""),
        ("id", "anna@example.com"),
        ("id", "order 1\r\nx-evil: 1"),
        ("id", "ord\udc00er"),
        ("id", "x" * 101),
        ("name", "Purchase\x00"),
        ("name", "x" * 51),
        ("name", '"},{"event_name":"Purchase'),
        ("gclid", "abc def"),
        ("gclid", "x" * 513),
        ("wbraid", "' OR 1=1"),
        ("fbclid", "a/b?c"),
        ("hashed_email", "anna@example.com"),
        ("hashed_email", HASH.upper()),
        ("hashed_email", HASH + "\n"),
        ("source_url", "javascript:alert(1)"),
        ("source_url", "https://anna:secret@shop.example/"),
        ("source_url", "https://shop.example/\n"),
        ("source_url", "https://[shop.example/"),
        ("source_url", "https://shop.example/" + "x" * 2000),
        ("user_agent", "Mozilla\r\n"),
        ("user_agent", "x" * 513),
        ("currency", "eur"),
        ("currency", ""),
        ("value_micros", -10_000),
        ("value_micros", 2**63),
        ("value_micros", 25_505_000),
        ("at", BOUGHT.replace(tzinfo=None)),
        ("at", CLICKED - timedelta(seconds=1)),
        ("clicked_at", CLICKED.replace(tzinfo=None)),
    ],
)
def test_no_conversion_can_be_made_of_hostile_parts(field: str, hostile: object) -> None:
    with pytest.raises(Invalid) as refused:
        replace(ORDER, **{field: hostile})  # pyright: ignore[reportArgumentType]
    assert refused.value.field == field
    assert not isinstance(hostile, str) or len(hostile) < 8 or hostile not in str(refused.value)


def test_somebody_has_to_be_led_back_to() -> None:
    with pytest.raises(Invalid) as refused:
        replace(ORDER, gclid="", fbclid="", hashed_email="")
    assert refused.value.field == "gclid"
    for name in ("gclid", "gbraid", "wbraid", "fbclid"):
        assert replace(ORDER, **{"gclid": "", "fbclid": "", "hashed_email": "", name: "0AAAAA"})  # pyright: ignore[reportArgumentType]


def test_a_currency_without_a_value_is_none() -> None:
    with pytest.raises(Invalid) as refused:
        replace(ORDER, value_micros=None)
    assert refused.value.field == "currency"


@pytest.mark.parametrize(("currency", "micros"), [("JPY", 1_500_500_000), ("EUR", 1), ("KWD", 500)])
def test_an_amount_finer_than_its_coins_is_none(currency: str, micros: int) -> None:
    with pytest.raises(Invalid) as refused:
        replace(ORDER, currency=currency, value_micros=micros)
    assert refused.value.field == "value_micros"
    assert replace(ORDER, currency="KWD", value_micros=1_001_000).value == Decimal("1.001")


@given(coins=st.integers(0, money.LARGEST_MICROS // 10_000))
def test_every_amount_is_told_in_its_very_digits(coins: int) -> None:
    order = replace(ORDER, value_micros=coins * 10_000)
    assert order.value is not None
    digits = number(order.value).decode()
    assert Decimal(digits) == Decimal(coins) / 100
    assert "e" not in digits.lower()


@given(text=st.text(max_size=120))
def test_any_text_is_an_id_or_is_refused(text: str) -> None:
    try:
        told = replace(ORDER, id=text, gclid=text, source_url=text)
    except Invalid:
        return
    assert told.id.isascii()
    assert told.id.isprintable()
    assert "@" not in told.id
