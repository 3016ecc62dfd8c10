"""`mp up`: brings the house up, stays in the foreground, takes it down."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cli import dagster_ui, readiness, signposts
from cli import house as rooms
from cli.dagster_ui import RunFailed
from cli.supervisor import GaveUp, Part, Supervisor, end_left_behind, left_behind
from store import migrations, settings
from store.clock import now
from store.embedded import postgres
from store.settings import Service, Settings

SPARE_DISK_BYTES = 512 * 2**20
GROUPS = ("collector", "console", "dagster", "demo")


class CannotStart(Exception):
    """The house does not start; the text is the one line that says why and what to do."""


def up(only: set[str], with_demo: bool, console: Console) -> int:
    """Runs until it is stopped or cannot go on; gives the exit code."""
    house = _with_demo_environment(with_demo)
    with _sole_supervisor(house):
        _refuse_full_disk(house)
        _end_what_an_earlier_run_left(house, console)
        _refuse_taken_ports(house, only, with_demo)
        return asyncio.run(_run(house, only, with_demo, console))


def _with_demo_environment(with_demo: bool) -> Settings:
    house = settings.load()
    if house.production and with_demo:
        raise CannotStart("The demo does not run in production; start the parts by themselves (docs/how-to).")
    if not with_demo:
        return house
    os.environ.update(rooms.demo_environment(house))
    settings.current.cache_clear()
    return settings.current()


async def _run(house: Settings, only: set[str], with_demo: bool, console: Console) -> int:
    began = time.monotonic()
    supervisor = Supervisor(house.data_dir / "run", console)
    stopped = _on_stop_signals()
    work = asyncio.create_task(_bring_up(supervisor, house, only, with_demo))
    failed = asyncio.create_task(supervisor.until_failure())
    reason = ""
    try:
        await asyncio.wait({work, failed, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            supervisor.note("")
            supervisor.say(f"Ready in {time.monotonic() - began:.1f} s.", "bold green")
            signposts.show(house, supervisor.parts, console)
            await asyncio.wait({failed, stopped}, return_when=asyncio.FIRST_COMPLETED)
        reason = failed.result() if failed.done() else ""
    except (GaveUp, CannotStart, postgres.CannotStart, migrations.MigrationFailed) as error:
        reason = str(error)
    finally:
        work.cancel()
        failed.cancel()
        ending = time.monotonic()
        supervisor.say("Stopping …")
        await supervisor.stop()
        supervisor.say(f"Stopped in {time.monotonic() - ending:.1f} s.")
    if reason:
        console.print(Text(reason, style="bold red"))
    return 1 if reason else 0


async def _bring_up(supervisor: Supervisor, house: Settings, only: set[str], with_demo: bool) -> None:
    """The order of readiness: stores, migrations, what people meet, Dagster, the demo's history."""
    began = now()
    wanted = only or set(GROUPS)
    step = _Steps(supervisor)
    await step("stores", supervisor.start(*rooms.stores(house)))
    await step("migrations", asyncio.to_thread(_migrate, house))
    first_time = with_demo and await asyncio.to_thread(_needs_seed, house)
    if with_demo and "demo" in wanted:
        await step("demo world", supervisor.start(*rooms.demo(house)))
    if first_time:
        await step("30 days of demo history", asyncio.to_thread(_seed, house))
    surfaces = rooms.surfaces(house).items()
    parts: list[Part] = [part for group, parts in surfaces if group in wanted for part in parts]
    if "dagster" in wanted:
        parts.append(rooms.code_server(house))
    await step(", ".join(part.name for part in parts), supervisor.start(*parts))
    if "dagster" in wanted:
        await step("Dagster UI and daemon", supervisor.start(*rooms.dagster(house)))
        await asyncio.to_thread(dagster_ui.end_interrupted_runs, house.port(Service.DAGSTER), began)
        if with_demo and not _lineage_mark(house).exists():
            await step("the lineage, for the first time", _materialise_or_say(supervisor, house))


