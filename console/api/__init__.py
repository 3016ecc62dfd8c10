"""The API under /api: one module a subject. It uses the same functions as the pages."""

from console.api import (
    actions,
    audit,
    campaigns,
    description,
    groups,
    keys,
    kill_switch,
    log_in,
    policy,
    projects,
    recipients,
    requested_runs,
    standing_approvals,
    tenants,
    trends,
    users,
)

ROUTERS = (
    log_in.router,
    actions.router,
    standing_approvals.router,
    campaigns.router,
    projects.router,
    requested_runs.router,
    trends.router,
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
