"""Postgres: everything that a person or a state machine changes.

One module a subject holds its tables and its transitions, so that console, command line, sensors and
tests change a record through one and the same function.
"""

from store.records import (
    accounts,
    actions,
    approvals,
    audit_log,
    campaign_ends,
    campaigns,
    collector_keys,
    contacts,
    deliveries,
    erasure,
    experiments,
    feeds,
    gate,
    groups,
    hooks,
    intakes,
    kill_switches,
    links,
    people,
    policies,
    projects,
    requested_runs,
    standing_approvals,
    tenants,
    visitor_salts,
)
from store.records.database import Session, enter_tenant, session
from store.records.schema import NotUsable, Record

__all__ = [
    "NotUsable",
    "Record",
    "Session",
    "accounts",
    "actions",
    "approvals",
    "audit_log",
    "campaign_ends",
    "campaigns",
    "collector_keys",
    "contacts",
    "deliveries",
    "enter_tenant",
    "erasure",
    "experiments",
    "feeds",
    "gate",
    "groups",
    "hooks",
    "intakes",
    "kill_switches",
    "links",
    "people",
    "policies",
    "projects",
    "requested_runs",
    "session",
    "standing_approvals",
    "tenants",
    "visitor_salts",
]
