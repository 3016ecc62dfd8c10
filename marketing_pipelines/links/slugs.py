"""Slugs: the last piece of a short address, made by chance or chosen by a person."""

import re
import secrets

from marketing_pipelines.links.refusals import NotUsable

# What is printed is typed again, read out and lower-cased on its way. So there is one case, there are no
# characters that look alike (0 o, 1 l i), and there is nothing that words are made of: neither vowels, y
# among them, nor the digits that stand in for them (3 for e, 4 for a). Seven of these 25 make six thousand
# million slugs.
ALPHABET = "bcdfghjkmnpqrstvwxz256789"
LENGTH = 7
# Fewer could be tried one after the other.
SHORTEST_NEW_SLUG = 5
LONGEST_SLUG = 64

# What no address encodes. Letters of other scripts would leave a browser's address bar as %D0%B0, and some of
# them look like ours: a link that cannot be told from another one is a trap.
_SLUG = re.compile(r"[A-Za-z0-9._~-]+")
# What the edge and every host answer themselves, where a domain has nothing but links on it.
RESERVED = frozenset(
    {
        "ads.txt",
        "app-ads.txt",
        "apple-app-site-association",
        "attribution",
        "collect",
        "edge.css",
        "events",
        "favicon.ico",
        "healthz",
        "hooks",
        "humans.txt",
        "metrics",
        "pixel.gif",
        "r",
        "readyz",
        "robots.txt",
        "security.txt",
        "sitemap.xml",
        "t.js",
        "u",
        "webhooks",
    }
)


def new_slug(length: int = LENGTH) -> str:
    """A slug by chance; whether another link has it already is known where links are kept."""
    if not SHORTEST_NEW_SLUG <= length <= LONGEST_SLUG:
        raise NotUsable(f"A new slug has {SHORTEST_NEW_SLUG} to {LONGEST_SLUG} characters, not {length}.")
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def usable_slug(text: str) -> str:
    """The slug that somebody chose, without the blanks around it and in the case they wrote it."""
    slug = text.strip()
    if not slug:
        raise NotUsable("The slug is empty; write one, or leave it out to get one by chance.")
    if len(slug) > LONGEST_SLUG:
        raise NotUsable(f"The slug is longer than {LONGEST_SLUG} characters; choose a shorter one.")
    if not _SLUG.fullmatch(slug):
        raise NotUsable("The slug has characters beside A-Z, a-z, 0-9 and - _ . ~; leave them out.")
    if slug.startswith(".") or slug.endswith("."):
        raise NotUsable("The slug begins or ends with a dot, which gets lost in a sentence; leave it out.")
    if slug.lower() in RESERVED:
        raise NotUsable(f"The slug {slug} is an address that every host answers itself; choose another one.")
    return slug
