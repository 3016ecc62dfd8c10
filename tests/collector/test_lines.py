"""The log's bytes: what is whole is read, what is not costs nothing else."""

import json

from hypothesis import given
from hypothesis import strategies as st

from collector.edge_log import CLICKS, EVENTS, REJECTS, Topic
from collector.edge_log.entries import Entry
from collector.edge_log.lines import Gap, Whole, batch, line, read

texts = st.text(max_size=60) | st.sampled_from(
    ['{"log":"e00000000",', '\n{"log":"#00000000","bytes":3}\n', "\\n"]
)
entries = st.tuples(st.sampled_from([EVENTS, CLICKS, REJECTS]), texts)
batches = st.lists(st.lists(entries, min_size=1, max_size=4), max_size=5)


class Said(Entry, frozen=True, kw_only=True):
    """What a record of a test says."""

    text: str


def record(topic: Topic, text: str) -> bytes:
    return line(topic, Said(tenant_id=1, received_at=1, text=text))


def written(parts: list[list[tuple[Topic, str]]]) -> bytes:
    return b"".join(batch([record(*entry) for entry in part]) for part in parts)


def records_in(log: bytes) -> list[bytes]:
    """The records of what can be trusted, without the batches' heads."""
    pieces = [log[found.start : found.end] for found in read(memoryview(log)) if isinstance(found, Whole)]
    lines = [one + b"\n" for piece in pieces for one in piece.split(b"\n")[:-1]]
    return [one for one in lines if not one.startswith(b'{"log":"#')]


@given(batches)
def test_what_is_written_is_read(parts: list[list[tuple[Topic, str]]]) -> None:
    log = written(parts)
    assert records_in(log) == [record(*entry) for part in parts for entry in part]
    assert not [found for found in read(memoryview(log)) if isinstance(found, Gap)]


@given(batches)
def test_every_line_is_json_that_says_its_topic(parts: list[list[tuple[Topic, str]]]) -> None:
    said = [json.loads(one) for one in written(parts).split(b"\n")[:-1]]
    told = [(one["log"][0], one["text"]) for one in said if not one["log"].startswith("#")]
    assert told == [(topic.decode(), text) for part in parts for topic, text in part]


@given(batches.filter(bool), st.data())
def test_a_torn_tail_is_cut_at_the_last_whole_record(
    parts: list[list[tuple[Topic, str]]], data: st.DataObject
) -> None:
    log = written(parts)
    before = written(parts[:-1])
    torn = log[: data.draw(st.integers(len(before), len(log) - 1))]
    whole = [record(*entry) for part in parts for entry in part]
    found = records_in(torn)
    assert found == whole[: len(found)]
    assert len(found) >= sum(len(part) for part in parts[:-1])
    assert sum(len(one) for one in found) >= len(torn) - len(log) + sum(len(one) for one in whole) - max(
        map(len, whole)
    )


@given(batches.filter(bool), st.data())
def test_a_damaged_byte_costs_one_record_at_most(
    parts: list[list[tuple[Topic, str]]], data: st.DataObject
) -> None:
    log = bytearray(written(parts))
    at = data.draw(st.integers(0, len(log) - 1))
    log[at] ^= data.draw(st.integers(1, 255))
    whole = [record(*entry) for part in parts for entry in part]
    found = records_in(bytes(log))
    lost = [one for one in whole if one not in found]
    assert [one for one in found if one not in whole] == []
    # A line break that is no more one joins two lines.
    assert len(whole) - len(found) <= (2 if log[at] != ord("\n") and written(parts)[at] == ord("\n") else 1)
    assert len(set(lost)) <= 2


@given(st.binary(max_size=300))
def test_any_bytes_are_read_to_their_end(noise: bytes) -> None:
    found = list(read(memoryview(noise)))
    assert sum(piece.end - piece.start for piece in found) == len(noise)
    assert [piece.start for piece in found] == [0, *[piece.end for piece in found[:-1]]][: len(found)]


def test_reading_starts_where_the_cursor_stands() -> None:
    first, second = batch([record(EVENTS, "first")]), batch([record(CLICKS, "second")])
    assert list(read(memoryview(first + second), len(first))) == [Whole(len(first), len(first) + len(second))]
