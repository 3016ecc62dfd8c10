"""The ASGI application: which door a request goes to, and what is opened and closed with the process.

The hot doors are plain ASGI on bytes, before any middleware; everything else is FastAPI's.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from collector import answers, connections, receiving, redirecting, unsubscribing
from collector.addresses import Atlas, Proxies
from collector.collecting import Collecting
from collector.condition import Condition
from collector.directory import Directory, Refresher
from collector.edge_log import EdgeLog, volumes
from collector.limits import Window
from collector.metrics import Metrics
from collector.pages import ordinary_routes
from collector.receiving import Receiving
from collector.redirecting import Redirecting
from collector.rejections import Rejections
from collector.requests import Receive, Request, Scope, Send
from collector.unsubscribing import Unsubscribing
from marketing_pipelines.events import user_agents
from marketing_pipelines.events.countries import Places
from marketing_pipelines.events.crawlers import VerifiedBots
from store import unsubscribe_tokens
from store.settings import Settings

logger = logging.getLogger(__name__)

Door = Callable[[Request, Send], Awaitable[None]]


class Edge:
    """One collector process."""

    def __init__(self, settings: Settings) -> None:
        self._metrics = Metrics()
        self._slowest_seconds = settings.collector_slowest_seconds
        self._proxies = Proxies(settings.forwarded_allow_ips.split(","))
        directory = Directory()
        spool = settings.data_dir / "spool"
        self._log = EdgeLog(volumes.create(spool), self._metrics, spool_limit=settings.spool_max_bytes)
        self._condition = Condition(spool, directory, self._log, self._metrics)
        self._refresher = Refresher(settings, directory)
        self._rejections = Rejections(self._log, self._metrics)
        atlas = Atlas(
            Places(settings.city_database, settings.network_database),
            VerifiedBots(settings.crawler_ranges_dir),
        )
        from_addresses = Window()
        collecting = Collecting(
            settings, directory, atlas, from_addresses, self._log, self._rejections, self._metrics
        )
        self._redirecting = Redirecting(settings, directory, atlas, from_addresses, self._log, self._metrics)
        key = settings.derived(unsubscribe_tokens.PURPOSE)
        unsubscribes = Unsubscribing(key, self._log, self._metrics)
        self._receiving = Receiving(directory, self._log, self._metrics)
        self._hot: dict[str, Door] = {
            "/collect": collecting.from_pages,
            "/attribution/collect": collecting.from_pages,
            "/events": collecting.from_servers,
            "/pixel.gif": collecting.from_images,
        }
        self._by_prefix: tuple[tuple[str | tuple[str, ...], Door], ...] = (
            (redirecting.PREFIX, self._redirecting.follow),
            (unsubscribing.PREFIX, unsubscribes.leave),
            (receiving.PREFIXES, self._receiving.take),
        )
        connections.watched_by(self._metrics)
        self._ordinary = ordinary_routes(settings, self._condition, self._metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if door := self._door(scope["path"]):
                await self._enter(door, Request(scope, receive, self._proxies), send)
            else:
                await self._ordinary(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    def _door(self, path: str) -> Door | None:
        if door := self._hot.get(path):
            return door
        return next((door for prefix, door in self._by_prefix if path.startswith(prefix)), None)

    async def _enter(self, door: Door, request: Request, send: Send) -> None:
        """A fault of ours is one request's, and whoever reports it can name it."""
        try:
            await door(request, send)
        except Exception:
            logger.exception("request %s failed", request.id)
            body = answers.problem(
                500, "Our fault", "Something went wrong here; the log has it under this id.",
                reason="our_fault", request_id=request.id,
            )  # fmt: skip
            await answers.answer(send, 500, answers.PROBLEM, body)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Between start and stop; at the end nothing that was answered is left unwritten."""
        await receive()
        user_agents.prepare()  # links with a limit or targets ask at once
        await self._refresher.start()
        each_second = asyncio.create_task(self._each_second())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        each_second.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await each_second
        self._rejections.write_down_the_rest()
        await self._receiving.close()
        await self._redirecting.close()
        await self._log.close()
        await self._refresher.stop()
        logger.info("stopped; everything answered is on disk")
        await send({"type": "lifespan.shutdown.complete"})

    async def _each_second(self) -> None:
        while True:
            self._rejections.write_down_the_rest()
            await self._condition.look_around()
            connections.cut_the_slow(monotonic(), self._slowest_seconds)
            await asyncio.sleep(1)
