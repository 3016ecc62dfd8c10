"""The command lines that run the embedded engines, for the supervisor and for the tests."""

import sys

from store import secrets
from store.settings import Service, Settings


def postgres() -> list[str]:
    return [sys.executable, "-m", "store.embedded.postgres"]


def clickhouse(settings: Settings) -> list[str]:
    """The password travels in a file of mode 0600, never on a command line."""
    password_file = settings.data_dir / "clickhouse.password"
    secrets.write_private(password_file, settings.clickhouse_password())
    return [
        sys.executable,
        "-m",
        "store.embedded.clickhouse",
        "--data",
        str(settings.data_dir / "clickhouse"),
        "--port",
        str(settings.port(Service.CLICKHOUSE)),
        "--password-file",
        str(password_file),
        "--memory-limit",
        str(settings.clickhouse_memory_bytes),
    ]
