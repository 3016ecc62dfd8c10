"""Digests as the asset writes them, for tests of what shows them."""

from datetime import datetime
from typing import Any

import polars as pl

from marketing_pipelines.trends.digest import NO_DIGEST
from store import events
from store.records.schema import TenantId


def digested(
    client: events.Client,
    tenant: TenantId,
    at: datetime,
    *stories: tuple[str, str, int, int],
    topic: str = "",
    **said: Any,
) -> None:
    """Each story by title, link, and mentions in the last day and in the two before, in the order of the digest."""
    rows = [
        {
            "tenant_id": tenant,
            "day": at.date(),
            "topic": topic,
            "place": place,
            "as_of": at,
            "story_id": f"story of {title}",
            "title": title,
            "link": link,
            "sources": [{"feed_id": 1, "name": title, "title": title, "link": link, "published_at": at}],
            "course": [0] * 70 + [before, recent],
            "recent": recent,
            "before": before,
            "reach": recent,
            "velocity": recent / max(before, 1),
            "label": "Trending",
            "is_new": before == 0,
            "rate_ratio": 2 * recent / before if before else None,
            "rate_low": 1.2,
            "rate_high": 9.9 if before else None,
            "p_value": 0.01,
            "certainty": "not yet sure",
            "because": f"{recent} feeds have told it.",
            "resembles_story_id": "",
            "resembles_title": "",
            "resembles_on": None,
            "resembles_likeness": 0,
            **said,
        }
        for place, (title, link, recent, before) in enumerate(stories, start=1)
    ]
    client.insert_arrow("raw.trend_digests", pl.DataFrame(rows, schema=NO_DIGEST.schema).to_arrow())
