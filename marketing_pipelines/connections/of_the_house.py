"""What the settings of the house connect by themselves, for its default tenant, beside what people connect."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import SecretStr

from connectors import CONNECTORS
from connectors.face import Channel
from marketing_pipelines.connections import apps
from store import records
from store.audit import Actor, ActorKind
from store.records import connections, tenants
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.database import Session
from store.records.tenants import Tenant
from store.settings import Role, Settings

_ACTOR = Actor(ActorKind.SENSOR, "house_connections")
# Among a connection's options.
_MARK = "by_settings"


def keep_up(settings: Settings) -> str:
    """Connects what is named and not connected yet, or named anew, and says what it did.

    What somebody has disconnected stays so; what is named no more stays until somebody disconnects it.
    """
    named = _named(settings)
    if not named:
        return "The settings name nothing that is to be connected."
    with records.session(settings, Role.PIPELINES) as session:
        tenant = tenants.by_slug(session, settings.default_tenant) if settings.default_tenant else None
        if tenant is None:
            titles = " and ".join(CONNECTORS[channel].title for channel in named)
            return f"{titles} wait for the tenant that DEFAULT_TENANT names: there is none yet."
        kept = (_keep(session, settings, tenant, channel, token) for channel, token in named.items())
        return " ".join(kept)


def keeps(row: Connection) -> bool:
    """Whether the settings connect it."""
    return bool(row.options.get(_MARK)) and row.status is not ConnectionStatus.DISCONNECTED


def _named(settings: Settings) -> Mapping[Channel, str]:
    tokens: dict[Channel, SecretStr] = {
        Channel.BITLY: settings.bitly_token,
        Channel.BUFFER: settings.buffer_token,
    }
    given = {channel: token.get_secret_value() for channel, token in tokens.items()}
    return MappingProxyType({channel: token for channel, token in given.items() if token})


def _keep(session: Session, settings: Settings, tenant: Tenant, channel: Channel, token: str) -> str:
    credentials, title = {"access_token": token}, CONNECTORS[channel].title
    listed = connections.listed(session, tenant.id)
    row = next((it for it in listed if it.channel == channel and it.options.get(_MARK)), None)
    if row is None:
        options = {**apps.elsewhere(settings, channel), _MARK: True}
        connections.connect(
            session, settings, _ACTOR, tenant.id, channel, title, credentials, options=options
        )
        return f"{title} is connected for {tenant.slug}."
    if row.status is ConnectionStatus.DISCONNECTED:
        return f"Somebody has disconnected {title}, and it stays so."
    if _held(session, settings, row) == token:
        return f"{title} is connected."
    connections.reconnect(session, settings, _ACTOR, row, credentials, ())
    return f"{title} is connected for {tenant.slug} by another token."


def _held(session: Session, settings: Settings, row: Connection) -> str:
    """Nothing where it does not open."""
    try:
        return str(connections.opened(session, settings, row).get("access_token", ""))
    except Unreadable:
        return ""
