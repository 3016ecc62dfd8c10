"""Bitly's token in the settings: it connects the default tenant, as long as that has connected nothing there itself."""

import httpx
from sqlalchemy import select

from connectors import CONNECTORS
from connectors.face import Channel, Connector, Endpoint, Wire
from connectors.retries import Patience
from marketing_pipelines.connections import apps
from store.records import tenants
from store.records.connections import Connection, ConnectionStatus
from store.records.database import Session
from store.records.schema import TenantId
from store.settings import Settings

CHANNEL = Channel.BITLY


def connects(settings: Settings, session: Session) -> TenantId | None:
    """The tenant that is connected by it; None where there is no token, no such tenant, or a connection of its own."""
    if not settings.bitly_token.get_secret_value() or not settings.default_tenant:
        return None
    tenant = tenants.by_slug(session, settings.default_tenant)
    if tenant is None or _has_connected(session, tenant.id):
        return None
    return tenant.id


def opened(settings: Settings, http: httpx.Client, patience: Patience) -> Connector:
    """Nothing renews it, and no connection's row is kept of it."""
    endpoint = Endpoint.from_options(apps.elsewhere(settings, CHANNEL))
    token = settings.bitly_token.get_secret_value()
    wire = Wire(http=http, endpoint=endpoint, patience=patience)
    return CONNECTORS[CHANNEL].connect({"access_token": token}, wire)


def _has_connected(session: Session, tenant: TenantId) -> bool:
    own = select(Connection.id).where(
        Connection.tenant_id == tenant,
        Connection.channel == CHANNEL,
        Connection.status != ConnectionStatus.DISCONNECTED,
    )
    return session.scalar(own.limit(1)) is not None
