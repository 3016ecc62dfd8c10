"""Records as bytes: a mark, topic, length and checksum before each payload. Pure.

The mark lets a reader find the next whole record behind a damaged one, so that one bad byte costs one record.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from collector.edge_log.entries import Topic

MARK = b"\xe6\x9d"
LARGEST_PAYLOAD = 4 * 2**20
_header = struct.Struct("<2sBII")
_topics = {topic.value: topic for topic in Topic}


@dataclass(frozen=True, slots=True)
class Frame:
    topic: Topic
    payload: memoryview
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that are no whole record: a torn tail when it reaches to the end, damage otherwise."""

    start: int
    end: int


def framed(topic: Topic, payload: bytes) -> bytes:
    checksum = zlib.crc32(payload, topic)
    return _header.pack(MARK, topic, len(payload), checksum) + payload


def read(log: bytes | memoryview, start: int = 0) -> Iterator[Frame | Gap]:
    """The records from an offset to the end; what lies between whole ones comes as a gap."""
    view, at = memoryview(log), start
    while at < len(view):
        found = _frame_at(view, at) or _next_frame(view, at + 1)
        reached = found.start if found else len(view)
        if reached > at:
            yield Gap(at, reached)
        if found is None:
            return
        yield found
        at = found.end


def _frame_at(view: memoryview, at: int) -> Frame | None:
    """The whole and undamaged record that starts here, if one does."""
    begins = at + _header.size
    if begins > len(view):
        return None
    mark, number, length, checksum = _header.unpack_from(view, at)
    topic, ends = _topics.get(number), begins + length
    if mark != MARK or topic is None or length > LARGEST_PAYLOAD or ends > len(view):
        return None
    payload = view[begins:ends]
    return Frame(topic, payload, at, ends) if zlib.crc32(payload, topic) == checksum else None


def _next_frame(view: memoryview, at: int) -> Frame | None:
    """The first whole record behind a damaged place."""
    searched = bytes(view[at:])
    mark = searched.find(MARK)
    while mark >= 0:
        if found := _frame_at(view, at + mark):
            return found
        mark = searched.find(MARK, mark + 1)
    return None
