"""What takes messages from us: what carries mail, the web hooks of the settings and the tenants' connections, opened once a run."""

from contextlib import ExitStack
from datetime import datetime
from functools import cached_property

import httpx

from connectors import public_network
from connectors.errors import AuthRevoked, Forbidden
from connectors.face import Connector, SendsMail
from connectors.retries import Patience
from marketing_pipelines.connections import opening
from marketing_pipelines.outbound import mail_server
from store import records
from store.records import connections
from store.records.connections import ConnectionStatus, Unreadable
from store.records.schema import ConnectionId, TenantId
from store.settings import Role, Settings

_PATIENCE = httpx.Timeout(15.0, connect=5.0)
# For what is only looked at on the way; a lease lasts two minutes.
_TRIES = Patience(attempts=3, total=60.0)


class Carriers:
    """The connections of one run, each opened when the first message needs it."""

    def __init__(self, settings: Settings, closing: ExitStack) -> None:
        self._settings, self._closing = settings, closing
        self._opened: dict[tuple[ConnectionId, datetime], Connector] = {}

    @cached_property
    def mail(self) -> SendsMail:
        return self._closing.enter_context(mail_server.connect(self._settings))

    def through(self, tenant: TenantId, number: ConnectionId) -> Connector:
        """The connection's connector, opened anew once somebody has changed the connection."""
        with records.session(self._settings, Role.PIPELINES, tenant=tenant) as session:
            row = connections.named(session, tenant, number)
        if row is None or row.status is ConnectionStatus.DISCONNECTED:
            raise Forbidden(what="is no longer connected", where=f"connection {number}")
        known = (number, row.changed_at)
        if known not in self._opened:
            try:
                self._opened[known] = opening.open_connection(self._settings, row, self.web, _TRIES)
            except Unreadable as why:
                raise AuthRevoked(what=str(why), where=row.name) from why
        return self._opened[known]

    @cached_property
    def web(self) -> httpx.Client:
        """For addresses that somebody typed: in production they lead to the public network only."""
        return self._closing.enter_context(
            public_network.client(
                allow_private=not self._settings.production,
                user_agent="marketing-pipelines",
                timeout=_PATIENCE,
            )
        )
