"""The supervisor, on real processes: order, restarts, giving up, and nothing left behind."""

import asyncio
import io
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from cli import readiness
from cli.supervisor import GaveUp, Part, Supervisor, alive, end_left_behind, left_behind
from tests.conftest import free_port_base

SERVER = """
import http.server, sys
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
SPAWNS_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""


def python(name: str, code: str, *arguments: str, port: int | None = None) -> Part:
    ready = readiness.tcp(port) if port else at_once
    return Part(name, [sys.executable, "-u", "-c", code, *arguments], ready, port, ready_within=20)


async def at_once() -> bool:
    return True


def run(tmp_path: Path, story: object, longest_back_off: float = 30.0) -> str:
    """Tells a story to a supervisor and gives what people would have read."""
    screen = io.StringIO()

    async def tell() -> None:
        supervisor = Supervisor(tmp_path / "run", Console(file=screen, width=200), longest_back_off)
        try:
            await story(supervisor)  # type: ignore[operator]
        finally:
            await supervisor.stop()

    asyncio.run(tell())
    return screen.getvalue()


def test_lines_carry_the_name_of_their_process_and_stay_in_a_log(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        await supervisor.start(python("talker", "print('hello'); import time; time.sleep(60)"))
        await asyncio.sleep(1)

    assert "talker       │ hello" in run(tmp_path, story)
    assert (tmp_path / "logs" / "talker.log").read_text() == "hello\n"


def test_ready_means_that_it_answers(tmp_path: Path) -> None:
    port = free_port_base()

    async def story(supervisor: Supervisor) -> None:
        assert not readiness.answers_tcp(port)
        await supervisor.start(python("server", SERVER, str(port), port=port))
        assert readiness.answers_tcp(port)
        state = json.loads(supervisor.state_file.read_text())
        assert state["parts"]["server"]["ready"]

    run(tmp_path, story)
    assert not readiness.answers_tcp(port)


def test_what_is_killed_comes_back_and_one_line_says_so(tmp_path: Path) -> None:
    port = free_port_base()

    async def story(supervisor: Supervisor) -> None:
        await supervisor.start(python("server", SERVER, str(port), port=port))
        first = json.loads(supervisor.state_file.read_text())["parts"]["server"]["pid"]
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            second = json.loads(supervisor.state_file.read_text())["parts"]["server"]
            if second["pid"] != first and second["ready"]:
                return
        raise AssertionError("it did not come back")

    assert "server ended with code -9; starting it again" in run(tmp_path, story)


def test_what_keeps_dying_ends_it_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.supervisor.LONGEST_BACK_OFF", 0.05)
    reasons = []

    async def story(supervisor: Supervisor) -> None:
        part = python("faulty", "print('the cupboard is bare'); raise SystemExit(1)")
        await supervisor.start(part)
        reasons.append(await asyncio.wait_for(supervisor.until_failure(), 30))

    run(tmp_path, story, longest_back_off=0.05)
    assert reasons == ["faulty keeps dying: the cupboard is bare"]


def test_what_refuses_to_start_is_not_tried_again(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        with pytest.raises(GaveUp, match="picky did not start: wrong version"):
            await supervisor.start(
                python("picky", "print('wrong version'); raise SystemExit(2)", port=free_port_base())
            )

    run(tmp_path, story)


def test_nothing_is_left_behind_not_even_grandchildren(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        await supervisor.start(python("parent", SPAWNS_A_CHILD))
        await asyncio.sleep(1.5)

    screen = run(tmp_path, story)
    grandchild = int(screen.split("child ")[1].split()[0])
    assert not alive(grandchild) or Path(f"/proc/{grandchild}/stat").read_text().split()[2] == "Z"
    assert not (tmp_path / "run" / "state.json").exists()


def test_a_process_that_ignores_the_signal_is_ended_all_the_same(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('no', flush=True); time.sleep(600)"

    async def story(supervisor: Supervisor) -> None:
        await supervisor.start(python("stubborn", stubborn))
        await asyncio.sleep(1)

    assert "did not stop" in run(tmp_path, story)


def test_orphans_of_a_killed_supervisor_are_found_and_ended(tmp_path: Path) -> None:
    async def story(supervisor: Supervisor) -> None:
        await supervisor.start(python("orphan", "import time; time.sleep(600)"))
        state = supervisor.state_file.read_text()
        copy = tmp_path / "state-of-the-dead.json"
        copy.write_text(state)
        found = left_behind(copy)
        assert list(found) == ["orphan"]
        supervisor._stopping = True
        await asyncio.to_thread(end_left_behind, found.values())
        await asyncio.sleep(0.5)
        assert left_behind(copy) == {}

    run(tmp_path, story)


def test_a_number_that_belongs_to_another_process_now_is_left_alone(tmp_path: Path) -> None:
    state = {"parts": {"old": {"pid": os.getpid(), "started": "Thu Jan  1 00:00:00 1970"}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    assert left_behind(tmp_path / "state.json") == {}
