"""Screens: one module each. A GET shows, a POST changes and leads back to a GET."""

from console.pages import (
    actions,
    admin,
    alerts,
    approvals,
    audit,
    dead_letters,
    forward,
    kill_switch,
    log_in,
    overview,
    pixel,
    runs,
    trends,
)

ROUTERS = (
    overview.router,
    approvals.router,
    actions.router,
    pixel.router,
    trends.router,
    kill_switch.router,
    alerts.router,
    dead_letters.router,
    runs.router,
    audit.router,
    log_in.router,
    forward.router,
    admin.router,
)
