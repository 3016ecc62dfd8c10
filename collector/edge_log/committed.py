"""How far a living writer's log is on disk, told to the shipper's process through eight bytes of shared memory."""

import mmap
import struct
from pathlib import Path
from typing import NamedTuple

NAME = "committed"
_ONE_WORD = struct.Struct("<Q")
_OFFSET_BITS = 40


class Position(NamedTuple):
    segment: int
    offset: int


class Committed:
    """Segment and offset share one aligned word, so that a reader never sees half of a change."""

    def __init__(self, volume: Path) -> None:
        with (volume / NAME).open("r+b") as file:
            self._word = mmap.mmap(file.fileno(), _ONE_WORD.size)
        self.position = Position(0, 0)

    def move(self, segment: int, offset: int) -> None:
        self.position = Position(segment, offset)
        _ONE_WORD.pack_into(self._word, 0, segment << _OFFSET_BITS | offset)


def create(volume: Path) -> None:
    (volume / NAME).write_bytes(bytes(_ONE_WORD.size))


def read(volume: Path) -> Position:
    """What the volume's writer, which is alive, has made durable."""
    (word,) = _ONE_WORD.unpack((volume / NAME).read_bytes())
    return Position(word >> _OFFSET_BITS, word & (1 << _OFFSET_BITS) - 1)
