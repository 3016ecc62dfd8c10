"""The how-to builds a notifier: its very code, installed from the page, tells a homeserver."""

import importlib
import json
import logging
import re
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pydantic import SecretStr

from store.settings import Environment
from tests.monitoring.conftest import Receiver, let_time_pass
from tests.monitoring.test_alerting import failed, notices, watched
from tests.outbound.office import MailServer, Office

PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-notifier.md"
ROOM, TOKEN = "!abc:matrix.example", "syt_very-secret"


@dataclass
class Homeserver:
    """Takes each transaction once; `answers` are the statuses to come before it accepts, 0 takes it and says nothing."""

    address: str = ""
    answers: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    rooms: dict[tuple[str, str], str] = field(default_factory=dict)

    def takes(self, path: str, token: str, body: bytes) -> int:
        """By the specification of the client-server API, v1.19: PUT …/rooms/{roomId}/send/{eventType}/{txnId}."""
        self.asked.append((path, token))
        matched = re.fullmatch(r"/_matrix/client/v3/rooms/([^/]+)/send/m\.room\.message/([^/]+)", path)
        status = self.answers.pop(0) if self.answers else 200
        if matched is None or token != f"Bearer {TOKEN}":
            return 401
        if status in (0, 200):
            said = json.loads(body)
            assert said["msgtype"] == "m.text"
            self.rooms.setdefault((unquote(matched[1]), matched[2]), said["body"])
        return status


@pytest.fixture
def homeserver() -> Iterator[Homeserver]:
    kept = Homeserver()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = kept.takes(self.path, self.headers.get("authorization", ""), body)
            if status == 0:
                self.close_connection = True
                return
            said = b'{"event_id": "$1"}' if status == 200 else b'{"errcode": "M_FORBIDDEN", "error": "No."}'
            self.send_response(status)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.address = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()


def install(folder: Path, name: str, code: str, points: dict[str, str]) -> None:
    """As an installer lays a package out."""
    (folder / f"{name}.py").write_text(code)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    listed = "".join(f"{point} = {where}\n" for point, where in points.items())
    (about / "entry_points.txt").write_text(f"[marketing_pipelines.notifiers]\n{listed}")


@pytest.fixture
def matrix(
    office: Office, homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Homeserver:
    """What the page builds is installed and switched on."""
    text = PAGE.read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    [project] = re.findall(r"```toml\n(.*?)```", text, re.S)
    assert len(code.splitlines()) < 100
    points = tomllib.loads(project)["project"]["entry-points"]["marketing_pipelines.notifiers"]
    install(tmp_path, "marketing_matrix", code, points)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    given = {"homeserver": homeserver.address, "room": ROOM, "access_token": TOKEN}
    switch_on(office, "matrix", given)
    return homeserver


def switch_on(office: Office, name: str, given: dict[str, str]) -> None:
    kept = {key: SecretStr(value) for key, value in given.items()}
    office.settings = office.settings.model_copy(update={"notifiers": {name: kept}})


def test_an_alert_is_told_to_the_room_once(
    office: Office, mail_server_log: MailServer, matrix: Homeserver
) -> None:
    action_id = failed(office, mail_server_log)
    watched(office)
    watched(office)
    [((room, _), said)] = matrix.rooms.items()
    assert room == ROOM
    assert said.startswith(f"Action {action_id} failed")
    assert said.endswith(f"/actions/{action_id}")
    assert "gone@example.com" not in said
    assert len(matrix.asked) == 1
    assert notices(office, "matrix") == [(1, True, False, "")]


def test_an_answer_that_got_lost_is_asked_for_again_and_told_once(
    office: Office, mail_server_log: MailServer, matrix: Homeserver
) -> None:
    matrix.answers = [0]
    failed(office, mail_server_log)
    watched(office)
    assert [(tries, told) for tries, told, _, _ in notices(office, "matrix")] == [(1, False)]
    let_time_pass(office.settings)
    watched(office)
    assert len(matrix.asked) == 2
    assert len({path for path, _ in matrix.asked}) == 1
    assert len(matrix.rooms) == 1
    assert notices(office, "matrix") == [(2, True, False, "")]


def test_one_that_refuses_holds_up_no_other_and_its_token_is_not_repeated(
    office: Office,
    mail_server_log: MailServer,
    receiver: Receiver,
    matrix: Homeserver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    matrix.answers = [403]
    failed(office, mail_server_log)
    with caplog.at_level(logging.WARNING):
        watched(office)
    assert len(receiver.told(office)) == 1
    [(tries, told, given_up, why)] = notices(office, "matrix")
    assert (tries, told, given_up) == (1, False, False)
    assert why.startswith("Matrix: ")
    assert TOKEN not in caplog.text + why
    assert "was not told by matrix" in caplog.text


def test_a_notifier_that_nobody_brings_is_waited_for(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    switch_on(office, "pager", {"key": TOKEN})
    failed(office, mail_server_log)
    watched(office)
    assert len(receiver.told(office)) == 1
    [(_, told, given_up, why)] = notices(office, "pager")
    assert (told, given_up) == (False, False)
    assert "no package that is installed brings a notifier 'pager'" in why


BROKEN = """
class Broken:
    def __init__(self, given, http):
        self._secret = given["key"]

    def tell(self, message):
        raise ValueError(self._secret)
"""


@pytest.mark.parametrize(
    ("given", "says"), [({"key": TOKEN}, "broken: broke: ValueError"), ({}, "KeyError('key')")]
)
def test_one_that_breaks_is_its_own_trouble(
    office: Office,
    mail_server_log: MailServer,
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    says: str,
) -> None:
    install(tmp_path, "marketing_broken", BROKEN, {"broken": "marketing_broken:Broken"})
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    switch_on(office, "broken", given)
    failed(office, mail_server_log)
    watched(office)
    assert len(receiver.told(office)) == 1
    [(_, told, _, why)] = notices(office, "broken")
    assert not told
    assert says in why
    assert TOKEN not in why


def test_production_tells_nothing_in_the_clear(
    office: Office, mail_server_log: MailServer, matrix: Homeserver
) -> None:
    failed(office, mail_server_log)
    office.settings = office.settings.model_copy(update={"environment": Environment.PRODUCTION})
    watched(office)
    [(_, told, _, why)] = notices(office, "matrix")
    assert not told
    assert "production tells over https:// only" in why
    assert not matrix.asked
