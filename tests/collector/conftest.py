"""Real collector processes, each with a spool and a port of its own, on the session's stores."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from collector import signature
from collector.click_ids import ClickIds
from store import events, records, secrets
from store.records.campaigns import Campaign
from store.records.collector_keys import CollectorKey, KeyKind
from store.records.links import Link
from store.records.schema import CampaignId, TenantId
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings
from tests.conftest import wait_until

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SHOP = "https://shop.example"


@dataclass(frozen=True)
class Collector:
    """A running collector and how to speak to it."""

    process: subprocess.Popen[bytes]
    shipper: subprocess.Popen[bytes] | None
    http: httpx.Client
    data: Path
    log: Path

    def collect(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post("/collect", content=content, headers=headers)

    def metric(self, line: str) -> float:
        """The value of one line of /metrics; 0 while nothing was counted."""
        for found in self.http.get("/metrics").text.splitlines():
            if found.startswith(f"{line} "):
                return float(found.rpartition(" ")[2])
        return 0.0


def environment(settings: Settings, data: Path, **given: str) -> dict[str, str]:
    """A collector's own port and spool, with the session's stores behind it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        **os.environ,
        "DATA_DIR": str(data),
        "PORT_BASE": str(port - list(Service).index(Service.COLLECTOR)),
        "SECRET_KEY": settings.root_secret.decode(),
        "DATABASE_URL": settings.postgres_url(Role.EDGE, "postgresql"),
        "CLICKHOUSE_URL": settings.clickhouse_address(),
        **given,
    }


@contextmanager
def running_collector(
    given: dict[str, str], *, takes_events: bool = True, ships: bool = True, within: Sequence[str] = ()
) -> Iterator[Collector]:
    """A collector that answers, and by default one that takes events already, and its spool's shipper.

    `within` are the words of a command that runs another one in a place of its own.
    """
    data = Path(given["DATA_DIR"])
    log = data / "collector.log"
    port = int(given["PORT_BASE"]) + list(Service).index(Service.COLLECTOR)
    with log.open("ab") as output:
        process = started("collector", given, output, within)
        shipper = started("collector.shipping", given, output, within) if ships else None
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"User-Agent": PERSON}, timeout=20)
    path = "/readyz" if takes_events else "/healthz"
    try:
        wait_until("the collector", lambda: process.poll() is not None or answers(http, path), 120)
        assert process.poll() is None, log.read_text()
        yield Collector(process, shipper, http, data, log)
    finally:
        http.close()
        for running in (process, shipper):
            if running is not None and running.poll() is None:
                running.send_signal(signal.SIGTERM)
                running.wait(20)


def started(
    module: str, given: dict[str, str], output: IO[bytes], within: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*within, sys.executable, "-m", module], env=given, stdout=output, stderr=subprocess.STDOUT
    )


def answers(http: httpx.Client, path: str) -> bool:
    try:
        return http.get(path).status_code == 200
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Site:
    """A tenant with its keys, a campaign and a link."""

    tenant: TenantId
    slug: str
    browser_key: str
    server_key: str
    server_secret: str
    link: str
    link_id: int
    campaign_id: int


@pytest.fixture(scope="module")
def site(settings: Settings) -> Site:
    return make_site(settings)


def make_site(settings: Settings, **privacy: str) -> Site:
    unique = uuid.uuid4().hex[:10]
    server_key, secret = f"sk_{unique}", uuid.uuid4().hex
    sealed = secrets.encrypt(settings.derived("collector-keys"), secret, bound_to=server_key)
    with records.session(settings, Role.OWNER) as session:
        tenant = Tenant(slug=f"edge-{unique}", name="Edge", **privacy)
        session.add(tenant)
        session.flush()
        campaign = Campaign(tenant_id=tenant.id, name="Spring", utm_campaign=f"spring-{unique}")
        session.add(campaign)
        session.flush()
        link = Link(
            tenant_id=tenant.id,
            slug=f"go-{unique}",
            target_url="https://shop.example/coats?size=m#top",
            campaign_id=CampaignId(campaign.id),
            channel="email",
        )
        keys = [
            CollectorKey(
                tenant_id=tenant.id, kind=KeyKind.BROWSER, public_key=f"pk_{unique}", origins=[SHOP]
            ),
            CollectorKey(
                tenant_id=tenant.id, kind=KeyKind.SERVER, public_key=server_key, secret_sealed=sealed
            ),
        ]
        session.add_all([link, *keys])
        session.flush()
        return Site(
            tenant.id,
            tenant.slug,
            f"pk_{unique}",
            server_key,
            secret,
            link.slug,
            link.id,
            campaign.id,
        )


@pytest.fixture(scope="module")
def collector(
    settings: Settings, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    """One collector for the tests of a module; keyless events belong to the module's site."""
    given = environment(settings, tmp_path_factory.mktemp("edge"), DEFAULT_TENANT=site.slug)
    with running_collector(given) as running:
        yield running


@pytest.fixture(scope="module")
def warehouse(settings: Settings) -> Iterator[events.Client]:
    client = events.connect(settings)
    yield client
    client.close()


def stored(client: events.Client, tenant: int, event_id: str) -> list[dict[str, Any]]:
    """The rows of one event, as they are and not deduplicated."""
    found = client.query(
        "select * from raw.events where tenant_id = {tenant:Int64} and event_id = {id:String}",
        parameters={"tenant": tenant, "id": event_id},
    )
    return list(found.named_results())


def arrived(client: events.Client, tenant: int, event_id: str) -> dict[str, Any]:
    """The one row of an event, once the shipper has brought it."""
    wait_until(f"event {event_id}", lambda: bool(stored(client, tenant, event_id)), 30)
    [row] = stored(client, tenant, event_id)
    return row


def rejections(client: events.Client, reason: str, payload: str) -> list[dict[str, Any]]:
    found = client.query(
        "select * from raw.rejected where reason = {reason:String} and position(payload, {payload:String}) > 0",
        parameters={"reason": reason, "payload": payload},
    )
    return list(found.named_results())


def signed_click(settings: Settings, site: Site, click: str) -> str:
    """What a short link's target would carry of this click."""
    return ClickIds(settings.derived("click-ids")).signed(site.tenant, click)


def sign_headers(
    site: Site, body: bytes, *, secret: str = "", timestamp: int | None = None
) -> dict[str, str]:
    moment = int(time.time()) if timestamp is None else timestamp
    return {
        "X-Write-Key": site.server_key,
        "X-Timestamp": str(moment),
        "X-Signature": signature.sign(secret or site.server_secret, moment, body),
    }
