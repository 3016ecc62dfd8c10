"""How fast the edge log is loaded: `python -m bench.shipper`, some two minutes.

A log of realistic events is shipped into the embedded ClickHouse, with everything the rules make of them, beside two
limits in the same run: the same finished rows inserted again without reading or judging them, and reading and judging
without inserting.
"""

import json
import os
import random
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from bench import houses
from collector.edge_log import EVENTS, LoggedEvent, Volume, line, lines, volumes
from collector.ids import mint
from collector.shipping import cursor as cursors
from collector.shipping.cursor import Cursor
from collector.shipping.shipper import Shipper
from collector.shipping.sinks import SINKS
from collector.shipping.stretches import next_stretch
from marketing_pipelines.events import user_agents
from store import events, migrations
from store.clock import now_ms
from store.migrations import clickhouse
from store.settings import Settings

ROWS = 480_000
LINES_A_BATCH = 40
LINES_A_SEGMENT = 48_000
BROWSERS = 3_000


def written(spool: Path) -> Volume:
    """A dead collector's volume, as if it had been busy until a moment ago."""
    volume = volumes.create(spool)
    chance = random.Random(1)
    agents = [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{number % 150}.0."
        f"{number}.0 Safari/537.36" for number in range(BROWSERS)
    ]  # fmt: skip
    for segment in range(ROWS // LINES_A_SEGMENT):
        records = [line(EVENTS, _event(chance, agents)) for _ in range(LINES_A_SEGMENT)]
        batches = [
            lines.batch(records[start : start + LINES_A_BATCH])
            for start in range(0, LINES_A_SEGMENT, LINES_A_BATCH)
        ]
        volume.path_of(segment + 1).write_bytes(b"".join(batches))
    return volume


def _event(chance: random.Random, agents: list[str]) -> LoggedEvent:
    moment = now_ms()
    page = int(chance.paretovariate(1.1)) % 5000
    query = (
        f"?utm_source=news&utm_medium=email&gclid={chance.getrandbits(64):x}" if chance.random() < 0.3 else ""
    )
    return LoggedEvent(
        tenant_id=1, event_id=mint(moment), event="page_view", received_at=moment, occurred_at=moment,
        trust="browser", consent="granted", sid=f"{chance.getrandbits(64):x}", sid_kind="stored",
        url=f"https://shop.example/coats/{page}{query}", referrer=f"https://site{page % 900}.example/a",
        props=json.dumps({"title": "Harbour coat", "text": "x" * 120}), ip="203.0.113.0", country="DE",
        user_agent=agents[int(chance.paretovariate(1.2)) % BROWSERS],
    )  # fmt: skip


def finished_frames(volume: Volume) -> tuple[list[pa.Table], float]:
    """The rows as they would be inserted, and how long reading and judging took."""
    frames: list[pa.Table] = []
    cursor, began = Cursor(), time.perf_counter()
    while (stretch := next_stretch(volume.waiting(), cursor)) is not None:
        frames.append(SINKS[0].rows(stretch, volume.name).to_arrow())
        cursor = Cursor(stretch.segment.number, stretch.end)
    return frames, time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        with houses.with_clickhouse(house):
            measure(house, Path(folder) / "spool")


def measure(house: Settings, spool: Path) -> None:
    client = events.connect(house)
    clickhouse.apply(client, Path(migrations.__file__).parent / "clickhouse", ttl_days=400)
    spool.mkdir()
    volume = written(spool)
    size = sum(segment.readable for segment in volume.segments())
    user_agents.prepare()
    frames, judged = finished_frames(volume)
    began = time.perf_counter()
    for number, frame in enumerate(frames):
        events.append(client, "raw.events", frame, token=f"limit {number}")
    inserted = time.perf_counter() - began
    os.close(volume.lock or 0)
    shipper = Shipper(house, spool)
    began = time.perf_counter()
    while volume.waiting():
        assert shipper.attempt()
    shipped = time.perf_counter() - began
    assert cursors.read(volume.path, SINKS[0].name).offset > 0
    [(rows,)] = client.query("select count() from raw.events").result_rows
    assert rows == 2 * ROWS, rows
    print(
        f"{ROWS:,} events of {size // ROWS} bytes, {BROWSERS:,} user agents, into the embedded ClickHouse over HTTP"
    )
    print(f"{'':<48}{'rows a second':>15}{'of the insert':>15}")
    for name, seconds in (
        ("the finished rows inserted, nothing else", inserted),
        ("read from the log and judged, not inserted", judged),
        ("shipped: read, judged, inserted, remembered", shipped),
    ):
        print(f"{name:<48}{ROWS / seconds:>15,.0f}{inserted / seconds:>15.2f}")


if __name__ == "__main__":
    main()