class _Steps:
    """Says of each step what it is and how long it took."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._number = 0

    async def __call__(self, name: str, work: Awaitable[object]) -> None:
        self._number += 1
        self._supervisor.note(name)
        began = time.monotonic()
        await work
        self._supervisor.say(f"[{self._number}] {name}: {time.monotonic() - began:.1f} s", "bold")


def _migrate(house: Settings) -> None:
    if house.embedded_postgres:
        postgres.ensure_databases(house)
    migrations.migrate_postgres(house)
    migrations.migrate_clickhouse(house)


def _needs_seed(house: Settings) -> bool:
    from cli.demo import seed

    return not seed.is_complete(house)


def _seed(house: Settings) -> None:
    from cli.demo import seed

    seed.seed(house)


async def _materialise_or_say(supervisor: Supervisor, house: Settings) -> None:
    """A passing trouble costs a second try, a lasting one is no reason to take the house down: people look at its run."""
    for and_now in ("trying once more", "again: make demo"):
        try:
            await asyncio.to_thread(_materialise, house)
        except RunFailed as failure:
            supervisor.say(f"{failure} ({and_now})", "bold yellow")
        else:
            return


def _materialise(house: Settings) -> None:
    from cli.demo import first_lineage

    first_lineage.materialise(house)
    _lineage_mark(house).touch()


def _lineage_mark(house: Settings) -> Path:
    """Says that the demo's lineage has been materialised once."""
    return house.data_dir / "demo" / "lineage-materialised"


def _on_stop_signals() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    return stopped


@contextlib.contextmanager
def _sole_supervisor(house: Settings) -> Iterator[None]:
    """One supervisor a data directory."""
    path = house.data_dir / "run" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"{house.data_dir} is in use by a running house (pid {lock.read().strip() or 'unknown'}); "
                "stop it with `make down`, or set DATA_DIR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _refuse_full_disk(house: Settings) -> None:
    free = shutil.disk_usage(house.data_dir).free
    if free < SPARE_DISK_BYTES:
        raise CannotStart(
            f"{house.data_dir} has {free // 2**20} MB left and {SPARE_DISK_BYTES // 2**20} MB are needed; "
            "free some space or set DATA_DIR."
        )


def _end_what_an_earlier_run_left(house: Settings, console: Console) -> None:
    orphans = left_behind(house.data_dir / "run" / "state.json")
    if orphans:
        console.print(f"Ending what an earlier run left behind: {', '.join(orphans)}.")
        end_left_behind(orphans.values())


def _refuse_taken_ports(house: Settings, only: set[str], with_demo: bool) -> None:
    """Looked at before anything starts, so that a newcomer gets one line and not a stack trace."""
    surfaces = [part for parts in rooms.surfaces(house).values() for part in parts]
    parts = [*rooms.stores(house), *surfaces, rooms.code_server(house), *rooms.dagster(house)]
    if with_demo:
        parts += rooms.demo(house)
    for part in parts:
        unwanted = only and part.name not in only | {"postgres", "clickhouse"}
        if part.port and not unwanted and readiness.taken(part.port):
            raise CannotStart(
                f"Port {part.port} ({part.name}) is taken; choose other ports: make up PORT_BASE="
                f"{readiness.free_base(house.port_base + 1000, 1000)}"
            )


def end_running(house: Settings, within: float = 15.0) -> bool:
    """`mp down`: asks a running supervisor to stop, ends what one left behind; whether there was any."""
    lock = house.data_dir / "run" / "lock"
    found = False
    if lock.exists() and _is_held(lock):
        pid = int(lock.read_text())
        os.kill(pid, signal.SIGTERM)
        found = True
        deadline = time.monotonic() + within
        while _is_held(lock) and time.monotonic() < deadline:
            time.sleep(0.2)
    orphans = left_behind(house.data_dir / "run" / "state.json")
    end_left_behind(orphans.values())
    return found or bool(orphans)


def _is_held(lock: Path) -> bool:
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
