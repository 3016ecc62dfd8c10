"""Recomputing: the events of a day are read again, and what today's rules say of them stands beside what was shipped.

Raw events stay as they are; staging takes whichever of both has the higher version. What was derived from the whole
address (country, city, network, verified crawlers, bursts) is kept as it was, since the address is gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
import pyarrow as pa

from marketing_pipelines.events.normalising import TEXTS, normalised
from marketing_pipelines.events.rules import RULES, Rules
from store import events

TABLE = "raw.renormalised_events"
# So many at a time: what a day takes in memory is the same for ten thousand events and ten million.
BLOCK = 50_000

KEYS = ("tenant_id", "event_id", "received_at", "occurred_at", "segment", "position")
SHIPPED = f"""
select {", ".join(KEYS)}, {", ".join(TEXTS)}, signals, rules_version as shipped_version, is_bot, channel
from raw.events
where toDate(received_at) = {{day:Date}}
"""  # noqa: S608 (names of columns are ours)

CHANGED = f"""
insert into intermediate.builds (model, day, built_at)
select distinct 'renormalised_events', toDate(occurred_at), now64(6, 'UTC')
from {TABLE}
where toDate(received_at) = {{day:Date}}
"""  # noqa: S608 (the name of the table is ours)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A day that was computed again, and how many of its events mean something else than when they were shipped."""

    day: date
    events: int = 0
    became_bots: int = 0
    became_people: int = 0
    changed_channel: int = 0


def recompute_day(
    client: events.Client, day: date, *, at: datetime, run_id: str, rules: Rules = RULES
) -> Recomputed:
    """Makes the day of `raw.renormalised_events` what the rules say now of all that came in on it."""
    told = Recomputed(day)
    _say_what_changes(client, day)
    with events.replaced_partition(client, TABLE, day) as append:
        for shipped in _blocks(client, day):
            verdicts = normalised(shipped, rules)
            append(
                shipped.select(*KEYS, "shipped_version")
                .hstack(verdicts)
                .with_columns(
                    pl.lit(at, pl.Datetime("ms", "UTC")).alias("recomputed_at"), run_id=pl.lit(run_id)
                )
                .to_arrow()
            )
            told = _counted(told, shipped, verdicts)
    _say_what_changes(client, day)
    return told


def _say_what_changes(client: events.Client, day: date) -> None:
    """Has the warehouse build the days again on which what came in on this one happened.

    Before and after: what is there no more has to go as well, and a run may be killed in between.
    """
    client.command(CHANGED, parameters={"day": day})


def _blocks(client: events.Client, day: date) -> Iterator[pl.DataFrame]:
    """The day's events as they stream in, a bounded number at a time."""
    waiting: list[pa.RecordBatch] = []
    with client.query_arrow_stream(SHIPPED, parameters={"day": day}, use_strings=True) as stream:
        for batch in stream:
            waiting.append(batch)
            if sum(map(len, waiting)) >= BLOCK:
                yield _frame(waiting)
                waiting.clear()
    if waiting:
        yield _frame(waiting)


def _frame(batches: list[pa.RecordBatch]) -> pl.DataFrame:
    frame = pl.from_arrow(batches)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(pl.col("channel").cast(pl.String))


def _counted(told: Recomputed, shipped: pl.DataFrame, verdicts: pl.DataFrame) -> Recomputed:
    was, is_now = shipped["is_bot"].cast(pl.Boolean), verdicts["is_bot"]
    came, comes = shipped["channel"], verdicts["channel"].cast(pl.String)
    return Recomputed(
        told.day,
        events=told.events + shipped.height,
        became_bots=told.became_bots + _number(~was & is_now),
        became_people=told.became_people + _number(was & ~is_now),
        changed_channel=told.changed_channel + _number(came != comes),
    )


def _number(which: pl.Series) -> int:
    return which.filter(which).len()
