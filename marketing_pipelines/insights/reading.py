"""Reading: how providers are reached where nobody waits for the answer, and what becomes of a reading that fails."""

import httpx

from connectors import public_network
from connectors.errors import AuthExpired, AuthRevoked, ChannelError
from marketing_pipelines.connections import opening
from store.records.connections import Connection, Unreadable
from store.records.schema import ConnectionId
from store.settings import Settings

LONGEST_ERROR = 1000
_PATIENCE = httpx.Timeout(60, connect=10)


def at_providers(settings: Settings, what: str) -> httpx.Client:
    """A client that says what is read."""
    return public_network.client(
        allow_private=not settings.production,
        user_agent=f"MarketingPipelines/0.1 ({what})",
        timeout=_PATIENCE,
    )


def told(settings: Settings, connection: Connection, trouble: ChannelError | Unreadable) -> str:
    """The reason as it is shown; what only a person can mend is the connection's own trouble too."""
    if isinstance(trouble, (AuthExpired, AuthRevoked, Unreadable)):
        opening.note_trouble(settings, ConnectionId(connection.id), trouble)
    return str(trouble)[:LONGEST_ERROR]
