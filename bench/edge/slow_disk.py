"""A collector on a disk whose syncs take longer: `python -m bench.edge.slow_disk MILLISECONDS`."""

import sys
import time

from collector.__main__ import main
from collector.edge_log import writer

sync = writer._sync
added = float(sys.argv[1]) / 1000


def slower(file: int) -> None:
    sync(file)
    time.sleep(added)


writer._sync = slower
sys.exit(main())
