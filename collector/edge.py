"""The ASGI application: which door a request goes to, and what is opened and closed with the process.

The hot doors are plain ASGI on bytes, before any middleware; everything else is FastAPI's.
"""

import asyncio
import logging

from collector import redirecting
from collector.collecting import Collecting
from collector.directory import Directory, Refresher
from collector.edge_log import EdgeLog, volumes
from collector.metrics import Metrics
from collector.pages import Condition, ordinary_routes
from collector.redirecting import Redirecting
from collector.requests import Receive, Scope, Send
from collector.shipping import Shipper
from store.settings import Service, Settings

logger = logging.getLogger(__name__)


class Edge:
    """One collector process."""

    def __init__(self, settings: Settings) -> None:
        metrics = Metrics()
        directory = Directory()
        volume = volumes.create(settings.data_dir / "spool")
        self._log = EdgeLog(volume, metrics, spool_limit=settings.spool_max_bytes)
        self._log.spool_bytes = volumes.bytes_used(volume.path.parent)
        self._shipper = Shipper(settings, self._log, metrics)
        self._refresher = Refresher(settings, directory)
        metrics.gauge("links", lambda: directory.link_count)
        collecting = Collecting(settings, directory, self._log, metrics)
        redirects = Redirecting(settings.address(Service.COLLECTOR), directory, self._log, metrics)
        self._follow_link = redirects.follow
        self._hot = {
            "/collect": collecting.from_pages,
            "/attribution/collect": collecting.from_pages,
            "/events": collecting.from_servers,
            "/pixel.gif": collecting.from_images,
        }
        self._ordinary = ordinary_routes(Condition(directory, self._log, self._shipper), metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if door := self._hot.get(path):
                await door(scope, receive, send)
            elif path.startswith(redirecting.PREFIX):
                await self._follow_link(scope, receive, send)
            else:
                await self._ordinary(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Between start and stop; at the end nothing that was answered is left unwritten."""
        await receive()
        self._refresher.start()
        self._shipper.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._log.close()
        await self._refresher.stop()
        await asyncio.to_thread(self._shipper.stop)
        logger.info("stopped; everything answered is on disk")
        await send({"type": "lifespan.shutdown.complete"})
