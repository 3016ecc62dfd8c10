"""Verified bots: published ranges, and whom they name."""

import json
from ipaddress import IPv4Network, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events.crawlers import UnusableRanges, VerifiedBots


def published(path: Path, *ranges: str) -> Path:
    """A file as Google and Bing publish it."""
    prefixes = [{"ipv6Prefix" if ":" in each else "ipv4Prefix": each} for each in ranges]
    path.write_text(json.dumps({"creationTime": "2026-11-20T12:00:00.000000", "prefixes": prefixes}))
    return path


def test_a_file_names_its_bot(tmp_path: Path) -> None:
    bots = VerifiedBots(published(tmp_path / "googlebot.json", "66.249.64.0/27", "2001:4860:4801:10::/64"))
    for address in ("66.249.64.0", "66.249.64.31", "::ffff:66.249.64.5", "2001:4860:4801:10::9"):
        assert bots.name_of(address) == "googlebot"
    for address in ("66.249.63.255", "66.249.64.32", "2001:4860:4801:11::", "0.0.0.1", "::", "", "garbage"):
        assert bots.name_of(address) == ""


def test_a_directory_names_many_and_the_narrower_range_has_its_addresses(tmp_path: Path) -> None:
    published(tmp_path / "bingbot.json", "157.55.39.0/24", "40.77.167.0/24")
    published(tmp_path / "googlebot.json", "66.249.64.0/20")
    published(tmp_path / "adsbot.json", "66.249.66.0/24", "66.249.79.255/32")
    (tmp_path / "README.txt").write_text("not a list")
    bots = VerifiedBots(tmp_path)
    assert bots.name_of("40.77.167.8") == "bingbot"
    assert [
        bots.name_of(f"66.249.{address}") for address in ("65.255", "66.0", "66.255", "67.0", "79.254")
    ] == [*("googlebot", "adsbot", "adsbot", "googlebot", "googlebot")]
    assert (bots.name_of("66.249.79.255"), bots.name_of("66.249.80.0")) == ("adsbot", "")


def test_without_a_file_nobody_is_verified() -> None:
    assert VerifiedBots(None).name_of("66.249.64.1") == ""


networks = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(10, 32)).map(
        lambda chosen: IPv4Network((chosen[0] >> 32 - chosen[1] << 32 - chosen[1], chosen[1]))
    ),
    min_size=1,
    max_size=20,
    unique=True,
)


@given(networks, st.integers(0, 2**32 - 1))
def test_an_address_belongs_to_the_narrowest_range_that_holds_it(
    tmp_path_factory: pytest.TempPathFactory, ranges: list[IPv4Network], anywhere: int
) -> None:
    folder = tmp_path_factory.mktemp("ranges")
    for number, network in enumerate(ranges):
        published(folder / f"bot{number}.json", str(network))
    bots = VerifiedBots(folder)
    edges = [
        int(edge) + step for network in ranges for edge in (network[0], network[-1]) for step in (-1, 0, 1)
    ]
    for address in (ip_address(number % 2**32) for number in (anywhere, *edges)):
        holding = [network for network in ranges if address in network]
        narrowest = max(holding, key=lambda network: network.prefixlen, default=None)
        expected = "" if narrowest is None else f"bot{ranges.index(narrowest)}"
        assert bots.name_of(str(address)) == expected


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("not json", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"prefixes": [1]}', "cannot be read"),
        ('{"prefixes": [{"ipv4Prefix": "66.249.64.0/99"}]}', "Correct the range"),
        ('{"prefixes": [{"ipv4Prefix": "0.0.0.0/0"}]}', "wider than"),
        ('{"prefixes": [{"ipv6Prefix": "2000::/3"}]}', "wider than"),
        ("[" * 100_000, "cannot be read"),
        (" " * (4 * 2**20 + 1), "over 4 MiB"),
    ],
)
def test_an_unusable_file_says_why(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "bot.json"
    file.write_text(content)
    with pytest.raises(UnusableRanges, match=complaint):
        VerifiedBots(file)


def test_a_missing_file_and_an_empty_directory_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UnusableRanges, match="cannot be read"):
        VerifiedBots(tmp_path / "missing.json")
    with pytest.raises(UnusableRanges, match=r"no \.json file"):
        VerifiedBots(tmp_path)


def test_too_many_ranges_are_an_error(tmp_path: Path) -> None:
    for part in range(2):
        base = int(ip_network("10.0.0.0/8")[0]) + part * 2**20
        addresses = (str(ip_address(base + number)) for number in range(50_001))
        published(tmp_path / f"bot{part}.json", *addresses)
    with pytest.raises(UnusableRanges, match="at most 100000"):
        VerifiedBots(tmp_path)
