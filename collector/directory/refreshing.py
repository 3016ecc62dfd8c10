"""Keeps the directory current: Postgres says which link or key changed, and everything is read again after a gap."""

import asyncio
import contextlib
import logging
import random
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from collector.directory import reading
from collector.directory.known import Directory
from collector.visitors import MS_A_DAY
from store.clock import now_ms
from store.settings import Role, Settings

logger = logging.getLogger(__name__)

LINKS, CAMPAIGNS, BLOCKED_HOSTS, KEYS = "links", "campaigns", "blocked_hosts", "collector_keys"
# After so long a silence the connection is tried, and what ends by the clock (a secret that retires) is looked at.
LOOK_AGAIN_SECONDS = 5.0
LONGEST_BACK_OFF_SECONDS = 15.0
FIRST_LOAD_SECONDS = 5.0
CONNECTION = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}


class Refresher:
    """A task that follows the records as long as the process lives."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory
        self._task: asyncio.Task[None] | None = None
        self._loaded = asyncio.Event()

    async def start(self) -> None:
        """Returns once the directory is loaded, or soon: without Postgres a process comes up all the same."""
        self._task = asyncio.create_task(self._follow())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._loaded.wait(), FIRST_LOAD_SECONDS)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except* Exception as errors:  # noqa: BLE001 (a refresher that dies would freeze keys and links)
                failures = 1 if self._directory.is_fresh else failures + 1
                self._directory.is_fresh = False
                if failures == 1:
                    logger.warning("links and keys stay as they were: %s", str(errors.exceptions[0])[:300])
                longest = min(LONGEST_BACK_OFF_SECONDS, 0.5 * 2 ** min(failures, 8))
                await asyncio.sleep(random.uniform(0.2, longest))  # noqa: S311 (jitter)

    async def _listen(self) -> None:
        """Listens first and reads then, so that nothing falls between the two."""
        url = make_conninfo(self._settings.postgres_url(Role.EDGE, "postgresql"), **CONNECTION)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            for channel in (LINKS, CAMPAIGNS, BLOCKED_HOSTS, KEYS):
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            await self._read_keys()
            await self._read_block_list()
            self._directory.is_fresh = True
            # A million links take their time, and nothing else waits for them.
            heard = asyncio.Queue[psycopg.Notify]()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_links(heard))
                while True:
                    notices = await _next_notices(connection)
                    if not notices:
                        async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                            await connection.execute("select 1")
                    for notice in notices:
                        heard.put_nowait(notice)
                    if not notices or _numbers(notices, KEYS):
                        await self._read_keys()
                    if _numbers(notices, BLOCKED_HOSTS):
                        await self._read_block_list()

    async def _follow_links(self, heard: asyncio.Queue[psycopg.Notify]) -> None:
        """Reads all, and then those that change; what changes while all are read is read again after them."""
        await asyncio.to_thread(self._read_links)
        self._directory.knows_links = True
        self._loaded.set()
        logger.info("%d links and %d keys known", len(self._directory.links), len(self._directory.keys))
        while True:
            notices = [await heard.get(), *(heard.get_nowait() for _ in range(heard.qsize()))]
            if changed := _numbers(notices, LINKS):
                await asyncio.to_thread(self._read_changed_links, changed)
            if renamed := _numbers(notices, CAMPAIGNS):
                await asyncio.to_thread(self._read_links_of_campaigns, renamed)

    def _read_links(self) -> None:
        links = self._directory.links
        if links.learn_each(reading.all_links(self._settings)) < len(links):
            # Some were deleted while nobody listened.
            links.forget_all_but(reading.slugs(self._settings))

    def _read_changed_links(self, changed: list[int]) -> None:
        self._directory.links.learn(changed, reading.links(self._settings, changed))

    def _read_links_of_campaigns(self, renamed: list[int]) -> None:
        """A campaign that is called otherwise changes the target of its links."""
        self._directory.links.learn((), reading.links_of_campaigns(self._settings, renamed))

    async def _read_block_list(self) -> None:
        self._directory.block_list = await asyncio.to_thread(reading.block_list, self._settings)

    async def _read_keys(self) -> None:
        self._directory.learn_senders(await asyncio.to_thread(reading.senders, self._settings))
        # Made ahead, so that they need not be looked for each time.
        if now_ms() // MS_A_DAY + 1 not in self._directory.salts:
            self._directory.salts = await asyncio.to_thread(reading.salts, self._settings)


async def _next_notices(connection: psycopg.AsyncConnection[Any]) -> list[psycopg.Notify]:
    """All that have come, so that many changes are read at once; none after a while."""
    notices = [notice async for notice in connection.notifies(timeout=LOOK_AGAIN_SECONDS, stop_after=1)]
    return notices + [notice async for notice in connection.notifies(timeout=0)] if notices else []


def _numbers(notices: list[psycopg.Notify], channel: str) -> list[int]:
    return sorted(
        {int(notice.payload) for notice in notices if notice.channel == channel and notice.payload.isdigit()}
    )
