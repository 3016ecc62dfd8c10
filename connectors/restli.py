"""Rest.li, the protocol of LinkedIn's API: a query's structure stands raw in it, and what it holds is encoded once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NewType
from urllib.parse import quote

from connectors.errors import UnexpectedAnswer

VERSION = "2.0.0"
# LinkedIn refuses more than 4 KB of query, and more than 8 KB of address.
LONGEST_QUERY = 4000

Encoded = NewType("Encoded", str)
"""A value as it stands in a query, which nobody may encode again."""


def text(value: str | int) -> Encoded:
    return Encoded(quote(str(value), safe=""))


def names(chosen: Iterable[str]) -> Encoded:
    return Encoded(",".join(map(text, chosen)))


def listed(values: Iterable[str]) -> Encoded:
    return Encoded(f"List({names(values)})")


def record(**fields: Encoded) -> Encoded:
    return Encoded(f"({','.join(f'{name}:{value}' for name, value in fields.items())})")


def days(since: date, until: date) -> Encoded:
    """Both included."""
    return record(start=_day(since), end=_day(until))


def query(parameters: Mapping[str, Encoded]) -> str:
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def urn(kind: str, number: str) -> str:
    return f"urn:li:{kind}:{number}"


def number_of(named: str, kind: str, *, where: str) -> str:
    """What a URN of one kind numbers."""
    number = named.removeprefix(urn(kind, ""))
    if number == named or not re.fullmatch(r"[0-9]{1,30}", number):
        raise UnexpectedAnswer(what=f"{named[:100]!r} is no URN of a {kind}", where=where)
    return number


@dataclass(frozen=True, slots=True)
class Request:
    """A question as it travels."""

    method: str
    address: str
    form: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def asking(address: str, query: str) -> Request:
    """A query goes in the address, or as a form where the address would be too long for it."""
    if len(query) <= LONGEST_QUERY:
        return Request("GET", f"{address}?{query}" if query else address)
    headers = {"x-http-method-override": "GET", "content-type": "application/x-www-form-urlencoded"}
    return Request("POST", address, query, headers)


def _day(day: date) -> Encoded:
    return record(year=text(day.year), month=text(day.month), day=text(day.day))
