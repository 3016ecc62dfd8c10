"""What is told about a visitor: the network of an address, and person or program."""

import pytest

from collector import addresses, bots
from collector.duplicates import DurableIds


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1234:5678::9", "2001:db8:1234::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_an_address_is_shortened(address: str, network: str) -> None:
    assert addresses.shortened(address) == network


@pytest.mark.parametrize(
    ("user_agent", "program"),
    [
        ("", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("curl/8.5.0", True),
        ("facebookexternalhit/1.1", True),
        ("python-httpx/0.28.1", True),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 40) AppleWebKit/537.36 Chrome/140.0 Mobile", False),
    ],
)
def test_programs_are_told_from_people(user_agent: str, program: bool) -> None:
    assert bots.is_program(user_agent) is program


def test_the_duplicate_window_is_bounded_and_per_tenant() -> None:
    window = DurableIds(remembered=2)
    window.remember([(1, "a"), (1, "b"), (1, "c")])
    assert [event in window for event in ((1, "a"), (1, "b"), (1, "c"), (2, "c"))] == [
        False,
        True,
        True,
        False,
    ]
