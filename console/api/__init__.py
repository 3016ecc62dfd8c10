"""The API under /api: one module a subject. It uses the same functions as the pages."""

from console.api import (
    actions,
    audit,
    description,
    groups,
    keys,
    kill_switch,
    log_in,
    policy,
    recipients,
    standing_approvals,
    tenants,
    users,
)

ROUTERS = (
    log_in.router,
    actions.router,
    standing_approvals.router,
    recipients.router,
    groups.router,
    policy.router,
    kill_switch.router,
    audit.router,
    tenants.router,
    users.router,
    keys.router,
    description.router,
)
