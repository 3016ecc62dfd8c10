"""The spool directory: each process writes a volume of its own, and holds its lock as long as it lives.

    <spool>/<host>-<pid>-<time>/lock
                               /00000001.segment    being written, or not loaded yet
                               /00000001.loaded     loaded; kept a while, since ClickHouse does not fsync
                               /events.cursor       how far each topic is loaded

Whoever gets the lock of a volume that is not its own knows that its writer is gone, and ships what it left.
"""

import fcntl
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOCK = "lock"
WAITING, LOADED = ".segment", ".loaded"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    number: int
    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def is_loaded(self) -> bool:
        return self.path.suffix == LOADED

    def mark_loaded(self) -> None:
        """The name says that it is loaded and the file's time says since when."""
        os.utime(self.path)
        self.path.rename(self.path.with_suffix(LOADED))


@dataclass(frozen=True, slots=True)
class Volume:
    """One process's part of the spool; to hold the object is to hold the lock."""

    path: Path
    lock: int

    @property
    def name(self) -> str:
        return self.path.name

    def segments(self) -> list[Segment]:
        files = [path for path in self.path.iterdir() if path.suffix in (WAITING, LOADED)]
        return sorted(Segment(int(path.stem), path) for path in files)

    def waiting(self) -> list[Segment]:
        return [segment for segment in self.segments() if not segment.is_loaded]

    def path_of(self, number: int) -> Path:
        return self.path / f"{number:08d}{WAITING}"

    def release(self) -> None:
        os.close(self.lock)

    def remove(self) -> None:
        """Takes an empty volume away, still under its lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()


def create(spool: Path) -> Volume:
    """A new volume; it gets its name only when it is locked, so that nobody can take it over half made."""
    host = re.sub(r"[^A-Za-z0-9.]", "", socket.gethostname())[:40] or "host"
    name = f"{host}-{os.getpid()}-{time.time_ns():x}"
    draft = spool / f".{name}"
    draft.mkdir(parents=True)
    lock = _locked(draft)
    assert lock is not None
    draft.rename(spool / name)
    sync_directory(spool)
    return Volume(spool / name, lock)


def left_behind(spool: Path, held: set[str]) -> Iterator[Volume]:
    """Takes over the volumes whose writers are gone."""
    for path in sorted(spool.iterdir()):
        if path.name.startswith(".") or path.name in held or not path.is_dir():
            continue
        if (lock := _locked(path)) is not None:
            yield Volume(path, lock)


def bytes_used(spool: Path) -> int:
    """What all volumes fill, whoever wrote them."""
    total = 0
    for suffix in (WAITING, LOADED):
        for path in spool.glob(f"*/*{suffix}"):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
    return total


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable, not only the bytes of its files."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _locked(path: Path) -> int | None:
    """The descriptor that holds the volume's lock, or None where a living process holds it."""
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
