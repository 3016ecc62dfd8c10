"""Tags in their one spelling, so that Summer, summer and ' summer ' find the same assets."""

import unicodedata
from collections.abc import Iterable

from marketing_pipelines.creatives.refusals import NotACreative

MOST_TAGS = 20
LONGEST_TAG = 40
LONGEST_LINE = 2000


def normalised(tags: Iterable[str]) -> tuple[str, ...]:
    """In lower case, blanks single, each once, in the order in which they were said."""
    found = dict[str, None]()
    for tag in tags:
        written = " ".join(unicodedata.normalize("NFKC", tag).casefold().split())
        if not written:
            continue
        if not written.isprintable() or "," in written:
            raise NotACreative("has a comma or control characters in a tag; take them out")
        if len(written) > LONGEST_TAG:
            raise NotACreative(f"has a tag longer than {LONGEST_TAG} characters; shorten it")
        found[written] = None
        if len(found) > MOST_TAGS:
            raise NotACreative(f"has more than {MOST_TAGS} tags; keep those that somebody looks for")
    return tuple(found)


def of_line(line: str) -> tuple[str, ...]:
    """Tags with commas between them."""
    if len(line) > LONGEST_LINE:
        raise NotACreative(
            f"has more than {LONGEST_LINE:,} characters of tags; keep those that somebody looks for"
        )
    return normalised(line.split(","))
