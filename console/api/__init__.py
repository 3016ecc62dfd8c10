"""The API under /api: one module a subject. It uses the same functions as the pages."""

from console.api import actions, audit, description, kill_switch, log_in, policy

ROUTERS = (
    log_in.router,
    actions.router,
    policy.router,
    kill_switch.router,
    audit.router,
    description.router,
)
