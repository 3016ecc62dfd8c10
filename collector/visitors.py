"""Ids of visitors who store nothing: the same for a day and a site, and nobody can tell afterwards whose it was."""

from collections.abc import Mapping
from hashlib import blake2b

MS_A_DAY = 24 * 3600 * 1000


# Where an event's visitor id comes from; empty where there is none.
STORED, DAILY = "stored", "daily"


# Random bytes by day since 1970 (UTC); a day's salt is thrown away when the day is over.
Salts = Mapping[int, bytes]


def daily_id(salts: Salts, tenant_id: int, now_ms: int, address: str, user_agent: str) -> str:
    """The visitor's id for today; empty while today's salt is not known, which no id may outlive."""
    salt = salts.get(now_ms // MS_A_DAY)
    if salt is None or not address:
        return ""
    seen = f"{tenant_id}\n{address}\n{user_agent}".encode()
    return blake2b(seen, key=salt, digest_size=16).hexdigest()
