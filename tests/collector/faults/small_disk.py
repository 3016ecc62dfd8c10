"""A disk that is soon full, without rights that a test would not have: a tmpfs in a mount namespace of its own."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEGABYTES = 24


@dataclass(frozen=True)
class SmallDisk:
    """The words before a command that let it see the disk, or settings that bound the spool just so."""

    what: str
    within: Sequence[str] = ()
    limits: tuple[tuple[str, str], ...] = ()


@contextmanager
def small_disk(at: Path) -> Iterator[SmallDisk]:
    """Where the kernel lets nobody but root mount, the spool's own limit stands in, and the test says so."""
    at.mkdir(parents=True)
    mount = f'mount -t tmpfs -o size={MEGABYTES}m small "$0" && echo mounted && exec cat'
    holder = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, str(at)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        if holder.stdout.readline() == b"mounted\n":
            entering = ("nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(holder.pid))
            yield SmallDisk(f"a tmpfs of {MEGABYTES} MB", within=entering)
        else:
            limit = ("SPOOL_MAX_BYTES", str((MEGABYTES - 8) * 2**20))
            yield SmallDisk("no tmpfs can be mounted here: SPOOL_MAX_BYTES instead", limits=(limit,))
    finally:
        holder.stdin.close()
        holder.wait(20)
