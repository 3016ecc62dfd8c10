"""Verified bots: crawlers whose owners publish the addresses they come from, as Google and Bing do."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

import msgspec

LARGEST_FILE = 4 * 2**20
MOST_RANGES = 100_000
LONGEST_NAME = 64
# Nobody's crawlers fill more; a slip such as 0.0.0.0/0 would make every visitor a bot.
WIDEST = {4: 10, 6: 24}
IPV4_IN_IPV6 = 0xFFFF << 32

Network = IPv4Network | IPv6Network


class UnusableRanges(ValueError):
    """A file of ranges that an operator named cannot be used; the text says why and what to do."""


class Prefix(msgspec.Struct, frozen=True):
    ipv4: str | None = msgspec.field(name="ipv4Prefix", default=None)
    ipv6: str | None = msgspec.field(name="ipv6Prefix", default=None)


class Published(msgspec.Struct, frozen=True):
    prefixes: list[Prefix]


class VerifiedBots:
    """Names the bot an address belongs to; with a directory, each file of it is a bot called like the file."""

    def __init__(self, file: Path | None) -> None:
        ranges = [(network, path.stem) for path in _files(file) for network in _networks(path)]
        if len(ranges) > MOST_RANGES:
            raise UnusableRanges(f"{file} holds {len(ranges)} ranges; at most {MOST_RANGES}. Leave some out.")
        self._starts, self._names = _laid_flat(ranges)
        self.name_of = lru_cache(maxsize=65536)(self._name_of)

    def _name_of(self, address: str) -> str:
        """The bot's name, or "" for everybody else."""
        try:
            place = bisect_right(self._starts, _number(ip_address(address))) - 1
        except ValueError:
            return ""
        return self._names[place] if place >= 0 else ""


def _files(file: Path | None) -> list[Path]:
    if file is None:
        return []
    if not file.is_dir():
        return [file]
    found = sorted(file.glob("*.json"))
    if not found:
        raise UnusableRanges(f"{file} holds no .json file. Put the published ranges there, or unset it.")
    return found


def _networks(path: Path) -> Iterator[Network]:
    """The ranges of one file."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnusableRanges(f"{path} is over {LARGEST_FILE // 2**20} MiB, which no list of ranges is.")
        published = msgspec.json.decode(path.read_bytes(), type=Published)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableRanges(
            f"{path} cannot be read as published ranges ({error}). Fetch it again."
        ) from None
    if len(path.stem) > LONGEST_NAME:
        raise UnusableRanges(f"The name of {path} is the bot's and may have {LONGEST_NAME} characters.")
    for prefix in published.prefixes:
        for written in filter(None, (prefix.ipv4, prefix.ipv6)):
            yield _network(written, path)


def _network(written: str, path: Path) -> Network:
    try:
        network = ip_network(written, strict=False)
    except ValueError as error:
        raise UnusableRanges(f"{path}: {error}. Correct the range, or leave it out.") from None
    if network.prefixlen < WIDEST[network.version]:
        raise UnusableRanges(
            f"{path}: {network} is wider than any crawler's range. Correct it, or leave it out."
        )
    return network


def _laid_flat(ranges: Iterable[tuple[Network, str]]) -> tuple[list[int], list[str]]:
    """Where the owner of addresses changes, and who owns those from there on; a range inside another takes its part.

    Networks lie inside each other or apart, so that a stack holds those that are open.
    """
    starts: list[int] = [0]
    names: list[str] = [""]

    def from_here(start: int, name: str) -> None:
        if starts[-1] == start:
            names[-1] = name
        else:
            starts.append(start)
            names.append(name)

    still_open: list[tuple[int, str]] = []
    bounds = {(_number(network[0]), -_number(network[-1]) - 1, name) for network, name in ranges}
    for start, minus_end, name in sorted(bounds):
        while still_open and still_open[-1][0] <= start:
            end, _ = still_open.pop()
            from_here(end, still_open[-1][1] if still_open else "")
        from_here(start, name)
        still_open.append((-minus_end, name))
    while still_open:
        end, _ = still_open.pop()
        from_here(end, still_open[-1][1] if still_open else "")
    return starts, names


def _number(address: IPv4Address | IPv6Address) -> int:
    """An address's place among all of them; IPv4 lies where IPv6 maps it."""
    return int(address) if isinstance(address, IPv6Address) else IPV4_IN_IPV6 + int(address)
