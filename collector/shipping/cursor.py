"""How far a sink has come in a volume, and which bytes are being loaded right now.

What is being loaded is written down before it is sent. After a crash the very same bytes go out again under
the same token, and ClickHouse refuses what it has: a range that had grown meanwhile would be loaded twice.
"""

import os
from pathlib import Path

import msgspec

from collector.edge_log.volumes import sync_directory


class Cursor(msgspec.Struct, frozen=True):
    segment: int = 0
    offset: int = 0
    loading_until: int | None = None


def read(volume: Path, sink: str) -> Cursor:
    try:
        return msgspec.json.decode(_path(volume, sink).read_bytes(), type=Cursor)
    except FileNotFoundError:
        return Cursor()


def keep(volume: Path, sink: str, cursor: Cursor) -> None:
    """Replaces the cursor file as a whole, and returns when it is on disk."""
    path = _path(volume, sink)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(cursor))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync_directory(volume)


def _path(volume: Path, sink: str) -> Path:
    return volume / f"{sink}.cursor"
