"""Disks that are full, refuse a write, or give back something else than what they were given."""

import resource
import uuid
from pathlib import Path

from store import edge_shipper, events
from store.settings import Service, Settings
from tests.collector.conftest import Collector, make_site, running_collector
from tests.collector.faults.ledger import Ledger, busy_edge, in_clickhouse, reckon
from tests.collector.faults.small_disk import small_disk
from tests.collector.relay import relay_to
from tests.conftest import wait_until

LARGE = "x" * 15_000


def send(collector: Collector, ledger: Ledger, requests: int = 20, text: str = "") -> None:
    for _ in range(requests):
        ledger.send(collector.http, [uuid.uuid4().hex for _ in range(10)], text)


def fill(collector: Collector, ledger: Ledger) -> None:
    """Sends until the collector asks to come again, and then a little more."""
    for _ in range(1000):
        send(collector, ledger, 1, LARGE)
        if ledger.not_now:
            send(collector, ledger, 20, LARGE)
            return
    raise AssertionError("the disk was never full")


def shipped(collector: Collector) -> float:
    """Records that the shipper has read from the log and loaded; the log itself has given way."""
    return collector.metric('collector_shipped_rows_total{sink="events"}')


def test_a_full_disk_is_room_again_once_its_events_are_loaded(
    settings: Settings, warehouse: events.Client, tmp_path: Path
) -> None:
    """Nobody has to clear it; what was loaded gives way, and what was not is not touched."""
    site, ledger, port = make_site(settings), Ledger(), settings.port(Service.CLICKHOUSE)
    with relay_to(port) as wire, small_disk(tmp_path / "spool") as disk:
        print(disk.what)
        wire.cut()
        through_wire = settings.clickhouse_address().replace(f":{port}", f":{wire.port}")
        given = busy_edge(settings, tmp_path, site, CLICKHOUSE_URL=through_wire, **dict(disk.limits))
        with running_collector(given, within=disk.within) as collector:
            fill(collector, ledger)
            said = collector.http.get("/readyz")
            assert (said.status_code, "spool" in said.json()["degraded"]) == (503, True)
            assert collector.http.get(f"/r/{site.link}").status_code == 302
            wire.mend()
            wait_until("room", lambda: collector.http.get("/readyz").status_code == 200, 90)
            send(collector, ledger, 100, LARGE)
            wait_until("the last of them", lambda: shipped(collector) >= len(ledger.answered), 90)
            records = shipped(collector)
    rows = in_clickhouse(warehouse, site.tenant)
    print(f"{len(ledger.answered)} answers, {records:.0f} log records, {rows.total()} rows")
    assert len(ledger.answered) == records == rows.total()
    assert set(ledger.answered) == rows.keys()


def test_a_write_that_the_disk_refuses_is_answered_so(
    settings: Settings, warehouse: events.Client, tmp_path: Path
) -> None:
    """In the midst of a record, for a while; what was taken before and after stands in one and the same log."""
    site, ledger = make_site(settings), Ledger()
    given = busy_edge(settings, tmp_path, site)
    with running_collector(given, ships=False) as collector:
        send(collector, ledger)
        [segment] = (tmp_path / "spool").glob("*/*.segment")
        _, most = resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (segment.stat().st_size + 1000, most))
        send(collector, ledger, text=LARGE)
        assert len(ledger.not_now) == 200
        assert collector.metric("collector_log_failures_total") == 20
        resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (most, most))
        send(collector, ledger)
    reckon(ledger, given, warehouse, site.tenant)
    assert len(ledger.answered) == 400


def test_a_flipped_byte_costs_its_record_and_is_counted(
    settings: Settings, warehouse: events.Client, tmp_path: Path
) -> None:
    site, ledger = make_site(settings), Ledger()
    given = busy_edge(settings, tmp_path, site)
    with running_collector(given, ships=False) as collector:
        send(collector, ledger)
    [segment] = (tmp_path / "spool").glob("*/*.segment")
    log = bytearray(segment.read_bytes())
    flipped = ledger.answered[57]
    at = log.index(flipped.encode())
    log[at] ^= 4
    # The head of another batch is no record: losing it costs nothing but time.
    log[log.index(b'{"log":"#', len(log) // 2) + 10] ^= 1
    segment.write_bytes(log)
    reckon(ledger, given, warehouse, site.tenant, damaged=[flipped])
    start, end = log.rindex(b"\n", 0, at) + 1, log.index(b"\n", at) + 1
    head = len(b'{"log":"#00000000","bytes":1000}\n')
    assert end - start <= edge_shipper.heard(tmp_path / "spool").damaged_bytes <= end - start + head


def test_half_a_segment_is_loaded_as_far_as_it_goes(
    settings: Settings, warehouse: events.Client, tmp_path: Path
) -> None:
    """What a disk has lost is lost, and all that stands before it is not; the next process begins a log of its own."""
    site, ledger = make_site(settings), Ledger()
    given = busy_edge(settings, tmp_path, site)
    with running_collector(given, ships=False) as collector:
        send(collector, ledger)
        collector.process.kill()
        collector.process.wait(20)
    [segment] = (tmp_path / "spool").glob("*/*.segment")
    whole = segment.read_bytes()
    cut = len(whole) // 2
    segment.write_bytes(whole[:cut])
    kept = whole[: whole[:cut].rfind(b"\n") + 1]
    lost = [each for each in ledger.answered if each.encode() not in kept]
    with running_collector(given, ships=False) as collector:
        send(collector, ledger)
    reckon(ledger, given, warehouse, site.tenant, damaged=lost)
    assert 0 < len(lost) < 200
