"""Where an address is: its country out of the registries' data, city and network out of an operator's own files."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import iptocc
import maxminddb

LONGEST_NAME = 128
# What a file says it is; makers put their own names in front.
CITY_TYPES = ("City", "Enterprise", "Insights")
NETWORK_TYPES = ("ASN", "ISP")


class UnusableFile(ValueError):
    """A file that an operator named cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """`country` is an ISO 3166 code; empty and 0 stand for what is not known."""

    country: str = ""
    city: str = ""
    asn: int = 0
    network_name: str = ""


def country(address: str) -> str:
    """The ISO code of the country whose registry gave the address out; "" for private and for none."""
    return iptocc.country_code(_plain(address)) or ""


class Places:
    """Looks addresses up, in files of MaxMind's layout where the operator has them, else by registry alone."""

    def __init__(self, city_file: Path | None, network_file: Path | None) -> None:
        self._cities = _opened(city_file, CITY_TYPES) if city_file else None
        self._networks = _opened(network_file, NETWORK_TYPES) if network_file else None
        self.of = lru_cache(maxsize=65536)(self._of)

    def _of(self, address: str) -> Place:
        plain = _plain(address)
        if not plain:
            return Place()
        found, network = _record(self._cities, plain), _record(self._networks, plain)
        return Place(
            country=_text(found, "country", "iso_code") or country(plain),
            city=_text(found, "city", "names", "en"),
            asn=_number(network, "autonomous_system_number"),
            network_name=_text(network, "autonomous_system_organization"),
        )


def _plain(address: str) -> str:
    """An address in its shortest spelling, an IPv4 one out of its IPv6 coat; "" where it is none."""
    try:
        whole = ip_address(address)
    except ValueError:
        return ""
    if isinstance(whole, IPv6Address):
        # A zone names an interface of one machine and means nothing here.
        return str(whole.ipv4_mapped or IPv6Address(int(whole)))
    return str(whole)


def _opened(file: Path, types: tuple[str, ...]) -> maxminddb.Reader:
    wanted = f"a database of the type {types[0]} in MaxMind's .mmdb format"
    try:
        reader = maxminddb.open_database(file)
        kind = reader.metadata().database_type
        reader.get("2001:db8::1" if reader.metadata().ip_version == 6 else "192.0.2.1")
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise UnusableFile(
            f"{file} cannot be read as {wanted} ({error}). Fetch it again, or unset it."
        ) from None
    if not any(each in kind for each in types):
        raise UnusableFile(f"{file} is of the type {kind or 'unknown'}. Name {wanted}, or unset it.")
    return reader


def _record(reader: maxminddb.Reader | None, address: str) -> Any:
    """What a file says of an address; a spot of it that turns out to be broken says nothing."""
    try:
        return reader.get(address) if reader else None
    except (ValueError, maxminddb.InvalidDatabaseError):
        return None


def _value(record: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _text(record: Any, *path: str) -> str:
    value = _value(record, path)
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _number(record: Any, *path: str) -> int:
    value = _value(record, path)
    return value if isinstance(value, int) else 0
