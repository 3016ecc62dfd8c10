"""Who may do what: one table of role × endpoint, which is enforced, tested and shown.

An endpoint that is not in the table does not start, so nothing is reachable by having been forgotten.
"""

from collections.abc import Mapping

from store.records.people import MemberRole
from store.records.policies import SIGNERS

PUBLIC: None = None
EVERYONE = frozenset(MemberRole)
WRITERS = frozenset({MemberRole.ADMIN, MemberRole.MARKETER})
ACTORS = WRITERS | {MemberRole.APPROVER}
ENGINEERS = frozenset({MemberRole.ADMIN, MemberRole.ANALYST, MemberRole.MARKETER})
AUDITORS = EVERYONE - {MemberRole.VIEWER}
ADMINS = frozenset({MemberRole.ADMIN})

ACCESS: Mapping[str, frozenset[MemberRole] | None] = {
    # pages
    "GET /login": PUBLIC,
    "POST /login": PUBLIC,
    "POST /logout": EVERYONE,
    "GET /": EVERYONE,
    "GET /approvals": EVERYONE,
    "GET /actions": EVERYONE,
    "GET /actions/{action_id}": EVERYONE,
    "GET /actions/{action_id}/html": EVERYONE,
    "POST /actions/{action_id}/submit": WRITERS,
    "POST /actions/{action_id}/cancel": ACTORS,
    "POST /actions/{action_id}/approve": SIGNERS,
    "POST /actions/{action_id}/deny": SIGNERS,
    "POST /actions/{action_id}/request-changes": SIGNERS,
    "GET /pixel": EVERYONE,
    "POST /pixel/keys": ADMINS,
    "POST /pixel/keys/revoke": ADMINS,
    "GET /kill-switch": EVERYONE,
    "POST /kill-switch/pull": ACTORS,
    "POST /kill-switch/release": SIGNERS,
    "GET /alerts": EVERYONE,
    "POST /alerts/{alert_id}/acknowledge": WRITERS,
    "GET /audit": AUDITORS,
    "GET /audit/verifications": AUDITORS,
    "GET /audit/export": AUDITORS,
    "POST /audit/verify": AUDITORS,
    "GET /trends": EVERYONE,
    "GET /trends/reading": EVERYONE,
    "POST /trends/read": WRITERS,
    "GET /runs": EVERYONE,
    "GET /dead-letters": EVERYONE,
    "GET /dead-letters/{action_id}": AUDITORS,
    "POST /dead-letters/{action_id}/requeue": WRITERS,
    "POST /dead-letters/{action_id}/resolve": WRITERS,
    "GET /admin": EVERYONE,
    "GET /admin/trends": EVERYONE,
    "GET /admin/approvals": EVERYONE,
    "GET /auth/forward": ENGINEERS,
    # the API
    "GET /docs": PUBLIC,
    "POST /api/auth/login": PUBLIC,
    "GET /api/me": EVERYONE,
    "GET /api/actions": EVERYONE,
    "POST /api/actions": WRITERS,
    "GET /api/actions/{action_id}": EVERYONE,
    "PUT /api/actions/{action_id}": WRITERS,
    "POST /api/actions/{action_id}/submit": WRITERS,
    "POST /api/actions/{action_id}/cancel": ACTORS,
    "POST /api/actions/{action_id}/approve": SIGNERS,
    "POST /api/actions/{action_id}/deny": SIGNERS,
    "POST /api/actions/{action_id}/request-changes": SIGNERS,
    "POST /api/actions/{action_id}/break-glass": ADMINS,
    "GET /api/actions/{action_id}/comments": EVERYONE,
    "POST /api/actions/{action_id}/comments": AUDITORS,
    "GET /api/standing-approvals": EVERYONE,
    "GET /api/standing-approvals/{standing_id}": EVERYONE,
    "POST /api/standing-approvals/{standing_id}/revoke": ACTORS,
    "GET /api/campaigns": EVERYONE,
    "POST /api/campaigns": WRITERS,
    "GET /api/campaigns/{campaign_id}": EVERYONE,
    "PUT /api/campaigns/{campaign_id}": WRITERS,
    "GET /api/campaigns/{campaign_id}/status": EVERYONE,
    "POST /api/campaigns/{campaign_id}/publish": WRITERS,
    "POST /api/campaigns/{campaign_id}/schedule": WRITERS,
    "POST /api/campaigns/{campaign_id}/pause": ACTORS,
    "POST /api/campaigns/{campaign_id}/resume": WRITERS,
    "GET /api/requested-runs/{request_id}": EVERYONE,
    "POST /api/trends/ingest": WRITERS,
    "GET /api/trends/digest": EVERYONE,
    "GET /api/projects": EVERYONE,
    "POST /api/projects": WRITERS,
    "GET /api/projects/{project_id}": EVERYONE,
    "PATCH /api/projects/{project_id}": WRITERS,
    "GET /api/dead-letters": EVERYONE,
    "GET /api/dead-letters/{action_id}": AUDITORS,
    "POST /api/dead-letters/{action_id}/requeue": WRITERS,
    "POST /api/dead-letters/{action_id}/resolve": WRITERS,
    "GET /api/alerts": EVERYONE,
    "POST /api/alerts/{alert_id}/acknowledge": WRITERS,
    "GET /api/links": EVERYONE,
    "POST /api/links": WRITERS,
    "GET /api/links/{link_id}": EVERYONE,
    "GET /api/links/{link_id}/stats": EVERYONE,
    "GET /api/assets": EVERYONE,
    "POST /api/assets": WRITERS,
    "GET /api/assets/{asset_id}": EVERYONE,
    "GET /api/assets/{asset_id}/content": EVERYONE,
    "GET /api/recipients": AUDITORS,
    "POST /api/recipients": WRITERS,
    "GET /api/recipients/active": AUDITORS,
    "GET /api/recipients/{recipient_id}": AUDITORS,
    "PATCH /api/recipients/{recipient_id}": WRITERS,
    "DELETE /api/recipients/{recipient_id}": ADMINS,
    "POST /api/recipients/{recipient_id}/opt-out": ACTORS,
    "POST /api/recipients/{recipient_id}/opt-in": WRITERS,
    "GET /api/groups": EVERYONE,
    "POST /api/groups": WRITERS,
    "GET /api/groups/{group_id}": EVERYONE,
    "PATCH /api/groups/{group_id}": WRITERS,
    "GET /api/groups/{group_id}/recipients": AUDITORS,
    "POST /api/groups/{group_id}/recipients": WRITERS,
    "DELETE /api/groups/{group_id}/recipients/{recipient_id}": WRITERS,
    "GET /api/policy": EVERYONE,
    "PUT /api/policy": ADMINS,
    "GET /api/kill-switch": EVERYONE,
    # releasing through the API asks for the row of the page that releases
    "POST /api/kill-switch": ACTORS,
    "GET /api/audit": AUDITORS,
    "GET /api/tenants": EVERYONE,
    "POST /api/tenants": ADMINS,
    "GET /api/tenants/{tenant_id}": EVERYONE,
    "PATCH /api/tenants/{tenant_id}": ADMINS,
    "GET /api/users": AUDITORS,
    "POST /api/users": ADMINS,
    "GET /api/users/{user_id}": AUDITORS,
    "PATCH /api/users/{user_id}": ADMINS,
    "DELETE /api/users/{user_id}": ADMINS,
    # one's own; those of others are for Admins
    "GET /api/keys": EVERYONE,
    "POST /api/keys": EVERYONE,
    "DELETE /api/keys/{key_id}": EVERYONE,
    # for programs that watch the console
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
}


def allows(role: MemberRole, endpoint: str) -> bool:
    """Whether a role may use an endpoint, named as in the table."""
    roles = ACCESS[endpoint]
    return roles is None or role in roles
