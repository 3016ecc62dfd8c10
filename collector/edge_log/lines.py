"""The log as bytes. Pure.

A segment is a file of JSON lines, so that jq, polars and eyes can read it. What was made durable together is a batch:

    {"log":"#<crc of the batch>","bytes":<its length>}
    {"log":"e<crc of the rest of the line>","tenant_id":1,"event":"page_view",…}
    {"log":"c…",…}

The batch's checksum lets a reader trust thousands of lines at once. Where it does not hold, the lines' own checksums
tell which of them are whole, so that one bad byte costs one record.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import msgspec

from collector.edge_log.entries import Entry, Topic

_HEAD = re.compile(rb'\{"log":"#([0-9a-f]{8})","bytes":(\d{1,10})\}\n')
_LINE = re.compile(rb'\{"log":"(?:[a-z]([0-9a-f]{8})",([^\n]*)|#[0-9a-f]{8}","bytes":\d{1,10}\})\n')
_encode_into = msgspec.json.Encoder().encode_into
_HEAD_BYTES = len(b'{"log":"e00000000"')
_COMMA = ord(",")


@dataclass(frozen=True, slots=True)
class Whole:
    """Lines that are as they were written."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that are no whole record: a torn tail when they reach to the end, damage otherwise."""

    start: int
    end: int


def line(topic: Topic, entry: Entry) -> bytes:
    """A record."""
    text = bytearray()
    add_line(text, topic, entry)
    return bytes(text)


def add_line(text: bytearray, topic: Topic, entry: Entry) -> None:
    """Writes a record behind others, where it stays: those of a request are copied once."""
    start = len(text)
    text += b'{"log":"%b00000000"' % topic
    _encode_into(entry, text, start + _HEAD_BYTES)
    text[start + _HEAD_BYTES] = _COMMA
    checksum = crc32(text[start + _HEAD_BYTES + 1 :])
    text[start + _HEAD_BYTES - 9 : start + _HEAD_BYTES - 1] = b"%08x" % checksum
    text += b"\n"


def batch(lines: Sequence[bytes]) -> bytes:
    """Lines that become durable together."""
    text = b"".join(lines)
    return b'{"log":"#%08x","bytes":%d}\n%b' % (crc32(text), len(text), text)


def read(log: memoryview, start: int = 0) -> Iterator[Whole | Gap]:
    """What can be trusted from an offset on, and what cannot; the two follow each other without a hole."""
    at = start
    while at < len(log):
        if (end := _end_of_batch(log, at)) is not None:
            yield Whole(at, end)
            at = end
        else:
            until = _next_batch(log, at)
            yield from _salvaged(log, at, until)
            at = until


def _end_of_batch(log: memoryview, at: int) -> int | None:
    """Where the batch that starts here ends, if it is all there."""
    head = _HEAD.match(log, at)
    if head is None:
        return None
    end = head.end() + int(head[2])
    is_whole = end <= len(log) and crc32(log[head.end() : end]) == int(head[1], 16)
    return end if is_whole else None


def _next_batch(log: memoryview, at: int) -> int:
    """The first whole batch behind a damaged place, or the end."""
    for head in _HEAD.finditer(log, at + 1):
        if log[head.start() - 1] == ord("\n") and _end_of_batch(log, head.start()) is not None:
            return head.start()
    return len(log)


def _salvaged(log: memoryview, start: int, end: int) -> Iterator[Whole | Gap]:
    """The lines of a damaged stretch, each judged by its own checksum; a batch's head is no loss."""
    reached = start
    for found in _LINE.finditer(log, start, end):
        if found[1] is not None and crc32(found[2]) != int(found[1], 16):
            continue
        if found.start() > reached:
            yield Gap(reached, found.start())
        yield Whole(found.start(), found.end())
        reached = found.end()
    if reached < end:
        yield Gap(reached, end)
