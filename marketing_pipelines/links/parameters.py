"""What is added to a target's query, always before its fragment and never in place of what stands there."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote_plus, unquote_plus, unquote_to_bytes

# Of a request's own query: as much as is looked at, and as much as goes on.
LONGEST_QUERY = 8192
MOST_READ = 100
MOST_MERGED = 10
LONGEST_MERGED = 512


def tagged(url: str, tags: Mapping[str, str]) -> str:
    """The address with the tags it lacks; a tag without a value is none."""
    written = _written(tuple(tags.items()))
    present = names(url) if "?" in url else ()
    return with_parameters(url, [parameter for name, parameter in written if name not in present])


@lru_cache(maxsize=4096)
def _written(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The tags that have a value, by their name in lower case; many links share a campaign's."""
    return tuple(
        (name.lower(), f"{quote_plus(name)}={quote_plus(value, errors='replace')}")
        for name, value in tags
        if value
    )


def merged(url: str, query: str, allowed: frozenset[str]) -> str:
    """The address with those parameters of a request's query that are allowed and that it lacks.

    `allowed` is in lower case. A value keeps its bytes, whatever they stand for. One that is too long is left
    out rather than cut: half a click id is nobody's.
    """
    if not query or not allowed:
        return url
    taken = set(names(url))
    kept: list[str] = []
    for piece in query[:LONGEST_QUERY].split("&", MOST_READ)[:MOST_READ]:
        written_name, _, written_value = piece.partition("=")
        name = unquote_plus(written_name)
        if (key := name.lower()) not in allowed or key in taken:
            continue
        value = unquote_to_bytes(written_value.replace("+", " ").encode("utf-8", "replace"))
        parameter = f"{quote_plus(name)}={quote_plus(value)}"
        if len(parameter) > LONGEST_MERGED:
            continue
        taken.add(key)
        kept.append(parameter)
        if len(kept) == MOST_MERGED:
            break
    return with_parameters(url, kept)


def with_parameters(url: str, parameters: Iterable[str]) -> str:
    """The address with these at the end of its query, each encoded already."""
    added = "&".join(parameters)
    if not added:
        return url
    before, mark, fragment = url.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{added}{mark}{fragment}"


@lru_cache(maxsize=16384)
def names(url: str) -> frozenset[str]:
    """The parameters an address has, in lower case, since pages do not agree on whether case counts."""
    query = url.partition("#")[0].partition("?")[2]
    return frozenset(unquote_plus(piece.partition("=")[0]).lower() for piece in query.split("&"))
