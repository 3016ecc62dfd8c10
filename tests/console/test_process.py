"""`python -m console` as it is run: on its port, with JSON lines, and a clear last word when it cannot."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from cli.readiness import answers_tcp
from store.settings import Service, Settings
from tests.conftest import environment_of, process, wait_until

COMMAND = [sys.executable, "-m", "console"]


def test_it_answers_on_its_port_and_stops_when_told(house: Settings, tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    with process(COMMAND, environment_of(house), log) as running:
        wait_until("the console", lambda: answers_tcp(house.port(Service.CONSOLE)))
        assert httpx.get(f"{house.address(Service.CONSOLE)}/readyz").json() == {"ready": True}
        assert httpx.get(f"{house.address(Service.CONSOLE)}/join?token=1.1.of-a-link").status_code == 410
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) in {0, -signal.SIGTERM}
    assert "of-a-link" not in log.read_text(), "no line repeats what opens a link"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"GET /readyz 200"} <= {
        f"{line.get('method')} {line.get('path')} {line.get('status')}" for line in lines
    }


def test_settings_that_do_not_parse_end_it_with_a_line_a_field() -> None:
    wrong = {**os.environ, "PORT_BASE": "many", "LOG_LEVEL": "loud"}
    ended = subprocess.run(COMMAND, env=wrong, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ["PORT_BASE", "LOG_LEVEL"]
