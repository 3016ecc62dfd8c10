"""The columns of a list of links: our names, those of Bitly and Dub, and cells that are no formulas."""

import re
from collections.abc import Sequence

# Ours, in the order of our CSV.
OURS = (
    "short_address",
    "slug",
    "target_url",
    "title",
    "channel",
    "campaign",
    "tags",
    "starts_at",
    "expires_at",
    "max_clicks",
    "fallback_url",
    "is_archived",
    "created_at",
    "clicks",
    "targets",
    "passed_parameters",
)
# Other spellings. Bitly's export says Link, Custom Link and Destination URL, its API long_url and created_at,
# its bulk template Long URL and Backhalf. Dub's export has labels or the names of its API: key, url,
# expiresAt, expiredUrl. Where a list has several of them, the first that has something to say counts.
OTHERS = {
    "short_address": ("Custom Link", "Short link", "Short URL", "Bitlink", "Link"),
    "slug": ("Key", "Backhalf", "Custom Backhalf"),
    "target_url": ("Destination URL", "Long URL", "URL", "Destination"),
    "tags": ("Tag",),
    "expires_at": ("Expiration date",),
    "max_clicks": ("Click limit",),
    "fallback_url": ("Expired URL", "Expiration URL"),
    "is_archived": ("Archived",),
    "created_at": ("Created", "Date Created", "Created Date", "Creation Date"),
    "clicks": ("Total Clicks", "Engagements", "Total Engagements"),
}
# What Dub and Bitly keep beside the target; `importing` makes targets and tags of it.
GEO = "geo"
SYSTEMS = {"ios": "iOS", "android": "Android"}
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
PASSWORD = "password"  # noqa: S105 (a column's name)
MOST_COLUMNS = 200

# Spreadsheets run cells that begin like this, in Japan with wide signs too. Quotes before it count, so that
# what `escaped` puts there can be told from what was there.
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")


def places(header: Sequence[str]) -> dict[str, list[int]]:
    """Where a list has each of the columns we know, the place that counts first coming first."""
    at: dict[str, int] = {}
    for place, written in enumerate(header):
        at.setdefault(_squeezed(written), place)
    return {
        name: found
        for name, spellings in _SPELLINGS.items()
        if (found := [at[spelling] for spelling in spellings if spelling in at])
    }


def escaped(text: str) -> str:
    """A cell that a spreadsheet takes for text."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _squeezed(written: str) -> str:
    """`Long URL`, `long_url` and `longUrl` are one."""
    return "".join(character for character in written.lower() if character.isalnum())


_SPELLINGS = {
    name: tuple(dict.fromkeys(map(_squeezed, (name, *OTHERS.get(name, ())))))
    for name in (*OURS, GEO, *SYSTEMS, *UTM, PASSWORD)
}
