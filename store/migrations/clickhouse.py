"""Numbered SQL files for ClickHouse, each applied once; what only settings know is applied each time."""

import hashlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from store.events.client import Client

KEPT_AS_LONG_AS_EVENTS = ("raw.events", "raw.renormalised_events")
LEDGER = """
create table if not exists raw.applied_migrations
(
    name String,
    content_hash String,
    applied_at DateTime('UTC') default now()
)
engine = MergeTree
order by name
"""


class MigrationFailed(Exception):
    """A store cannot be brought to the newest form; the text says why and what to do."""


def apply(client: Client, directory: Path, *, ttl_days: int) -> list[str]:
    """Runs each file that has not run yet, in the order of their numbers, and gives their names."""
    client.command("create database if not exists raw")
    client.command(LEDGER)
    rows = client.query("select name, content_hash from raw.applied_migrations").result_rows
    ledger = {str(name): str(content) for name, content in rows}
    applied = []
    for path in sorted(directory.glob("*.sql")):
        text = path.read_text()
        content = hashlib.sha256(text.encode()).hexdigest()
        if path.name in ledger:
            if ledger[path.name] != content:
                raise MigrationFailed(f"{path.name} was changed after it ran; put the change in a new file.")
            continue
        for statement in statements(text):
            client.command(statement)
        client.insert("raw.applied_migrations", [[path.name, content]], column_names=["name", "content_hash"])
        applied.append(path.name)
    for table in KEPT_AS_LONG_AS_EVENTS:
        client.command(
            f"alter table {table} modify ttl toDateTime(received_at) + toIntervalDay({ttl_days:d})"
        )
    return applied


def statements(text: str) -> list[str]:
    """The statements of a file; comments stay with the statement they precede."""
    return [part for part in (piece.strip() for piece in text.split(";\n")) if part]


def connect_records(client: Client, url: str) -> None:
    """Makes the dimensions of the records readable as the database `records`.

    Made anew each time, since the address and the password are settings.
    """
    parts = urlsplit(url)
    client.command("drop database if exists records")
    address = f"{parts.hostname}:{parts.port or 5432}"
    log_in = (parts.path.lstrip("/"), unquote(parts.username or ""), unquote(parts.password or ""))
    arguments = ", ".join(_quoted(text) for text in (address, *log_in))
    client.command(f"create database records engine = PostgreSQL({arguments})")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
