"""Postgres: everything that a person or a state machine changes.

One module a subject holds its tables and its transitions, so that console, command line, sensors and
tests change a record through one and the same function.
"""

from store.records import (
    accounts,
    actions,
    alert_notices,
    alert_sightings,
    alerts,
    approvals,
    assets,
    audit_log,
    campaigns,
    collector_keys,
    contacts,
    dead_letters,
    deliveries,
    erasure,
    experiments,
    feeds,
    gate,
    groups,
    hooks,
    kill_switches,
    links,
    people,
    policies,
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
    "alert_notices",
    "alert_sightings",
    "alerts",
    "approvals",
    "assets",
    "audit_log",
    "campaigns",
    "collector_keys",
    "contacts",
    "dead_letters",
    "deliveries",
    "enter_tenant",
    "erasure",
    "experiments",
    "feeds",
    "gate",
    "groups",
    "hooks",
    "kill_switches",
    "links",
    "people",
    "policies",
    "session",
    "tenants",
    "visitor_salts",
]
