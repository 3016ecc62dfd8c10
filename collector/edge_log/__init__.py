"""The append-only log on disk that makes an answer a promise."""

from collector.edge_log.entries import (
    CLICKS,
    EVENTS,
    HOOKS,
    REJECTS,
    UNSUBSCRIBES,
    LoggedCall,
    LoggedEvent,
    LoggedRejection,
    LoggedUnsubscribe,
    Topic,
)
from collector.edge_log.lines import line
from collector.edge_log.volumes import Volume
from collector.edge_log.writer import EdgeLog

__all__ = [
    "CLICKS",
    "EVENTS",
    "HOOKS",
    "REJECTS",
    "UNSUBSCRIBES",
    "EdgeLog",
    "LoggedCall",
    "LoggedEvent",
    "LoggedRejection",
    "LoggedUnsubscribe",
    "Topic",
    "Volume",
    "line",
]
