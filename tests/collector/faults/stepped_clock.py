"""A process whose wall clock can be set: `python -m tests.collector.faults.stepped_clock FILE python -m MODULE`.

No test may set the machine's clock. So the standard library's reading of it is moved by what stands in a file, for the
whole process and before anything else is imported; nothing of ours is replaced, and the monotonic clock runs on.
"""

import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

OFFSET = struct.Struct("<q")


class SteppedClock:
    """Sets the clock of all processes that were started `within` it."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(OFFSET.pack(0))
        self._file = file
        self.within = (sys.executable, "-m", __name__, str(file))

    def step_to(self, seconds: float) -> None:
        """So far from the true time."""
        with self._file.open("r+b") as file:
            file.write(OFFSET.pack(int(seconds * 1e9)))


def _step(file: Path) -> None:
    with file.open("rb") as opened:
        offset = mmap.mmap(opened.fileno(), OFFSET.size, access=mmap.ACCESS_READ)
    true_ns = time.time_ns

    def time_ns() -> int:
        return true_ns() + OFFSET.unpack_from(offset)[0]

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    _step(Path(sys.argv[1]))
    module = sys.argv[-1]
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
