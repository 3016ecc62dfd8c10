"""Stories: entries that tell the same thing, whichever feed they come from."""

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    import polars as pl

# What senders, networks and share buttons add to a link; it never decides which page is shown.
TRACKING_PARAMETER = re.compile(
    r"""
    utm_\w+ | mtm_\w+ | pk_\w+ | piwik_\w+ | hsa_\w+ | mc_[ce]id | ml_subscriber\w* | mkt_tok | mp_cid
    | _?hs(?:enc|mi|ctatracking) | __hs\w+ | ga_\w+ | _ga | _gl | gclid | gclsrc | gbraid | wbraid | dclid
    | fbclid | msclkid | yclid | ttclid | twclid | li_fat_id | igshid? | epik | rdt_cid | s_cid | vero_id | oly_\w+_id
    | cmpid | ns_\w+ | at_(?:medium|campaign)\w* | ref_src | ref_url | rss | guccounter | guce_referrer\w*
    """,
    re.VERBOSE | re.IGNORECASE,
)
HOST_PREFIX = re.compile(r"^(?:www\d?|m|amp)\.(?=[^.]+\.)")
DEFAULT_PORTS = {80, 443}


def canonical_url(link: str) -> str:
    """An address without scheme, tracking parameters and fragment; empty for a site's front page."""
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return ""
    host = HOST_PREFIX.sub("", (parts.hostname or "").rstrip("."))
    if not host:
        return ""
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    kept = sorted(
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not TRACKING_PARAMETER.fullmatch(pair[0])
    )
    if not path and not kept:
        return ""
    address = host if port is None or port in DEFAULT_PORTS else f"{host}:{port}"
    return f"{address}{path}?{urlencode(kept)}" if kept else f"{address}{path}"


def normalised_title(title: str) -> str:
    """A title's letters and digits, so that quotes, dashes and capitals make no other story."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.findall(r"\w+", folded))


def story_id(link: str, title: str, entry_id: str) -> str:
    """The same for all entries with one address; without an address, with one title."""
    address, words = canonical_url(link), normalised_title(title)
    told_by = f"url:{address}" if address else f"title:{words}" if words else f"entry:{entry_id}"
    return hashlib.sha256(told_by.encode()).hexdigest()[:32]


def assign(entries: "pl.DataFrame") -> "pl.DataFrame":
    """Entries (link, title, entry_id) with the `story_id` of each."""
    import polars as pl

    told = zip(entries["link"], entries["title"], entries["entry_id"], strict=True)
    return entries.with_columns(pl.Series("story_id", [story_id(*each) for each in told], dtype=pl.String))
