"""A sandbox as a test sees it: its address, a clock to move, a patience that does not sleep, its own counts."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import uvicorn

from connectors import CONNECTORS, POST_LIMITS, insights_reader, mail_sender
from connectors.face import Channel, Connector, Exchange, ReadsInsights, SendsMail, Wire
from connectors.publishing import Declared, Network, Post
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS, create_app, endpoint
from tests.conftest import TRUST

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)


@dataclass
class Sandbox:
    """A running sandbox: pages so small that an account's dozen ads need several of them."""

    page_rows: int = 5
    now: datetime = NOON
    waits: list[float] = field(default_factory=list)
    renewals: list[dict[str, object]] = field(default_factory=list)
    address: str = ""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10, verify=TRUST))

    def reader(self, channel: Channel, *, http: httpx.Client | None = None, **changed: str) -> ReadsInsights:
        """A connector on this sandbox; `changed` credentials replace the right ones."""
        return insights_reader(channel, {**CREDENTIALS[channel], **changed}, self._wire(channel, http))

    def sender(self, channel: Channel, *, http: httpx.Client | None = None, **changed: str) -> SendsMail:
        return mail_sender(channel, {**CREDENTIALS[channel], **changed}, self._wire(channel, http))

    def connector(self, channel: Channel, *, http: httpx.Client | None = None, **changed: str) -> Connector:
        """Whatever the channel can do."""
        return CONNECTORS[channel].connect({**CREDENTIALS[channel], **changed}, self._wire(channel, http))

    def post(self, network: Network, text: str, link: str = "") -> Post:
        """With the picture or the video that the network wants, which the sandbox serves, and what it asks of one."""
        limits = POST_LIMITS[network]
        name = "video.mp4" if limits.shows_video else "picture.jpg"
        image = f"{self.address}/_sandbox/{name}" if limits.needs_image else ""
        declared = Declared(is_made_for_kids=False, is_synthetic=False) if limits.needs_declared else None
        return Post(text=text, link=link, image=image, declared=declared)

    def _wire(self, channel: Channel, http: httpx.Client | None) -> Wire:
        return Wire(
            http=http or self.http,
            endpoint=endpoint(channel, self.address),
            patience=Patience(sleep=self.waits.append, draw=lambda: 0.5),
            clock=lambda: self.now,
            renew=self._renewed,
        )

    def _renewed(self, expired: Mapping[str, Any], exchange: Exchange) -> Mapping[str, Any]:
        fresh = exchange(expired)
        self.renewals.append(dict(fresh))
        return fresh

    def order(self, channel: Channel, fault: str, times: int = 1, **more: float | str) -> None:
        trouble = {"channel": channel, "fault": fault, "times": times, **more}
        self.http.post(f"{self.address}/_sandbox/faults", json=trouble).raise_for_status()

    def forget(self) -> None:
        """No trouble is to come, and nothing was asked or accepted yet."""
        self.http.delete(f"{self.address}/_sandbox/faults").raise_for_status()

    def requests(self, channel: Channel) -> int:
        counted = self.http.get(f"{self.address}/_sandbox/requests").raise_for_status().json()
        return sum(counted.get(channel, {}).values())

    def accepted(self, channel: Channel) -> list[dict[str, Any]]:
        asked = {"channel": channel}
        return self.http.get(f"{self.address}/_sandbox/accepted", params=asked).raise_for_status().json()

    def totals(self, channel: Channel, account: str, since: date, until: date) -> dict[str, Decimal]:
        asked = {"channel": channel, "account": account, "since": str(since), "until": str(until)}
        answer = self.http.get(f"{self.address}/_sandbox/totals", params=asked).raise_for_status()
        return {name: Decimal(str(number)) for name, number in answer.json().items()}


@contextmanager
def running(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Served over real HTTP on a port of its own."""
    app = create_app(clock=lambda: sandbox.now, page_rows=sandbox.page_rows)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    listening = socket.create_server(("127.0.0.1", 0))
    sandbox.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        with sandbox.http:
            yield sandbox
    finally:
        server.should_exit = True
        thread.join()
