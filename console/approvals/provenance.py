"""What an action came from: feeds' items, runs, other records; quoted as text, and led to only inside the house."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from store.settings import Service

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_STORY = re.compile(r"[0-9a-f]{32}")
_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RECORDS = {"asset": "/assets/", "action": "/actions/", "campaign": "/campaigns/", "link": "/links/"}
_RUNS = frozenset({"run", "dagster_run", "agent_run"})
_MADE_BY = {
    "feed_entry": Asset.FEED_ENTRIES,
    "feed_item": Asset.FEED_ENTRIES,
    "story": Asset.TREND_SCORES,
    "trend": Asset.TREND_SCORES,
    "digest": Asset.TREND_DIGEST,
    "recommendation": Asset.CHANNEL_DAILY,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One origin: what it is, what it is called, where it is looked up, and the asset that made it."""

    kind: str
    called: str
    address: str = ""
    made_by: Asset | None = None


def sources(visitor: Visitor, origins: Iterable[Mapping[str, str]]) -> list[Source]:
    return [_source(visitor, origin.get("kind", ""), origin.get("id", "")) for origin in origins]


def _source(visitor: Visitor, kind: str, called: str) -> Source:
    address = ""
    if kind in _RECORDS and _NUMBER.fullmatch(called):
        address = f"{_RECORDS[kind]}{called}"
    elif kind == "story" and _STORY.fullmatch(called):
        address = f"/trends/stories/{called}"
    elif kind in _RUNS and _RUN.fullmatch(called):
        address = f"{visitor.settings.address(Service.DAGSTER)}/runs/{called}"
    return Source(kind.replace("_", " "), called, address, _MADE_BY.get(kind))
