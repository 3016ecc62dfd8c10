"""What the edge knows by heart: keys, tenants and links, so that no request waits for Postgres."""

from collector.directory.keys import HookSecret, Key
from collector.directory.known import Directory
from collector.directory.links import Links, PreparedLink, Terms
from collector.directory.refreshing import Refresher
from collector.directory.senders import Rules, Sender, Trust

__all__ = [
    "Directory",
    "HookSecret",
    "Key",
    "Links",
    "PreparedLink",
    "Refresher",
    "Rules",
    "Sender",
    "Terms",
    "Trust",
]
