"""One reading of an account, in a process of its own: `python -m bench.insights.reading CHANNEL DAYS`."""

import json
import resource
import sys
import time
from datetime import timedelta

from connectors.face import Channel
from connectors.retries import Patience
from marketing_pipelines.insights import sync
from marketing_pipelines.insights.windows import Window
from store import clock
from store.settings import load


def main() -> None:
    channel, days = Channel(sys.argv[1]), int(sys.argv[2])
    last = clock.now().date() - timedelta(days=2)
    window = Window(last - timedelta(days=days - 1), last)
    wall, cpu = time.perf_counter(), time.process_time()
    (synced,) = sync.sync_channel(
        load(_env_file=None), channel, window, run_id="bench", patience=Patience(attempts=1)
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert synced.error is None, synced.error
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": synced.rows, "seconds": wall, "cpu": cpu, "peak": peak}))


if __name__ == "__main__":
    main()
