"""What pages that are open hear: that records of their tenant have changed, as Postgres itself tells it.

Each console process listens on one connection. A notice says which tenant and nothing else: pages ask for what they
show, and are admitted for it, as ever.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import psycopg

from console.door.problems import Refused
from store.records.changes import CHANNEL
from store.records.schema import TenantId
from store.settings import Role, Settings

# How many streams a tenant may have open at a process; who comes after them has a page that stands still.
MOST_LISTENERS = 500
TRIES_AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Changes:
    """Hands what Postgres tells on to those who listen for a tenant."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.postgres_url(Role.CONSOLE, driver="postgresql")
        self._listeners: defaultdict[TenantId, set[asyncio.Event]] = defaultdict(set)

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """While the block runs, notices are heard."""
        task = asyncio.create_task(self._hear_for_ever(), name="changes")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @contextmanager
    def of(self, tenant: TenantId) -> Iterator[asyncio.Event]:
        """An event that is set whenever the tenant's records have changed."""
        listeners = self._listeners[tenant]
        if len(listeners) >= MOST_LISTENERS:
            raise Refused(
                503, "Too many pages of this tenant are told of changes already; this one stands still."
            )
        told = asyncio.Event()
        listeners.add(told)
        try:
            yield told
        finally:
            listeners.discard(told)
            if not listeners:
                self._listeners.pop(tenant, None)

    async def _hear_for_ever(self) -> None:
        while True:
            try:
                await self._hear()
            except psycopg.Error as error:
                log.warning("changes are not heard: %s", type(error).__name__)
            await asyncio.sleep(TRIES_AGAIN_SECONDS)

    async def _hear(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True, connect_timeout=5)
        async with connection:
            await connection.execute(f"listen {CHANNEL}")
            # Nobody knows what was told while nobody listened.
            self._tell_all()
            async for notice in connection.notifies():
                if notice.payload.isdecimal():
                    self._tell(TenantId(int(notice.payload)))
                else:
                    self._tell_all()

    def _tell(self, tenant: TenantId) -> None:
        for told in self._listeners.get(tenant, ()):
            told.set()

    def _tell_all(self) -> None:
        for tenant in self._listeners:
            self._tell(tenant)
