"""How far a topic of a volume is loaded, and which bytes are being loaded right now.

What is being loaded is written down before it is sent. After a crash the very same bytes go out again under
the same token, and ClickHouse refuses what it has: a range that had grown meanwhile would be loaded twice.
"""

import os
from pathlib import Path

import msgspec

from collector.edge_log import Topic, Volume
from collector.edge_log.volumes import sync_directory


class Cursor(msgspec.Struct, frozen=True):
    segment: int = 0
    offset: int = 0
    loading_until: int | None = None


def path_of(volume: Volume, topic: Topic) -> Path:
    return volume.path / f"{topic.label}.cursor"


def read(volume: Volume, topic: Topic) -> Cursor:
    try:
        return msgspec.json.decode(path_of(volume, topic).read_bytes(), type=Cursor)
    except FileNotFoundError:
        return Cursor()


def keep(volume: Volume, topic: Topic, cursor: Cursor) -> None:
    """Replaces the cursor file as a whole, and returns when it is on disk."""
    path = path_of(volume, topic)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(cursor))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync_directory(volume.path)
