"""The next piece of a segment that one insert loads. Pure but for reading the file."""

import mmap
from dataclasses import dataclass

from collector.edge_log import lines
from collector.edge_log.lines import Gap, Whole
from collector.edge_log.volumes import Segment
from collector.shipping.cursor import Cursor

# A stretch is one insert and must fit into one block of ClickHouse's, so that its token covers all of it.
STRETCH_BYTES = 24 * 2**20


@dataclass(frozen=True, slots=True)
class Piece:
    """Undamaged lines and where in the segment they begin."""

    start: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Stretch:
    segment: Segment
    start: int
    end: int
    pieces: list[Piece]
    gaps: list[Gap]

    @property
    def range(self) -> str:
        return f"{self.segment.number:08d}/{self.start}-{self.end}"


def next_stretch(waiting: list[Segment], cursor: Cursor) -> Stretch | None:
    """What comes after the cursor; after a crash, exactly what was being loaded before it."""
    for segment in waiting:
        start = cursor.offset if segment.number == cursor.segment else 0
        if segment.number >= cursor.segment and start < segment.readable:
            until = cursor.loading_until if segment.number == cursor.segment else None
            return _cut(segment, start, until)
    return None


def _cut(segment: Segment, start: int, until: int | None) -> Stretch:
    wholes: list[Whole] = []
    gaps: list[Gap] = []
    end = start
    with segment.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole_file:
        log = memoryview(whole_file)[: until or segment.readable]
        try:
            for found in lines.read(log, start):
                if isinstance(found, Gap):
                    gaps.append(found)
                elif wholes and wholes[-1].end == found.start:
                    wholes[-1] = Whole(wholes[-1].start, found.end)
                else:
                    wholes.append(found)
                end = found.end
                if until is None and end - start >= STRETCH_BYTES:
                    break
            pieces = [Piece(whole.start, bytes(log[whole.start : whole.end])) for whole in wholes]
        finally:
            log.release()
    return Stretch(segment, start, end, pieces, gaps)
