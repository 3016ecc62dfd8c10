"""A tenant's news as readings and assignments have written it down, for tests of what is made of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from marketing_pipelines.trends import scoring
from store import events
from store.records.schema import TenantId

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Newsroom:
    """What a tenant's feeds have told, written down as readings and assignments write it; hours are before noon."""

    client: events.Client
    tenant: TenantId

    def tells(
        self,
        story: str,
        feed: int,
        hours: float,
        entry: str = "",
        *,
        known: float | None = None,
        topic: str = "",
        weight: float = 1,
        title: str = "",
        was: str = "",
        why: str = "same words",
        likeness: float = 0.9,
    ) -> None:
        mentioned = NOON - hours * HOUR
        told = mentioned if known is None else NOON - known * HOUR
        key = {
            "tenant_id": self.tenant,
            "feed_id": feed,
            "entry_id": entry or f"{story}-{feed}-{hours}",
            "published_at": mentioned,
        }
        if not was:
            worded = {"title": title or f"About {story}", "link": f"https://a.example/{story}"}
            self._insert("raw.feed_entries", {**key, **worded, "first_seen_at": told})
        self._insert(
            "raw.story_members",
            {
                **key,
                "story_id": story,
                "from_story_id": was,
                "why": why,
                "likeness": likeness,
                "topic": topic,
                "weight": weight,
                "assigned_at": told,
            },
        )

    def edits(self, entry: str, feed: int, hours: float, title: str) -> None:
        rows = {"tenant_id": self.tenant, "feed_id": feed, "entry_id": entry, "title": title}
        moment = NOON - hours * HOUR
        self._insert("raw.feed_entries", {**rows, "published_at": moment, "first_seen_at": moment})

    def scores(self, moment: datetime = NOON) -> dict[str, dict[str, Any]]:
        found = scoring.score_as_of(self.client, moment).filter(tenant_id=self.tenant)
        return {row["story_id"]: row for row in found.to_dicts()}

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        self.client.insert(table, [list(row.values())], column_names=list(row))
