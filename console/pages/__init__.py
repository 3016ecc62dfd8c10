"""Screens: one module each. A GET shows, a POST changes and leads back to a GET."""

from console.pages import (
    action_editor,
    action_list,
    actions,
    admin,
    alerts,
    approvals,
    calendar,
    campaigns,
    forward,
    kill_switch,
    log_in,
    overview,
    pixel,
)

# What is called `new` comes before what is called by its number.
ROUTERS = (
    overview.router,
    approvals.router,
    action_list.router,
    action_editor.router,
    actions.router,
    campaigns.router,
    calendar.router,
    pixel.router,
    kill_switch.router,
    alerts.router,
    log_in.router,
    forward.router,
    admin.router,
)
