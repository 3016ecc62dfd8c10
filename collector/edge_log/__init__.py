"""The append-only log on disk that makes an answer a promise."""

from collector.edge_log.entries import LoggedEvent, LoggedRejection, Topic
from collector.edge_log.volumes import Segment, Volume
from collector.edge_log.writer import EdgeLog, Position

__all__ = ["EdgeLog", "LoggedEvent", "LoggedRejection", "Position", "Segment", "Topic", "Volume"]
