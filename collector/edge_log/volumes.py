"""The spool directory: each collector process writes a volume of its own, and holds its lock as long as it lives.

    <spool>/shipper.lock                      one shipper a spool
           /<host>-<pid>-<time>/lock
                               /committed         how far the living writer's log is on disk
                               /00000001.segment  being written, or not loaded yet
                               /00000001.loaded   loaded; kept a while, since ClickHouse does not fsync
                               /events.cursor     how far each sink has come

Whoever gets the lock of a volume knows that its writer is gone.
"""

import fcntl
import os
import re
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from collector.edge_log import committed

LOCK = "lock"
WAITING, LOADED = ".segment", ".loaded"
# What the log leaves free of a disk: on a full one nobody could write down what is loaded, and make room.
SPARE_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A file of the log and how much of it is on disk for good."""

    number: int
    path: Path
    readable: int
    is_closed: bool

    @property
    def is_loaded(self) -> bool:
        return self.path.suffix == LOADED

    def mark_loaded(self) -> None:
        """The name says that it is loaded and the file's time says since when."""
        os.utime(self.path)
        self.path.rename(self.path.with_suffix(LOADED))


@dataclass(frozen=True, slots=True)
class Volume:
    """One process's part of the spool; without a lock it is read while its writer lives."""

    path: Path
    lock: int | None

    @property
    def name(self) -> str:
        return self.path.name

    def path_of(self, number: int) -> Path:
        return self.path / f"{number:08d}{WAITING}"

    def segments(self) -> list[Segment]:
        """What may be read: of a living writer's log only what it has made durable."""
        # In this order: a segment that is begun meanwhile lies beyond the position.
        reached = committed.read(self.path) if self.lock is None else None
        files = [path for path in self.path.iterdir() if path.suffix in (WAITING, LOADED)]
        found = [self._segment(path, reached) for path in files]
        return sorted(segment for segment in found if reached is None or segment.number <= reached.segment)

    def waiting(self) -> list[Segment]:
        return [segment for segment in self.segments() if not segment.is_loaded]

    def remove(self) -> None:
        """Takes a volume away that nobody writes and nothing is left of."""
        assert self.lock is not None
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)

    def _segment(self, path: Path, reached: committed.Position | None) -> Segment:
        number = int(path.stem)
        if reached is not None and number == reached.segment:
            return Segment(number, path, reached.offset, is_closed=False)
        return Segment(number, path, path.stat().st_size, is_closed=True)


def create(spool: Path) -> Volume:
    """A new volume; it gets its name only when it is locked, so that nobody can take it over half made."""
    host = re.sub(r"[^A-Za-z0-9.]", "", socket.gethostname())[:40] or "host"
    name = f"{host}-{os.getpid()}-{time.time_ns():x}"
    draft = spool / f".{name}"
    draft.mkdir(parents=True)
    lock = locked(draft / LOCK)
    assert lock is not None
    committed.create(draft)
    draft.rename(spool / name)
    sync_directory(spool)
    return Volume(spool / name, lock)


def all_in(spool: Path) -> list[Path]:
    """The volumes' directories, whoever writes them."""
    return sorted(path for path in spool.iterdir() if path.is_dir() and not path.name.startswith("."))


def bytes_used(spool: Path) -> int:
    """What all volumes fill."""
    total = 0
    for suffix in (WAITING, LOADED):
        for path in spool.glob(f"*/*{suffix}"):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
    return total


def room(spool: Path, limit: int, used: int) -> int:
    """How much more the spool may take in: up to its limit, or less where the disk has less."""
    return min(limit - used, shutil.disk_usage(spool).free - SPARE_BYTES)


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable, not only the bytes of its files."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def locked(path: Path) -> int | None:
    """The descriptor that holds a lock file's lock, or None where a living process holds it."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
