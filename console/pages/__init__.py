"""Screens: one module each. A GET shows, a POST changes and leads back to a GET."""

from console.pages import (
    account,
    actions,
    admin,
    alerts,
    approvals,
    forward,
    front_door,
    keys,
    kill_switch,
    log_in,
    overview,
    people,
    pixel,
    settings,
    tenants,
)

ROUTERS = (
    overview.router,
    approvals.router,
    actions.router,
    pixel.router,
    kill_switch.router,
    alerts.router,
    log_in.router,
    front_door.router,
    people.router,
    keys.router,
    tenants.router,
    settings.router,
    account.router,
    forward.router,
    admin.router,
)
