"""Opening a connection: its credentials, its address, and the one way in which its tokens are renewed."""

from collections.abc import Mapping
from typing import Any

import httpx

from connectors import CONNECTORS
from connectors.errors import AuthRevoked
from connectors.face import Channel, Connector, Endpoint, Exchange, Wire
from connectors.retries import Patience
from marketing_pipelines.connections import spending
from store import records
from store.records import connections
from store.records.connections import Connection, ConnectionStatus
from store.records.schema import ConnectionId
from store.settings import Role, Settings


def open_connection(
    settings: Settings,
    row: Connection,
    http: httpx.Client,
    patience: Patience,
    *,
    role: Role = Role.PIPELINES,
) -> Connector:
    """The connection's connector, for a process that has the role; a token that it renews is saved before it is used."""
    with records.session(settings, role, tenant=row.tenant_id) as session:
        credentials = connections.opened(session, settings, row)

    def renew(expired: Mapping[str, Any], exchange: Exchange) -> Mapping[str, Any]:
        return _renewed(settings, role, row, expired, exchange)

    counted = spending.within_budgets(settings, role, row, http, patience)
    wire = Wire(http=counted, endpoint=Endpoint.from_options(row.options), patience=patience, renew=renew)
    return CONNECTORS[Channel(row.channel)].connect(credentials, wire)


def _renewed(
    settings: Settings, role: Role, row: Connection, expired: Mapping[str, Any], exchange: Exchange
) -> Mapping[str, Any]:
    """Under the row's lock: one worker exchanges the token, and those who waited find the new one."""
    with records.session(settings, role, tenant=row.tenant_id) as session:
        kept = session.get_one(Connection, row.id, with_for_update=True)
        if kept.status is ConnectionStatus.DISCONNECTED:
            raise AuthRevoked(what="it was disconnected meanwhile", where=row.name)
        held = connections.opened(session, settings, kept)
        if held.get("access_token") != expired.get("access_token"):
            return held
        fresh = exchange(expired)
        connections.keep(session, settings, kept, fresh)
    return fresh


def note_trouble(settings: Settings, number: ConnectionId, error: Exception) -> None:
    """What only a person can mend is said by the connection itself."""
    with records.session(settings, Role.PIPELINES) as session:
        row = session.get(Connection, number, with_for_update=True)
        if row is not None and row.status is ConnectionStatus.CONNECTED:
            connections.mark_broken(row, error)
