"""Which asset of the Dagster project makes what the console shows: named beside each query, linked beside each number."""

from enum import StrEnum


class Asset(StrEnum):
    """Keys as Dagster writes them; a test holds them against the project's own graph."""

    AUDIT_CHAIN = "audit_chain"
    CHANNEL_DAILY = "marts/channel_daily"
    DELIVERIES = "deliveries"
    FEED_ENTRIES = "feed_entries"
    RAW_EVENTS = "raw_events"
    TREND_SCORES = "trend_scores"
