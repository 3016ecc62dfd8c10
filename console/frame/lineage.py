"""Which asset of the Dagster project makes what the console shows: named beside each query, linked beside each number."""

from enum import StrEnum


class Asset(StrEnum):
    """Keys as Dagster writes them; a test holds them against the project's own graph."""

    AD_PERFORMANCE = "marts/ad_performance"
    ATTRIBUTION_RESULTS = "attribution_results"
    AUDIT_CHAIN = "audit_chain"
    BANDIT_STATE = "bandit_state"
    CAMPAIGN_DAILY = "marts/campaign_daily"
    CHANNEL_DAILY = "marts/channel_daily"
    CHANNEL_ROAS = "marts/channel_roas"
    COHORTS = "marts/cohorts"
    DAILY_OVERVIEW = "marts/daily_overview"
    CONVERSIONS = "intermediate/int_conversions"
    DELIVERIES = "deliveries"
    EVENTS = "staging/stg_events"
    FEED_ENTRIES = "feed_entries"
    FUNNEL = "marts/funnel"
    IDENTITIES = "intermediate/int_identities"
    IDENTITY_EDGES = "intermediate/int_identity_edges"
    LINK_DAILY = "marts/link_daily"
    LINK_STATS = "marts/link_stats"
    LTV = "marts/ltv"
    PATHS = "intermediate/int_paths"
    PERSON_EVENTS = "intermediate/int_person_events"
    RAW_EVENTS = "raw_events"
    TOUCHPOINTS = "intermediate/int_touchpoints"
    TRACKING_HEALTH = "marts/tracking_health"
    TREND_SCORES = "trend_scores"
    VISITOR_TIMELINE = "marts/visitor_timeline"
