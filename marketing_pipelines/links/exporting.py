"""Links as a CSV that spreadsheets open and `importing` reads. A draft has no password, so none leaves."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from marketing_pipelines.links.columns import OURS, escaped
from marketing_pipelines.links.drafts import LinkDraft

# Without it Excel takes the letters of other languages for something else.
BYTE_ORDER_MARK = "\ufeff"


def write_links(drafts: Iterable[LinkDraft], address: str) -> Iterator[str]:
    """A CSV line by line; `address` is what stands before a slug, like `https://go.example/`."""
    lines = csv.writer(_Lines(), quoting=csv.QUOTE_ALL)
    yield BYTE_ORDER_MARK + lines.writerow(OURS)
    for draft in drafts:
        cells = _cells(draft, address)
        yield lines.writerow([escaped(cells[column]) for column in OURS])


class _Lines:
    """What a CSV writer writes to; it hands back what it is given."""

    def write(self, line: str) -> str:
        return line


def _cells(draft: LinkDraft, address: str) -> dict[str, str]:
    return {
        "short_address": f"{address}{draft.slug}" if draft.slug else "",
        "slug": draft.slug or "",
        "target_url": draft.target_url,
        "title": draft.title,
        "channel": draft.channel,
        "campaign": draft.campaign,
        "tags": ", ".join(draft.tags),
        "starts_at": _moment(draft.starts_at),
        "expires_at": _moment(draft.expires_at),
        "max_clicks": _number(draft.max_clicks),
        "fallback_url": draft.fallback_url or "",
        "is_archived": "true" if draft.is_archived else "false",
        "created_at": _moment(draft.created_at),
        "clicks": _number(draft.clicks),
        "targets": msgspec.json.encode(draft.targets, order="deterministic").decode()
        if draft.targets
        else "",
        "passed_parameters": ", ".join(draft.passed_parameters),
    }


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _number(number: int | None) -> str:
    return "" if number is None else str(number)
