"""The rows of an INSERT, whole before the engine begins: in memory while they are few, else in a file of the spool.

chDB can be fed rows as they come, but says that they are written when a table has refused them: a constraint, too many
partitions, no memory left. What it reads from a file is told as it is. And where rows stop coming half-way, nothing was begun.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

MOST_IN_MEMORY = 16 << 20


@contextmanager
def held(chunks: Iterable[bytes], spool: Path) -> Iterator[str]:
    """The name under which the engine finds the rows."""
    file = _in_memory(spool)
    try:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_IN_MEMORY and _is_in_memory(file):
                file = _moved(file, spool)
            file.write(chunk)
        file.flush()
        yield f"/dev/fd/{file.fileno()}" if _is_in_memory(file) else file.name
    finally:
        file.close()


def _in_memory(spool: Path) -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("rows"), "w+b")
    return _on_disk(spool)


def _on_disk(spool: Path) -> IO[bytes]:
    return tempfile.NamedTemporaryFile(dir=spool, prefix="rows-")


def _is_in_memory(file: IO[bytes]) -> bool:
    return isinstance(file.name, int)


def _moved(file: IO[bytes], spool: Path) -> IO[bytes]:
    with file:
        larger = _on_disk(spool)
        file.seek(0)
        while piece := file.read(1 << 20):
            larger.write(piece)
    return larger
