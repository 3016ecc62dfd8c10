"""The shipper's word: when senders must wait for what people asked of the edge."""

import time
from pathlib import Path

from store import edge_shipper
from store.edge_shipper import (
    LATE_AFTER_SECONDS,
    SILENT_AFTER_SECONDS,
    ShipperCondition,
    why_unsubscribes_wait,
)


def a_log(spool: Path, name: str) -> None:
    (spool / "volume").mkdir(parents=True, exist_ok=True)
    (spool / "volume" / name).write_bytes(b"lines")


def said(spool: Path, *, ago: float = 0.0, lag: float = 0.0) -> None:
    spool.mkdir(exist_ok=True)
    edge_shipper.say(spool, ShipperCondition(said_at=time.time() - ago, unsubscribes_lag_seconds=lag))


def test_an_edge_that_is_elsewhere_is_no_reason_to_wait(tmp_path: Path) -> None:
    assert why_unsubscribes_wait(tmp_path / "spool") == ""


def test_what_is_on_its_way_is_no_reason_and_what_is_late_is_one(tmp_path: Path) -> None:
    a_log(tmp_path, "00000001.segment")
    said(tmp_path, lag=LATE_AFTER_SECONDS - 1)
    assert why_unsubscribes_wait(tmp_path) == ""
    said(tmp_path, lag=LATE_AFTER_SECONDS + 1)
    assert "11 s" in why_unsubscribes_wait(tmp_path)


def test_a_silent_shipper_is_a_reason_while_something_waits_for_it(tmp_path: Path) -> None:
    a_log(tmp_path, "00000001.loaded")
    assert why_unsubscribes_wait(tmp_path) == ""
    a_log(tmp_path, "00000002.segment")
    assert "silent" in why_unsubscribes_wait(tmp_path)
    said(tmp_path, ago=SILENT_AFTER_SECONDS + 1)
    assert "silent" in why_unsubscribes_wait(tmp_path)
    said(tmp_path)
    assert why_unsubscribes_wait(tmp_path) == ""
