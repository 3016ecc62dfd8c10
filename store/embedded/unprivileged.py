"""Runs a program as an ordinary system user when we are root, because Postgres refuses root.

Data and binaries may lie below a directory that only root can enter (a private home, a fresh temporary
directory). On Linux the program therefore keeps one right of root's, to pass such directories, as an
ambient capability; it gains no other.
"""

import ctypes
import os
import platform
import pwd
import sys

PREFERRED_USERS = ("postgres", "nobody", "daemon")
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2


class NoOrdinaryUser(Exception):
    """Running as root, and there is no system user to run Postgres as."""


def ordinary_user() -> pwd.struct_passwd:
    """The system user that stands in for root."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in PREFERRED_USERS:
        if name in known and known[name].pw_uid != 0:
            return known[name]
    raise NoOrdinaryUser(
        f"Postgres does not run as root, and none of the users {', '.join(PREFERRED_USERS)} exists; "
        "run this as an ordinary user."
    )


def become_ordinary() -> None:
    """Drops root for good, keeping only the right to pass closed directories."""
    user = ordinary_user()
    on_linux = platform.system() == "Linux"
    libc = ctypes.CDLL(None, use_errno=True)
    if on_linux and libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_KEEPCAPS)")
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if on_linux:
        _keep_passage(libc)


def _keep_passage(libc: ctypes.CDLL) -> None:
    """Leaves CAP_DAC_OVERRIDE, alone, in every capability set, so that it survives exec."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    kept = 1 << _CAP_DAC_OVERRIDE
    low_and_high_words = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    if libc.capset(header, low_and_high_words) or libc.prctl(
        _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0
    ):
        # A container without the capability: works all the same where every directory is open to all.
        return


def main(command: list[str]) -> None:
    if os.geteuid() == 0:
        become_ordinary()
    os.execv(command[0], command)  # noqa: S606 (there is no shell in between, on purpose)


if __name__ == "__main__":
    main(sys.argv[1:])
