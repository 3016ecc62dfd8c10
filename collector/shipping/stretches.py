"""The next piece of a segment that one insert loads. Pure but for reading the file."""

import mmap
from dataclasses import dataclass

from collector.edge_log import Topic, lines
from collector.edge_log.lines import Gap, Whole
from collector.edge_log.volumes import Segment
from collector.shipping.cursor import Cursor


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


def next_stretch(waiting: list[Segment], cursor: Cursor, only: tuple[Topic, ...] = ()) -> Stretch | None:
    """What comes after the cursor in its segment; after a crash, exactly what was being loaded before it.

    Whoever wants some topics alone is spared segments without them: those come as stretches without a piece.
    """
    for segment in waiting:
        start = cursor.offset if segment.number == cursor.segment else 0
        if segment.number >= cursor.segment and start < segment.readable:
            until = cursor.loading_until if segment.number == cursor.segment else None
            return _cut(segment, start, until or segment.readable, only)
    return None


def _cut(segment: Segment, start: int, end: int, only: tuple[Topic, ...]) -> Stretch:
    wholes: list[Whole] = []
    gaps: list[Gap] = []
    with segment.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole_file:
        if only and all(whole_file.find(b'{"log":"%b' % topic, start, end) < 0 for topic in only):
            return Stretch(segment, start, end, [], [])
        log = memoryview(whole_file)[:end]
        try:
            for found in lines.read(log, start):
                if isinstance(found, Gap):
                    gaps.append(found)
                elif wholes and wholes[-1].end == found.start:
                    wholes[-1] = Whole(wholes[-1].start, found.end)
                else:
                    wholes.append(found)
            pieces = [Piece(whole.start, bytes(log[whole.start : whole.end])) for whole in wholes]
        finally:
            log.release()
    return Stretch(segment, start, end, pieces, gaps)
