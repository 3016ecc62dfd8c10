"""Ids of events and requests that have none."""

import os
from functools import lru_cache

IDS_AT_A_TIME = 256
_unguessable: list[str] = []


@lru_cache(maxsize=1)
def _moment(now_ms: int) -> str:
    return f"{now_ms:012x}"


def mint(now_ms: int) -> str:
    """An id that sorts by time and cannot be guessed; randomness is fetched for many at once."""
    if not _unguessable:
        fetched = os.urandom(10 * IDS_AT_A_TIME).hex()
        _unguessable.extend(fetched[start : start + 20] for start in range(0, len(fetched), 20))
    return _moment(now_ms) + _unguessable.pop()
