"""What an API key must be for to use an endpoint: one scope each, or none where only a person may.

A key may do what its scopes and its owner's present role both allow, and it never signs.
"""

from collections.abc import Collection, Mapping

from console.door.permissions import ACCESS
from console.door.versions import API
from store.records.api_keys import Scope

PEOPLE_ONLY: None = None

SCOPES: Mapping[str, Scope | None] = {
    "GET /api/me": Scope.ME_READ,
    "GET /api/actions": Scope.ACTIONS_READ,
    "POST /api/actions": Scope.ACTIONS_WRITE,
    "GET /api/actions/{action_id}": Scope.ACTIONS_READ,
    "PUT /api/actions/{action_id}": Scope.ACTIONS_WRITE,
    "POST /api/actions/{action_id}/submit": Scope.ACTIONS_WRITE,
    "POST /api/actions/{action_id}/cancel": Scope.ACTIONS_WRITE,
    "GET /api/campaigns": Scope.CAMPAIGNS_READ,
    "POST /api/campaigns": Scope.CAMPAIGNS_WRITE,
    "GET /api/campaigns/{campaign_id}": Scope.CAMPAIGNS_READ,
    "PUT /api/campaigns/{campaign_id}": Scope.CAMPAIGNS_WRITE,
    "GET /api/campaigns/{campaign_id}/status": Scope.CAMPAIGNS_READ,
    "POST /api/campaigns/{campaign_id}/publish": Scope.CAMPAIGNS_WRITE,
    "POST /api/campaigns/{campaign_id}/schedule": Scope.CAMPAIGNS_WRITE,
    "POST /api/campaigns/{campaign_id}/pause": Scope.CAMPAIGNS_WRITE,
    "POST /api/campaigns/{campaign_id}/resume": Scope.CAMPAIGNS_WRITE,
    "GET /api/projects": Scope.CAMPAIGNS_READ,
    "POST /api/projects": Scope.CAMPAIGNS_WRITE,
    "GET /api/projects/{project_id}": Scope.CAMPAIGNS_READ,
    "PATCH /api/projects/{project_id}": Scope.CAMPAIGNS_WRITE,
    "GET /api/requested-runs/{request_id}": Scope.CAMPAIGNS_READ,
    "POST /api/trends/ingest": Scope.TRENDS_WRITE,
    "GET /api/trends/digest": Scope.TRENDS_READ,
    "GET /api/analytics/timeseries": Scope.ANALYTICS_READ,
    "GET /api/analytics/funnel": Scope.ANALYTICS_READ,
    "GET /api/analytics/channels": Scope.ANALYTICS_READ,
    "GET /api/analytics/freshness": Scope.ANALYTICS_READ,
    "GET /api/analytics/cohorts": Scope.ANALYTICS_READ,
    "GET /api/analytics/ltv": Scope.ANALYTICS_READ,
    "GET /api/analytics/visitors/{visitor_id}": Scope.IDENTITY_READ,
    "GET /api/analytics/tracking": Scope.ANALYTICS_READ,
    "GET /api/attribution/paths": Scope.ANALYTICS_READ,
    "GET /api/attribution/results": Scope.ANALYTICS_READ,
    "GET /api/attribution/margins": Scope.ANALYTICS_READ,
    "GET /api/exports": Scope.EXPORTS_READ,
    "POST /api/exports": Scope.EXPORTS_WRITE,
    "GET /api/exports/{export_id}": Scope.EXPORTS_READ,
    "GET /api/uploads": Scope.UPLOADS_READ,
    "POST /api/uploads": Scope.UPLOADS_WRITE,
    "GET /api/uploads/{upload_id}": Scope.UPLOADS_READ,
    "POST /api/uploads/{upload_id}/confirm": Scope.UPLOADS_WRITE,
    "DELETE /api/uploads/{upload_id}": Scope.UPLOADS_WRITE,
    "GET /api/dead-letters": Scope.ACTIONS_READ,
    "GET /api/dead-letters/{action_id}": Scope.ACTIONS_READ,
    "POST /api/dead-letters/{action_id}/requeue": PEOPLE_ONLY,
    "POST /api/dead-letters/{action_id}/resolve": PEOPLE_ONLY,
    "GET /api/alerts": Scope.ALERTS_READ,
    "POST /api/alerts/{alert_id}/acknowledge": PEOPLE_ONLY,
    "GET /api/links": Scope.LINKS_READ,
    "POST /api/links": Scope.LINKS_WRITE,
    "GET /api/links/{link_id}": Scope.LINKS_READ,
    "PATCH /api/links/{link_id}": Scope.LINKS_WRITE,
    "GET /api/links/{link_id}/stats": Scope.LINKS_READ,
    "GET /api/assets": Scope.ASSETS_READ,
    "POST /api/assets": Scope.ASSETS_WRITE,
    "GET /api/assets/{asset_id}": Scope.ASSETS_READ,
    "PATCH /api/assets/{asset_id}": Scope.ASSETS_WRITE,
    "DELETE /api/assets/{asset_id}": Scope.ASSETS_WRITE,
    "GET /api/assets/{asset_id}/uses": Scope.ASSETS_READ,
    "GET /api/assets/{asset_id}/content": Scope.ASSETS_READ,
    "GET /api/standing-approvals": Scope.ACTIONS_READ,
    "GET /api/standing-approvals/{standing_id}": Scope.ACTIONS_READ,
    "POST /api/standing-approvals/{standing_id}/revoke": Scope.ACTIONS_WRITE,
    "POST /api/actions/{action_id}/approve": PEOPLE_ONLY,
    "POST /api/actions/{action_id}/deny": PEOPLE_ONLY,
    "POST /api/actions/{action_id}/request-changes": PEOPLE_ONLY,
    "POST /api/actions/{action_id}/break-glass": PEOPLE_ONLY,
    "GET /api/actions/{action_id}/comments": Scope.ACTIONS_READ,
    "POST /api/actions/{action_id}/comments": Scope.ACTIONS_WRITE,
    "GET /api/recipients": Scope.RECIPIENTS_READ,
    "POST /api/recipients": Scope.RECIPIENTS_WRITE,
    "GET /api/recipients/active": Scope.RECIPIENTS_READ,
    "GET /api/recipients/{recipient_id}": Scope.RECIPIENTS_READ,
    "PATCH /api/recipients/{recipient_id}": Scope.RECIPIENTS_WRITE,
    "DELETE /api/recipients/{recipient_id}": Scope.RECIPIENTS_WRITE,
    "POST /api/recipients/{recipient_id}/opt-out": Scope.RECIPIENTS_WRITE,
    "POST /api/recipients/{recipient_id}/opt-in": Scope.RECIPIENTS_WRITE,
    "GET /api/groups": Scope.GROUPS_READ,
    "POST /api/groups": Scope.GROUPS_WRITE,
    "GET /api/groups/{group_id}": Scope.GROUPS_READ,
    "PATCH /api/groups/{group_id}": Scope.GROUPS_WRITE,
    # who is in a group is read with their addresses
    "GET /api/groups/{group_id}/recipients": Scope.RECIPIENTS_READ,
    "POST /api/groups/{group_id}/recipients": Scope.GROUPS_WRITE,
    "DELETE /api/groups/{group_id}/recipients/{recipient_id}": Scope.GROUPS_WRITE,
    "GET /api/goals": Scope.MEASUREMENT_READ,
    "POST /api/goals": Scope.MEASUREMENT_WRITE,
    "GET /api/goals/{goal_id}": Scope.MEASUREMENT_READ,
    "PUT /api/goals/{goal_id}": Scope.MEASUREMENT_WRITE,
    "POST /api/goals/{goal_id}/make-headline": Scope.MEASUREMENT_WRITE,
    "DELETE /api/goals/{goal_id}": Scope.MEASUREMENT_WRITE,
    "GET /api/hold-outs": Scope.MEASUREMENT_READ,
    "POST /api/hold-outs": Scope.MEASUREMENT_WRITE,
    "GET /api/hold-outs/{hold_out_id}": Scope.MEASUREMENT_READ,
    "GET /api/hold-outs/{hold_out_id}/report": Scope.ANALYTICS_READ,
    # says who somebody is
    "GET /api/hold-outs/{hold_out_id}/lot": Scope.IDENTITY_READ,
    "POST /api/hold-outs/{hold_out_id}/end": Scope.MEASUREMENT_WRITE,
    "GET /api/measurement": Scope.MEASUREMENT_READ,
    "PUT /api/measurement": Scope.MEASUREMENT_WRITE,
    # ids of visitors may say who they are
    "GET /api/identity/splits": Scope.IDENTITY_READ,
    "POST /api/identity/splits": Scope.IDENTITY_WRITE,
    "GET /api/identity/splits/{split_id}": Scope.IDENTITY_READ,
    "DELETE /api/identity/splits/{split_id}": Scope.IDENTITY_WRITE,
    "GET /api/policy": Scope.POLICY_READ,
    "PUT /api/policy": PEOPLE_ONLY,
    "GET /api/kill-switch": Scope.KILL_SWITCH_READ,
    # to pull it; releasing is a page's endpoint, which no key may use
    "POST /api/kill-switch": Scope.KILL_SWITCH_WRITE,
    "GET /api/audit": Scope.AUDIT_READ,
    # a key is of one tenant and knows no others
    "GET /api/tenants": PEOPLE_ONLY,
    "POST /api/tenants": PEOPLE_ONLY,
    "GET /api/tenants/{tenant_id}": Scope.TENANTS_READ,
    "PATCH /api/tenants/{tenant_id}": PEOPLE_ONLY,
    "GET /api/users": Scope.USERS_READ,
    "POST /api/users": PEOPLE_ONLY,
    "GET /api/users/{user_id}": Scope.USERS_READ,
    "PATCH /api/users/{user_id}": PEOPLE_ONLY,
    "DELETE /api/users/{user_id}": PEOPLE_ONLY,
    "GET /api/keys": PEOPLE_ONLY,
    "POST /api/keys": PEOPLE_ONLY,
    "DELETE /api/keys/{key_id}": PEOPLE_ONLY,
}


def allow(given: Collection[Scope] | None, endpoint: str) -> bool:
    """Whether these scopes reach an endpoint; None are a person's, who needs none."""
    return given is None or SCOPES.get(endpoint) in given


def closed() -> frozenset[str]:
    """The endpoints that need a scope, or say that they have none."""
    return frozenset(name for name, roles in ACCESS.items() if f" {API}" in name and roles is not None)
