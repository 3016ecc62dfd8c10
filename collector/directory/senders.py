"""Who sends: how far they are trusted, and what their tenant wants."""

from enum import StrEnum

import msgspec


class Trust(StrEnum):
    UNTRUSTED = "untrusted"
    BROWSER = "browser"
    SERVER = "server"


class Rules(msgspec.Struct, frozen=True):
    """What a tenant wants kept of its visitors."""

    tenant_id: int
    needs_yes: bool = False  # to keep a visitor's ids
    makes_daily_ids: bool = False  # and takes none that a page has stored
    keeps_addresses: bool = True  # shortened


class Sender(msgspec.Struct, frozen=True):
    rules: Rules
    trust: Trust
    is_server: bool = False  # trusted to name time, address and user
    events_a_second: int = 0
