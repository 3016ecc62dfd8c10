"""How late the shipper is: by the oldest record that waits, however many keep coming."""

import time
from pathlib import Path

import pytest

from collector.edge_log import EVENTS, Volume, volumes
from collector.edge_log.entries import Entry
from collector.edge_log.lines import batch, line
from collector.shipping import cursor as cursors
from collector.shipping.cursor import Cursor
from collector.shipping.lag import Lag, unloaded
from collector.shipping.sinks import SINKS

LINE = batch([line(EVENTS, Entry(1, 1))])


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    """A volume of which all may be read, since its lock is ours."""
    return volumes.create(tmp_path)


def write(volume: Volume, lines: int) -> None:
    with volume.path_of(1).open("ab") as segment:
        segment.write(LINE * lines)


def load(volume: Volume, lines: int) -> None:
    for sink in SINKS:
        cursors.keep(volume.path, sink.name, Cursor(1, lines * len(LINE)))


def test_nothing_that_waits_is_no_lag(volume: Volume) -> None:
    lag = Lag(SINKS)
    assert lag.seconds([]) == 0.0
    write(volume, 2)
    load(volume, 2)
    assert lag.seconds([volume]) == 0.0
    assert unloaded(volume, SINKS[0]) == 0


def test_what_waits_grows_older(volume: Volume) -> None:
    lag = Lag(SINKS)
    write(volume, 1)
    first = lag.seconds([volume])
    time.sleep(0.05)
    assert lag.seconds([volume]) >= first + 0.05
    assert unloaded(volume, SINKS[0]) == len(LINE)


def test_a_log_that_never_rests_is_late_by_its_oldest_record_alone(volume: Volume) -> None:
    lag = Lag(SINKS)
    began, found = time.monotonic(), 0.0
    for written in range(1, 6):
        write(volume, 1)
        load(volume, written - 1)  # always one behind
        time.sleep(0.05)
        found = lag.seconds([volume])
    assert 0 < found < time.monotonic() - began
    load(volume, 5)
    assert lag.seconds([volume]) == 0.0
