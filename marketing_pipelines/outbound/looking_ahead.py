"""Looking ahead: a provider looks through what it is to be told, before anybody is asked to sign it."""

import httpx

from connectors import public_network
from connectors.errors import ChannelError, Invalid
from connectors.retries import Patience
from marketing_pipelines.connections import opening
from marketing_pipelines.outbound import kinds, payloads
from marketing_pipelines.outbound.kinds.face import NotReady, Payload
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection
from marketing_pipelines.outbound.preflight import Finding, Severity
from store import records
from store.records import connections
from store.records.actions import Action
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.schema import TenantId
from store.settings import Role, Settings

USER_AGENT = "marketing-pipelines"
# Somebody waits for it.
_PATIENCE = httpx.Timeout(10.0, connect=5.0)


def look_ahead(settings: Settings, action: Action, *, role: Role) -> list[Finding]:
    """What stands out of what the provider says; what it would refuse is NotReady.

    The action is not locked meanwhile: whoever freezes it sees to it that it is still the one that was looked through.
    """
    kind = kinds.of(action.type)
    payload = payloads.parse(action.type, action.payload)
    if action.dry_run or not isinstance(kind, ThroughConnection) or not kind.is_looked_through(payload):
        return []
    connection = _connection(settings, action.tenant_id, kind, payload, role)
    if connection is None:
        return []
    try:
        with public_network.client(
            allow_private=not settings.production, user_agent=USER_AGENT, timeout=_PATIENCE
        ) as http:
            opened = opening.open_connection(settings, connection, http, Patience(attempts=1), role=role)
            kind.look_through(opened, payload)
    except Invalid as wrong:
        raise NotReady(wrong.field or kind.main_field, wrong.what) from None
    except (ChannelError, Unreadable) as away:
        told = f"Nobody there could look through it beforehand: {away}"
        return [Finding("not_looked_through", Severity.WARNING, told[:500])]
    return []


def _connection(
    settings: Settings, tenant: TenantId, kind: ThroughConnection[Payload], payload: Payload, role: Role
) -> Connection | None:
    """None where nothing is connected: it goes as far as a rehearsal."""
    with records.session(settings, role, tenant=tenant) as session:
        place = kind.destination(session, tenant, payload)
        row = connections.named(session, tenant, place.connection) if place else None
    return None if row is None or row.status is ConnectionStatus.DISCONNECTED else row
