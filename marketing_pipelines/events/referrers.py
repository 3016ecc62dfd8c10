"""Referrers: which search engine, network, assistant or mailbox sent somebody, and what was searched for there.

`referrers.csv` is drawn from the search engine, social network and AI assistant definitions that Matomo's people
gather and give away under CC0: thank you. `{}` in a host stands for any public suffix, several search parameters are
parted by `|`. `webmail_and_apps.csv` adds, in the same columns, the mailboxes and phone apps which that list leaves out.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from marketing_pipelines.events import sites

LISTS = ("referrers.csv", "webmail_and_apps.csv")
REFERRAL = "referral"
LONGEST_SEARCH_TERM = 200
LONGEST_ADDRESS = 4096

# Where a host is listed more than once, the assistant or the network that also searches is what it is first of all.
PRECEDENCE = ("ai_assistant", "social", "email", "search")
ANY_SUFFIX = "{}"
MOST_LABELS = 8
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Referrer:
    """What a referrer says; `source` is empty where the host is in no list, all is empty without a host."""

    host: str
    source: str
    medium: str
    search_term: str


@dataclass(frozen=True, slots=True)
class Known:
    """A line of the lists: everything below `path` on its host."""

    path: str
    medium: str
    source: str
    search_parameters: tuple[str, ...]


NOBODY = Referrer("", "", "", "")


def referrer(address: str) -> Referrer:
    """Who sent somebody; addresses that are asked for again are answered out of memory."""
    return _referrer(address[:LONGEST_ADDRESS])


def known_at(host: str, path: str = "/") -> Known | None:
    return next((known for known in _about(host) if path.startswith(known.path)), None)


def medium_of_source(source: str) -> str:
    """The medium of a source that is called as in the lists, whatever its capitals; "" for any other."""
    return _mediums().get(source.lower(), "")


@lru_cache(maxsize=16384)
def _referrer(address: str) -> Referrer:
    host, path, query = sites.split(address)
    if not host:
        return NOBODY
    known = known_at(host, path)
    host = host.removeprefix("www.")
    if known is None:
        return Referrer(host, "", REFERRAL, "")
    return Referrer(host, known.source, known.medium, _search_term(query, known.search_parameters))


@lru_cache(maxsize=65536)
def _about(host: str) -> tuple[Known, ...]:
    """The lines that speak of a host: its own first, then those of the hosts above it that speak for all below."""
    labels = host.removeprefix("www.").split(".")[-MOST_LABELS:]
    return tuple(
        known
        for depth in range(len(labels) - 1)
        for spelling in _spellings(labels[depth:])
        for known in _known_hosts().get(spelling, ())
        if depth == 0 or _speaks_for_those_below(spelling, known)
    )


def _spellings(labels: list[str]) -> Iterator[str]:
    """A host as the lists may spell it: as it is, with any suffix, with any country in front or in the middle."""
    host = ".".join(labels)
    yield host
    suffixes = sites.registry_suffixes()
    suffix = suffixes.publicsuffix(host, accept_unknown=False)
    if suffix and suffix != host:
        yield f"{host.removesuffix(suffix)}{ANY_SUFFIX}"
    for place, label in enumerate(labels[:-2]):
        if suffixes.is_public(label):
            yield ".".join([*labels[:place], ANY_SUFFIX, *labels[place + 1 :]])


def _speaks_for_those_below(host: str, known: Known) -> bool:
    """All of a network is that network, but mail.google.com is no search, though r.search.yahoo.com is one."""
    return known.medium != "search" or host.count(".") > 1


def _search_term(query: str, names: tuple[str, ...]) -> str:
    """The first of the parameters that has a value; "" where that is in no encoding we can read."""
    said: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        said.setdefault(name, value)
    first = next((said[name] for name in names if said.get(name)), "")
    try:
        term = unquote_to_bytes(first.replace("+", " ")).decode()
    except UnicodeDecodeError:
        return ""
    return _BLANKS.sub(" ", term).strip()[:LONGEST_SEARCH_TERM].rstrip()


@cache
def _lines() -> tuple[tuple[str, Known], ...]:
    """Each line of the lists with its host, those that come first by precedence first."""
    lines = []
    for name in LISTS:
        with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                address = row["host"].removeprefix("android-app//")
                host, slash, path = address.removeprefix("www.").partition("/")
                parameters = tuple(filter(None, row["search_parameters"].strip().split("|")))
                known = Known(f"{slash}{path}", row["medium"], unquote(row["source"]), parameters)
                lines.append((host, known))
    return tuple(sorted(lines, key=lambda line: PRECEDENCE.index(line[1].medium)))


@cache
def _known_hosts() -> dict[str, list[Known]]:
    """The lines of each host, the longest paths first; of two for one path the first, with what either searches by."""
    hosts: dict[str, dict[str, Known]] = {}
    for host, known in _lines():
        first = hosts.setdefault(host, {}).setdefault(known.path, known)
        if not first.search_parameters:
            hosts[host][known.path] = replace(first, search_parameters=known.search_parameters)
    return {host: sorted(paths.values(), key=lambda known: -len(known.path)) for host, paths in hosts.items()}


@cache
def _mediums() -> dict[str, str]:
    return {known.source.lower(): known.medium for _, known in reversed(_lines())}
