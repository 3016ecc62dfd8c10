"""Screens: one module each. A GET shows, a POST changes and leads back to a GET."""

from console.pages import (
    actions,
    admin,
    alerts,
    approvals,
    assets,
    forward,
    kill_switch,
    links,
    log_in,
    overview,
    pixel,
)

ROUTERS = (
    overview.router,
    approvals.router,
    actions.router,
    assets.router,
    links.router,
    pixel.router,
    kill_switch.router,
    alerts.router,
    log_in.router,
    forward.router,
    admin.router,
)
