"""Which asset of the Dagster project makes what the console shows: named beside each query, linked beside each number."""

from enum import StrEnum


class Asset(StrEnum):
    """Keys as Dagster writes them; a test holds them against the project's own graph."""

    AD_PERFORMANCE = "marts/ad_performance"
    AUDIT_CHAIN = "audit_chain"
    BANDIT_STATE = "bandit_state"
    CHANNEL_DAILY = "marts/channel_daily"
    CHANNEL_ROAS = "marts/channel_roas"
    DELIVERIES = "deliveries"
    EVENTS = "staging/stg_events"
    FEED_ENTRIES = "feed_entries"
    LINK_DAILY = "marts/link_daily"
    PATHS = "intermediate/int_paths"
    RAW_EVENTS = "raw_events"
    TOUCHPOINTS = "intermediate/int_touchpoints"
    TREND_SCORES = "trend_scores"
