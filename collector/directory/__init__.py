"""What the edge knows by heart: keys, links and the default tenant, so that no request waits for Postgres."""

from collector.directory.keys import Key
from collector.directory.known import Directory
from collector.directory.links import PreparedLink, prepared
from collector.directory.refreshing import Refresher

__all__ = ["Directory", "Key", "PreparedLink", "Refresher", "prepared"]
