"""What the settings of the house connect by themselves, for its default tenant, beside what people connect."""

from connectors import CONNECTORS
from connectors.face import Channel
from marketing_pipelines.connections import apps
from store import records
from store.audit import Actor, ActorKind
from store.records import connections, tenants
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.database import Session
from store.settings import Role, Settings

_ACTOR = Actor(ActorKind.SENSOR, "house_connections")
# Among a connection's options.
_MARK = "by_settings"


def keep_up(settings: Settings) -> str:
    """Connects what is named and not connected yet, or named anew, and says what it did.

    What somebody has disconnected stays so; what is named no more stays until somebody disconnects it.
    """
    token = settings.buffer_token.get_secret_value()
    if not token:
        return "The settings name nothing that is to be connected."
    with records.session(settings, Role.PIPELINES) as session:
        tenant = tenants.by_slug(session, settings.default_tenant) if settings.default_tenant else None
        if tenant is None:
            return "BUFFER_TOKEN waits for the tenant that DEFAULT_TENANT names: there is none yet."
        credentials = {"access_token": token}
        row = next((it for it in connections.listed(session, tenant.id) if _is_ours(it)), None)
        if row is None:
            connections.connect(
                session,
                settings,
                _ACTOR,
                tenant.id,
                Channel.BUFFER,
                CONNECTORS[Channel.BUFFER].title,
                credentials,
                options={**apps.elsewhere(settings, Channel.BUFFER), _MARK: True},
            )
            return f"Buffer is connected for {tenant.slug}."
        if row.status is ConnectionStatus.DISCONNECTED:
            return "Somebody has disconnected Buffer, and it stays so."
        if _held(session, settings, row) == token:
            return "Buffer is connected."
        connections.reconnect(session, settings, _ACTOR, row, credentials, ())
        return f"Buffer is connected for {tenant.slug} by another token."


def keeps(row: Connection) -> bool:
    """Whether the settings connect it."""
    return bool(row.options.get(_MARK)) and row.status is not ConnectionStatus.DISCONNECTED


def _is_ours(row: Connection) -> bool:
    return row.channel == Channel.BUFFER and bool(row.options.get(_MARK))


def _held(session: Session, settings: Settings, row: Connection) -> str:
    """Nothing where it does not open."""
    try:
        return str(connections.opened(session, settings, row).get("access_token", ""))
    except Unreadable:
        return ""
