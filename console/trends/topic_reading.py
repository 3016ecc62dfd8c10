"""Topics of which more is told than usual, as their hours were scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from console.trends.warehouse import read

MADE_BY = Asset.TOPIC_SCORES
MOST_BURSTS = 20


@dataclass(frozen=True, slots=True)
class Burst:
    """The hour of a topic that was furthest out of the ordinary, and since when it has been on that day."""

    topic: str
    since: datetime
    until: datetime
    hours: int
    mentions: int
    expected: float
    z: float

    @property
    def times(self) -> float:
        """How many times as much as usual was told over those hours."""
        return self.mentions / max(self.expected, 0.1)


def bursts(visitor: Visitor, day: date) -> Sequence[Burst]:
    """The topics that were out of the ordinary on a day, the furthest first. Raises WarehouseAway."""
    found = read(visitor, _BURSTS, {"day": day, "most": MOST_BURSTS})
    return [
        Burst(**row | {name: row[name].replace(tzinfo=UTC) for name in ("since", "until")})
        for row in found.iter_rows(named=True)
    ]


_BURSTS = """
select
    topic,
    toDateTime64(min(as_of) - interval 1 hour, 3, 'UTC') as since,
    toDateTime64(max(as_of), 3, 'UTC') as until,
    count() as hours,
    sum(topic_scores.mentions) as mentions,
    sum(topic_scores.expected) as expected,
    max(topic_scores.z) as z
from raw.topic_scores
where tenant_id = {tenant:Int64} and toDate(as_of) = {day:Date} and is_burst
group by topic
order by z desc, topic
limit {most:UInt32}
settings max_execution_time = 5
"""
