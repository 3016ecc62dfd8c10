"""How often people followed the links that have a limit: counted in Postgres, since all processes share the limit."""

import asyncio
import logging
from time import monotonic
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from collector.leading import Ending
from store.settings import Role, Settings

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 2
MOST_WAITING = 200
LONGEST_WAIT_SECONDS = 1.0
# While Postgres is away only one request a second finds out whether it is back.
REST_SECONDS = 1.0

# One statement, so that of two people who come for the last use one gets it, whichever process they meet.
_USE = """
insert into link_uses (tenant_id, link_id, used)
select tenant_id, id, 1 from links where id = %(link)s
on conflict (tenant_id, link_id) do update set used = link_uses.used + 1
where link_uses.used < (select max_clicks from links where id = %(link)s)
returning used
"""
_LOOK = """
select 1
from links left join link_uses on link_uses.tenant_id = links.tenant_id and link_uses.link_id = links.id
where links.id = %(link)s and coalesce(link_uses.used, 0) < links.max_clicks
"""


class Uses:
    """Opens no connection before the first link with a limit is followed."""

    def __init__(self, settings: Settings) -> None:
        url = settings.postgres_url(Role.EDGE, "postgresql")
        self._pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]](
            make_conninfo(url, connect_timeout=2, options="-c statement_timeout=1000"),
            min_size=0,
            max_size=MOST_CONNECTIONS,
            max_waiting=MOST_WAITING,
            timeout=LONGEST_WAIT_SECONDS,
            kwargs={"autocommit": True},
            check=AsyncConnectionPool.check_connection,
            open=False,
            name="limited links",
        )
        self._opening = asyncio.Lock()
        self._away_until = 0.0

    async def ending(self, link_id: int, *, is_person: bool) -> Ending | None:
        """Why the link leads no further; a person who is let through has used it once, a program has not."""
        if monotonic() < self._away_until:
            return Ending.UNCOUNTED
        asking = asyncio.create_task(self._ask(_USE if is_person else _LOOK, link_id))
        # A server that hangs says nothing, and giving a question up takes psycopg seconds: nobody waits for that.
        await asyncio.wait([asking], timeout=LONGEST_WAIT_SECONDS)
        try:
            if not asking.done():
                asking.cancel()
                raise TimeoutError("Postgres does not answer")
            return None if asking.result() else Ending.USED_UP
        except TooManyRequests:
            return Ending.UNCOUNTED
        except (psycopg.Error, PoolTimeout, OSError) as error:
            self._away_until = monotonic() + REST_SECONDS
            logger.warning("links with a limit go to their fallback: %s", str(error)[:300])
            return Ending.UNCOUNTED

    async def _ask(self, question: LiteralString, link_id: int) -> bool:
        """Whether the link may be followed once more."""
        async with self._opening:
            await self._pool.open()
        async with self._pool.connection() as connection:
            found = await connection.execute(question, {"link": link_id})
            return await found.fetchone() is not None

    async def close(self) -> None:
        await self._pool.close(timeout=LONGEST_WAIT_SECONDS)
