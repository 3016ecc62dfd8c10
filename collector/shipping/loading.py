"""One step of one topic: the next stretch of a volume, chosen, sent and ticked off."""

import logging
import mmap
from dataclasses import dataclass

from collector.edge_log import EdgeLog, Segment, Topic, Volume, framing
from collector.metrics import Metrics
from collector.shipping import cursor as cursors
from collector.shipping.cursor import Cursor
from collector.shipping.sinks import Record, Sink
from store import events

logger = logging.getLogger(__name__)

# A stretch is one insert and must fit into one block of ClickHouse's, so that its token covers all of it.
STRETCH_BYTES = 8 * 2**20
STRETCH_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Readable:
    """A segment and how much of it may be read."""

    segment: Segment
    until: int
    is_closed: bool


def readable(volume: Volume, log: EdgeLog) -> list[Readable]:
    """The segments of a volume that wait to be loaded: of our own only what is committed."""
    if volume.name != log.volume.name:
        return [Readable(segment, segment.size, True) for segment in volume.waiting()]
    writing, committed = log.committed
    return [
        Readable(segment, segment.size, True)
        if segment.number < writing
        else Readable(segment, committed, False)
        for segment in volume.waiting()
        if segment.number <= writing
    ]


def load_next(
    volume: Volume, sink: Sink, waiting: list[Readable], client: events.Client, metrics: Metrics
) -> bool:
    """Loads the topic's next stretch; False when there is none."""
    cursor = cursors.read(volume, sink.topic)
    place = _next_place(cursor, waiting)
    if place is None:
        return False
    if place.segment.number != cursor.segment:
        cursor = Cursor(place.segment.number)
    records, until = _stretch(volume, sink, place, cursor, metrics)
    if records:
        cursors.keep(volume, sink.topic, Cursor(cursor.segment, cursor.offset, until))
        token = f"{volume.name}/{cursor.segment}/{sink.topic.label}/{cursor.offset}-{until}"
        rows = events.append(client, sink.table, sink.rows(records), token=token)
        metrics.count("shipped_rows", rows, f'topic="{sink.topic.label}"')
    cursors.keep(volume, sink.topic, Cursor(cursor.segment, until))
    return True


def _next_place(cursor: Cursor, waiting: list[Readable]) -> Readable | None:
    for place in waiting:
        offset = cursor.offset if place.segment.number == cursor.segment else 0
        if place.segment.number >= cursor.segment and offset < place.until:
            return place
    return None


def _stretch(
    volume: Volume, sink: Sink, place: Readable, cursor: Cursor, metrics: Metrics
) -> tuple[list[Record], int]:
    """The topic's records from the cursor on, and where the stretch ends: where it ended before a crash, if it did."""
    until = cursor.loading_until or place.until
    records: list[Record] = []
    with place.segment.path.open("rb") as file:
        log = memoryview(mmap.mmap(file.fileno(), until, access=mmap.ACCESS_READ))
        end = cursor.offset
        for found in framing.read(log, cursor.offset):
            if isinstance(found, framing.Gap):
                if sink.topic is Topic.EVENTS:  # every topic meets it; one reports it
                    _report(volume, place, found, metrics)
            elif found.topic is sink.topic:
                where = f"{volume.name}/{cursor.segment:08d}:{found.start}"
                records.append(Record(found.payload, where))
            end = found.end
            if cursor.loading_until is None and (
                end - cursor.offset >= STRETCH_BYTES or len(records) >= STRETCH_ROWS
            ):
                break
    return records, end


def _report(volume: Volume, place: Readable, gap: framing.Gap, metrics: Metrics) -> None:
    """A torn tail was never answered for; damage in the middle is a disk's fault and somebody must know."""
    if gap.end == place.until and place.is_closed:
        logger.info("%s/%s: torn tail cut at byte %d", volume.name, place.segment.path.name, gap.start)
        return
    metrics.count("damaged_bytes", gap.end - gap.start)
    logger.error(
        "%s/%s: bytes %d to %d are damaged", volume.name, place.segment.path.name, gap.start, gap.end
    )
