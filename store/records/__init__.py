"""Postgres: everything that a person or a state machine changes.

One module a subject holds its tables and its transitions, so that console, command line, sensors and
tests change a record through one and the same function.
"""

from store.records import (
    accounts,
    actions,
    approvals,
    audit_log,
    campaigns,
    collector_keys,
    contacts,
    deliveries,
    experiments,
    feeds,
    gate,
    hooks,
    kill_switches,
    links,
    people,
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
    "campaigns",
    "collector_keys",
    "contacts",
    "deliveries",
    "enter_tenant",
    "experiments",
    "feeds",
    "gate",
    "hooks",
    "kill_switches",
    "links",
    "people",
    "session",
    "tenants",
    "visitor_salts",
]
