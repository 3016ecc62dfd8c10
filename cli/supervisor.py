"""Keeps a set of processes running: starts them in order of readiness, restarts what dies, stops in reverse.

None of the process runners on PyPI starts by readiness and restarts with a back-off in the foreground
(docs/why.md), and this is all that is needed of one.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

LONGEST_BACK_OFF = 30.0
DEATHS_TOLERATED = 4
DEATHS_WITHIN = 60.0
STOPS_WITHIN = 4.0
POLL_EVERY = 0.15
COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")


class GaveUp(Exception):
    """The house cannot stand; the text is the last line that people read."""


@dataclass(frozen=True)
class Part:
    """A process that has to run, and how to tell that it does."""

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    environment: dict[str, str] = field(default_factory=dict)
    ready_within: float = 90.0


@dataclass(slots=True)
class Running:
    """A part as it runs now."""

    part: Part
    process: asyncio.subprocess.Process
    last_lines: deque[str]
    watcher: asyncio.Task[None] | None = None
    deaths: deque[float] = field(default_factory=deque)
    is_ready: bool = False


class Supervisor:
    """Owns the processes between start and stop; everything it knows is also in its state file."""

    def __init__(self, run_dir: Path, console: Console, longest_back_off: float = LONGEST_BACK_OFF) -> None:
        self._longest_back_off = longest_back_off
        self._run_dir = run_dir
        self._logs = run_dir.parent / "logs"
        self._console = console
        self._running: dict[str, Running] = {}
        self._stopping = False
        self._failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting_for = ""
        run_dir.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)

    @property
    def parts(self) -> list[str]:
        return list(self._running)

    @property
    def state_file(self) -> Path:
        return self._run_dir / "state.json"

    async def start(self, *parts: Part) -> None:
        """Starts parts side by side and returns once all of them are ready."""
        for part in parts:
            await self._spawn(part)
        await asyncio.gather(*(self._until_ready(part) for part in parts))

    async def until_failure(self) -> str:
        """Waits for as long as everything can be kept running; gives the reason when it cannot."""
        return await asyncio.shield(self._failure)

    async def stop(self) -> None:
        """Stops in the reverse order of starting, quickly, and leaves no process behind."""
        self._stopping = True
        for group in _groups_to_stop(list(self._running.values())):
            await asyncio.gather(*(self._stop_one(running) for running in group))
        self._running.clear()
        self.state_file.unlink(missing_ok=True)

    def say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style))

    def note(self, waiting_for: str) -> None:
        """What is being waited for now, for `mp status`; empty when everything is up."""
        self.waiting_for = waiting_for
        self._write_state()

    async def _spawn(self, part: Part, deaths: deque[float] | None = None) -> None:
        process = await asyncio.create_subprocess_exec(
            *part.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **part.environment},
            start_new_session=True,
            limit=2**20,
        )
        running = Running(part, process, deque(maxlen=20), deaths=deaths or deque())
        self._running[part.name] = running
        running.watcher = asyncio.create_task(self._watch(running))
        self._write_state()

    async def _until_ready(self, part: Part) -> None:
        deadline = time.monotonic() + part.ready_within
        while not await part.ready():
            if self._failure.done():
                raise GaveUp(self._failure.result())
            if time.monotonic() > deadline:
                raise GaveUp(
                    f"{part.name} was not ready after {part.ready_within:.0f} s; last line: "
                    f"{_last(self._running[part.name].last_lines)} (all of it: make logs)"
                )
            await asyncio.sleep(POLL_EVERY)
        self._running[part.name].is_ready = True
        self._write_state()

    async def _watch(self, running: Running) -> None:
        with (self._logs / f"{running.part.name}.log").open("ab") as log:
            async for line in _lines(running.process):
                log.write(line + b"\n")
                log.flush()
                self._show(running, line.decode(errors="replace"))
        code = await running.process.wait()
        if not self._stopping:
            await self._restart(running, code)

    async def _restart(self, running: Running, code: int) -> None:
        """A part that died comes back after a pause that grows; one that keeps dying ends it all."""
        part, moment = running.part, time.monotonic()
        running.deaths.append(moment)
        while running.deaths and running.deaths[0] < moment - DEATHS_WITHIN:
            running.deaths.popleft()
        refused = code == 2 and not running.is_ready
        if refused or len(running.deaths) > DEATHS_TOLERATED:
            how = "did not start" if refused else "keeps dying"
            self._fail(f"{part.name} {how}: {_last(running.last_lines)}")
            return
        pause = min(self._longest_back_off, 2.0 ** (len(running.deaths) - 1))
        self.say(f"{part.name} ended with code {code}; starting it again in {pause:.0f} s", "bold yellow")
        await asyncio.sleep(pause)
        if not self._stopping:
            await self._spawn(part, running.deaths)
            with contextlib.suppress(GaveUp):
                await self._until_ready(part)

    def _fail(self, reason: str) -> None:
        if not self._failure.done():
            self._failure.set_result(reason)

    async def _stop_one(self, running: Running) -> None:
        process = running.process
        if process.returncode is None:
            _signal_group(process.pid, running.part.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), STOPS_WITHIN)
            except TimeoutError:
                self.say(f"{running.part.name} did not stop in {STOPS_WITHIN:.0f} s; ending it", "yellow")
        # Whatever the part itself had started goes with it.
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        if running.watcher:
            running.watcher.cancel()

    def _show(self, running: Running, line: str) -> None:
        if line.strip():
            running.last_lines.append(line.strip())
            name = running.part.name
            style = COLOURS[sorted(self._running).index(name) % len(COLOURS)]
            self._console.print(Text.assemble((f"{name:<12} │ ", style), line), soft_wrap=True)

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "waiting_for": self.waiting_for,
            "parts": {
                name: {
                    "pid": running.process.pid,
                    "started": started_at(running.process.pid),
                    "port": running.part.port,
                    "ready": running.is_ready,
                }
                for name, running in self._running.items()
            },
        }
        draft = self.state_file.with_suffix(".draft")
        draft.write_text(json.dumps(state, indent=2))
        draft.replace(self.state_file)


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    assert process.stdout
    while True:
        try:
            line = await process.stdout.readline()
        except ValueError:
            # A line beyond the buffer is dropped rather than held.
            continue
        if not line:
            return
        yield line.rstrip()


def _groups_to_stop(started: list[Running]) -> Iterable[list[Running]]:
    """The stores last and one by one, everything above them side by side: there are ten seconds for all."""
    stores = {"postgres", "clickhouse"}
    yield [running for running in reversed(started) if running.part.name not in stores]
    for running in reversed(started):
        if running.part.name in stores:
            yield [running]


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _last(lines: deque[str]) -> str:
    return lines[-1] if lines else "it printed nothing"


def started_at(pid: int) -> str:
    """When a process started: together with its number this names it for good."""
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def is_same_process(pid: int, started: str) -> bool:
    return bool(started) and started_at(pid) == started


def left_behind(state_file: Path) -> dict[str, int]:
    """Processes of a supervisor that is gone, by name; empty when it ended cleanly."""
    try:
        parts = json.loads(state_file.read_text())["parts"]
    except (FileNotFoundError, ValueError, KeyError):
        return {}
    return {
        name: part["pid"] for name, part in parts.items() if is_same_process(part["pid"], part["started"])
    }


def end_left_behind(pids: Iterable[int], within: float = STOPS_WITHIN) -> None:
    """Ends processes of an earlier run: politely, then for good."""
    pids = list(pids)
    for pid in pids:
        _signal_group(pid, signal.SIGINT)
        _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + within
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(POLL_EVERY)
    for pid in pids:
        _signal_group(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
