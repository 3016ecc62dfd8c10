"""Ten minutes of full load on one collector process: whether its memory stays where it is.

python -m bench.edge.soak [MINUTES]

The limit is 300 MB. A third of the requests each are single events, batches of 50 and short links.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import houses
from bench.edge.__main__ import MANY, ONE, collector, records_with_links
from bench.edge.asking import ask

LIMIT_MB = 300
MINUTES = 10.0
LOOKS = 20
# Much as it is, it is the log of ten minutes, which nobody loads here.
SPOOL = {"SPOOL_MAX_BYTES": str(40 * 2**30)}


def resident(process: int, seconds: float) -> Iterator[float]:
    """Megabytes, at even intervals."""
    for _ in range(LOOKS):
        time.sleep(seconds / LOOKS)
        yield int(Path(f"/proc/{process}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    seconds = int(minutes * 60)
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        with (
            records_with_links(house),
            collector(house, more=SPOOL) as (port, process),
            ThreadPoolExecutor(3) as senders,
        ):
            asked = [
                senders.submit(ask, port, path, body=body, connections=32, seconds=seconds)
                for path, body in (("/collect", ONE), ("/collect", MANY), ("/r/l4711", ""))
            ]
            sizes = list(resident(process, seconds))
            rates = [f"{each.result().a_second:,.0f}" for each in asked]
    print(f"{minutes:g} minutes; requests a second: {', '.join(rates)} (single, batches, links)")
    for name, size in (
        ("first", sizes[0]),
        ("half-way", sizes[LOOKS // 2]),
        ("last", sizes[-1]),
        ("most", max(sizes)),
    ):
        print(f"  {name:<10}{size:>6.0f} MB  {size / LIMIT_MB:>5.2f} of the limit")


if __name__ == "__main__":
    main()
