"""Campaign tags: the five UTM parameters and the one spelling under which a source or a medium is counted."""

from functools import cache, lru_cache

from marketing_pipelines.events import aliases, referrers, sites

# The output's name of each parameter.
PARAMETERS = {
    "source": "utm_source",
    "medium": "utm_medium",
    "campaign": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}
LONGEST_TAG = 255

# What analytics tools write where there is none.
NO_SOURCE = ("(direct)", "direct", "(not set)")
NO_MEDIUM = ("(none)", "none", "(not set)")
_SEPARATORS = str.maketrans("", "", " -_")


@lru_cache(maxsize=65536)
def source(written: str) -> str:
    """A source in lower case and without its aliases; a host that the referrers know counts under its name."""
    name = _lower(written)
    if name in NO_SOURCE:
        return ""
    squeezed = name.translate(_SEPARATORS)
    if alias := _sources().get(squeezed) or _sources().get(squeezed.removesuffix("ads")):
        return alias
    if "." in name and (known := referrers.known_at(sites.normal_host(name))):
        return source(known.source)
    return name


@lru_cache(maxsize=65536)
def medium(written: str) -> str:
    """A medium in lower case and without its aliases."""
    name = _lower(written)
    if name in NO_MEDIUM:
        return ""
    return _mediums().get(name.translate(_SEPARATORS), name)


def _lower(written: str) -> str:
    return " ".join(written.lower().split())


@cache
def _sources() -> dict[str, str]:
    return _by_spelling(aliases.SOURCES)


@cache
def _mediums() -> dict[str, str]:
    return _by_spelling(aliases.MEDIUMS)


def _by_spelling(names: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Each name by all its spellings, its own first of all."""
    return {
        spelling: name
        for name, spellings in names.items()
        for spelling in (name.translate(_SEPARATORS), *spellings)
    }
