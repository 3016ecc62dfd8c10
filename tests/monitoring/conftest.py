"""An office whose alerts are told to a real mail server and to a real receiver of web hooks."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from marketing_pipelines.monitoring import alerting
from store import records
from store.clock import now
from store.records.gate import WatcherKind, watch
from store.settings import Role, Settings
from tests.outbound.conftest import mail_server_log
from tests.outbound.office import MailServer, Office, an_office

__all__ = ["mail_server_log"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """What was posted; `answers` are the statuses to come before it accepts, `hangs` keeps each caller waiting."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    hangs: threading.Event | None = None
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    redirected: int = 0

    def told(self, office: Office) -> list[dict[str, Any]]:
        """What it has accepted of this tenant, whoever else shares the house."""
        posted = [json.loads(body) for body in self.bodies]
        return [it for it in posted if it["tenant_id"] in (office.tenant, None)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/elsewhere":
                kept.redirected += 1
            if kept.hangs is not None:
                kept.hangs.wait(60)
            status = kept.answers.pop(0) if kept.answers else 200
            if status == 200:
                kept.headers.append({name.lower(): value for name, value in self.headers.items()})
                kept.bodies.append(body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            kept.redirected += 1
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield kept
    if kept.hangs is not None:
        kept.hangs.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def office(house: Settings, tenant: Any, mail_server_log: MailServer, receiver: Receiver) -> Office:
    """The gate has just looked, and nothing of other tests is left to be told."""
    office = an_office(house, tenant, mail_server_log.port)
    office.settings = office.settings.model_copy(
        update={"alert_webhook_url": SecretStr(receiver.url), "alert_webhook_secret": SecretStr(SECRET)}
    )
    sensor_looks(house)
    alerting.raise_alerts(office.settings, came_at=now() - timedelta(hours=1))
    with records.session(house, Role.OWNER) as session:
        session.execute(text("update alert_notices set told_at = now() where told_at is null"))
    return office


def sensor_looks(house: Settings) -> None:
    with records.session(house, Role.PIPELINES) as session:
        watch(session, "gate_sensor_a", WatcherKind.SENSOR)


def let_time_pass(house: Settings) -> None:
    """Whatever is to be tried again is due."""
    with records.session(house, Role.OWNER) as session:
        session.execute(text("update alert_notices set next_attempt_at = now() where told_at is null"))
