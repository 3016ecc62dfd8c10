"""The log's bytes: what is whole is read, what is not costs nothing else."""

from bisect import bisect_right
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from collector.edge_log import Topic
from collector.edge_log.framing import Frame, Gap, framed, read

records = st.lists(st.tuples(st.sampled_from(Topic), st.binary(max_size=200)), max_size=12)


def written(entries: list[tuple[Topic, bytes]]) -> bytes:
    return b"".join(framed(topic, payload) for topic, payload in entries)


def whole(log: bytes) -> list[tuple[Topic, bytes]]:
    return [(found.topic, bytes(found.payload)) for found in read(log) if isinstance(found, Frame)]


@given(records)
def test_what_is_written_is_read(entries: list[tuple[Topic, bytes]]) -> None:
    log = written(entries)
    assert whole(log) == entries
    assert not [found for found in read(log) if isinstance(found, Gap)]


@given(records.filter(bool), st.data())
def test_a_torn_tail_is_cut_at_the_last_whole_record(
    entries: list[tuple[Topic, bytes]], data: st.DataObject
) -> None:
    log = written(entries)
    last = len(framed(*entries[-1]))
    torn = log[: len(log) - data.draw(st.integers(1, last))]
    found = list(read(torn))
    assert whole(torn) == entries[:-1]
    expected = [] if len(torn) == len(log) - last else [Gap(len(log) - last, len(torn))]
    assert [gap for gap in found if isinstance(gap, Gap)] == expected


@given(records.filter(bool), st.data())
def test_a_damaged_byte_costs_its_own_record_alone(
    entries: list[tuple[Topic, bytes]], data: st.DataObject
) -> None:
    log = bytearray(written(entries))
    at = data.draw(st.integers(0, len(log) - 1))
    log[at] ^= data.draw(st.integers(1, 255))
    ends = list(accumulate(len(framed(*entry)) for entry in entries))
    hit = bisect_right(ends, at)
    assert whole(bytes(log)) == entries[:hit] + entries[hit + 1 :]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_to_their_end(noise: bytes) -> None:
    found = list(read(noise))
    assert sum(piece.end - piece.start for piece in found) == len(noise)
    assert [piece.start for piece in found] == [0, *[piece.end for piece in found[:-1]]][: len(found)]


def test_reading_starts_where_the_cursor_stands() -> None:
    first, second = framed(Topic.EVENTS, b"first"), framed(Topic.CLICKS, b"second")
    [frame] = read(first + second, len(first))
    assert isinstance(frame, Frame)
    assert (frame.topic, bytes(frame.payload), frame.start) == (Topic.CLICKS, b"second", len(first))
