"""The API under /api: one module a subject. It uses the same functions as the pages."""

from console.api import (
    actions,
    alerts,
    assets,
    audit,
    dead_letters,
    description,
    groups,
    kill_switch,
    links,
    log_in,
    policy,
    recipients,
)

ROUTERS = (
    log_in.router,
    actions.router,
    alerts.router,
    dead_letters.router,
    recipients.router,
    groups.router,
    policy.router,
    links.router,
    assets.router,
    kill_switch.router,
    audit.router,
    description.router,
)
