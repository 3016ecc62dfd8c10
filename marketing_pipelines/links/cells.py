"""What the cells of a list say: a line, tags, a moment, a number. All else is refused with a reason."""

import re
from datetime import UTC, datetime

from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.slugs import usable_slug

MOST_TAGS = 30
LONGEST_TAG = 50
MOST_PARAMETERS = 20
MOST_DIGITS = 15
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PARAMETER = re.compile(r"[a-z0-9_.\-]{1,40}")
_BETWEEN_TAGS = re.compile(r"[,|]")


def slug_of(short_address: str) -> str | None:
    """The slug at the end of `https://bit.ly/3xYz12` or `bit.ly/3xYz12`; a domain by itself has none."""
    _, mark, after = short_address.partition("://")
    slug = (after if mark else short_address).partition("/")[2].rstrip("/")
    return usable_slug(slug) if slug else None


def one_line(cell: str, longest: int) -> str:
    line = " ".join(cell.split())
    if UNPRINTABLE.search(line):
        raise NotUsable("It has control characters in it; take them out.")
    if len(line) > longest:
        raise NotUsable(f"It is longer than {longest} characters; shorten it.")
    return line


def tags(cell: str) -> tuple[str, ...]:
    """Tags with commas between them, or bars."""
    pieces = _BETWEEN_TAGS.split(cell)
    found = dict.fromkeys(tag for piece in pieces if (tag := one_line(piece, LONGEST_TAG)))
    if len(found) > MOST_TAGS:
        raise NotUsable(f"A link has {MOST_TAGS} tags at most, not {len(found)}.")
    return tuple(found)


def parameters(cell: str) -> tuple[str, ...]:
    """The names of a query's parameters, in lower case, with commas between them or blanks."""
    found = tuple(dict.fromkeys(cell.lower().replace(",", " ").split()))
    for name in found:
        if not _PARAMETER.fullmatch(name):
            raise NotUsable(f"{name[:40]!r} is no name of a parameter; write it like gclid.")
    if len(found) > MOST_PARAMETERS:
        raise NotUsable(f"A link passes {MOST_PARAMETERS} parameters on at most, not {len(found)}.")
    return found


def moment(cell: str) -> datetime:
    """A moment in ISO 8601; one without an offset is meant in UTC."""
    try:
        read = datetime.fromisoformat(cell)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotUsable(
            "It is no date that only one can be meant by; write it like 2026-11-30 or 2026-11-30T18:00Z."
        ) from None


def number(cell: str) -> int:
    digits = cell.replace(",", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > MOST_DIGITS:
        raise NotUsable("It is no whole number; write it in digits.")
    return int(digits)


def boolean(cell: str) -> bool:
    value = BOOLEANS.get(cell.lower())
    if value is None:
        raise NotUsable("It is neither true nor false; write one of the two.")
    return value
