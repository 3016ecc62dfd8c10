"""The data directory: one owner at a time, and only an engine that can read what lies in it."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

LAYOUT = 1
"""Of this directory; the engine's own files carry the engine's version."""

_OWNER = "owner.pid"
_VERSION = "VERSION"
_ENGINE = "engine"


class Refused(Exception):
    """Nothing was started, and starting again changes nothing; the text says why and what to do."""


class CannotOpen(Exception):
    """The machine failed: no room, no right, a broken disk."""


@dataclass(frozen=True, slots=True)
class Version:
    """What VERSION holds: `layout 1` and `engine 26.9.2.1`."""

    layout: int
    engine: str

    @property
    def major(self) -> int:
        return int(self.engine.split(".")[0])

    def text(self) -> str:
        return f"layout {self.layout}\nengine {self.engine}\n"


def parse_version(text: str) -> Version:
    """Reads VERSION, or raises ValueError."""
    fields = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    try:
        version = Version(int(fields["layout"]), fields["engine"].strip())
        _ = version.major
    except (KeyError, ValueError) as error:
        raise ValueError(f"cannot read a version from {text!r}") from error
    return version


class DataDirectory:
    """Owned from construction to `release`; the lock dies with the process, whatever kills it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._owner = os.open(path / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotOpen(f"Cannot open the data directory {path}: {error.strerror}.") from error
        try:
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.pread(self._owner, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._owner)
            raise Refused(
                f"The data directory {path} belongs to a running embedded ClickHouse (pid {pid}): use that one, or stop it."
            ) from error
        try:
            os.ftruncate(self._owner, 0)
            os.pwrite(self._owner, f"{os.getpid()}\n".encode("ascii"), 0)
        except OSError as error:
            raise CannotOpen(f"Cannot write to the data directory {path}: {error.strerror}.") from error

    @property
    def engine_path(self) -> Path:
        return self.path / _ENGINE

    def check(self, engine_version: str) -> None:
        """Refuses data that another layout or a newer major version of the engine wrote."""
        file = self.path / _VERSION
        try:
            text = file.read_text(encoding="ascii")
        except FileNotFoundError:
            if self.engine_path.exists():
                raise Refused(
                    f"{self.path} holds data but no VERSION file: it is not an embedded ClickHouse's data directory."
                ) from None
            return
        except OSError as error:
            raise CannotOpen(f"Cannot read {file}: {error.strerror}.") from error
        try:
            found = parse_version(text)
        except ValueError as error:
            raise Refused(f"{file} is damaged: {error}.") from error
        own = Version(LAYOUT, engine_version)
        if found.layout != own.layout or found.major > own.major:
            raise Refused(
                f"The data directory {self.path} was written by ClickHouse {found.engine} (layout {found.layout}), and this is "
                f"{own.engine} (layout {own.layout}): install that version's chdb, or restore a backup into a new directory."
            )

    def claim(self, engine_version: str) -> None:
        """Marks a new directory as ours before the engine makes its files, so that a failed start can be repeated."""
        if not (self.path / _VERSION).exists():
            self.stamp(engine_version)

    def stamp(self, engine_version: str) -> None:
        """Writes down which engine opened the directory last."""
        draft = self.path / f"{_VERSION}.new"
        try:
            draft.write_text(Version(LAYOUT, engine_version).text(), encoding="ascii")
            draft.replace(self.path / _VERSION)
        except OSError as error:
            raise CannotOpen(f"Cannot write to the data directory {self.path}: {error.strerror}.") from error

    def release(self) -> None:
        os.close(self._owner)
