"""`make up` as people meet it: it starts, stops within ten seconds, starts again, and says plainly why it does not."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import free_port_base, wait_until
from tests.house.conftest import House, look, mp, start, stop, until_ready

pytestmark = pytest.mark.timeout(900)


def living_with(mark: str) -> list[str]:
    """Processes whose command line or environment names this data directory."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc").exists() else []:
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in text and (entry / "cmdline").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:120])
    return found


def test_a_second_supervisor_is_refused_by_name(running: House) -> None:
    refused = mp(running.environment, "up")
    assert refused.returncode == 2
    assert "in use by a running house (pid " in refused.stderr
    assert "make down" in refused.stderr


def test_a_taken_port_is_one_line_with_the_port_and_the_knob(tmp_path: Path) -> None:
    base = free_port_base()
    with socket.create_server(("127.0.0.1", base)):
        refused = mp({**os.environ, "DATA_DIR": str(tmp_path), "PORT_BASE": str(base)}, "up")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1
    assert f"Port {base} (console) is taken" in refused.stderr
    assert "PORT_BASE=" in refused.stderr


def test_settings_that_do_not_parse_are_a_line_each(tmp_path: Path) -> None:
    refused = mp({**os.environ, "DATA_DIR": str(tmp_path), "PORT_BASE": "many", "LOG_LEVEL": "loud"}, "up")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 2


def test_a_part_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    refused = mp({**os.environ, "DATA_DIR": str(tmp_path)}, "up", "--only", "collector,teapot")
    assert refused.returncode == 2
    assert "teapot" in refused.stderr


@pytest.fixture(scope="module")
def part_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("part")
    return {**os.environ, "DATA_DIR": str(data), "PORT_BASE": str(free_port_base())}


def test_a_killed_part_comes_back_and_ctrl_c_leaves_nothing(part_environment: dict[str, str]) -> None:
    screen = Path(part_environment["DATA_DIR"]) / "screen.txt"
    process = start_part(part_environment, screen)
    parts = until_ready(process, part_environment, screen)["parts"]
    assert set(parts) == {"postgres", "clickhouse", "collector", "shipper", "console"}
    os.kill(parts["console"]["pid"], signal.SIGKILL)

    def back() -> bool:
        console = look(part_environment)["parts"].get("console", {})
        return bool(console) and console["pid"] != parts["console"]["pid"] and console["healthy"]

    wait_until("the console, again", back, 60)
    assert "console ended with code -9" in screen.read_text()
    stop(process)
    assert process.returncode == 0, screen.read_text()[-2000:]
    assert living_with(part_environment["DATA_DIR"]) == []


def test_what_a_killed_supervisor_left_is_cleared_away(part_environment: dict[str, str]) -> None:
    """It starts from what the test before left in the data directory."""
    screen = Path(part_environment["DATA_DIR"]) / "screen.txt"
    process = start_part(part_environment, screen)
    until_ready(process, part_environment, screen)
    process.kill()
    process.wait(10)
    assert living_with(part_environment["DATA_DIR"])
    again = start_part(part_environment, screen)
    until_ready(again, part_environment, screen)
    assert "Ending what an earlier run left behind" in screen.read_text()
    down = mp(part_environment, "down")
    assert down.returncode == 0
    again.wait(30)
    assert living_with(part_environment["DATA_DIR"]) == []


def start_part(environment: dict[str, str], screen: Path) -> subprocess.Popen[bytes]:
    return start(environment, screen, "--no-demo", "--only", "collector,console")
