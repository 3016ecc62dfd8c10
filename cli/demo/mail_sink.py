"""`python -m cli.demo.mail_sink`: a mail server that delivers nothing and keeps everything.

Each message becomes a file and a line in `DATA_DIR/demo/mail.jsonl`; both are on disk before the sender hears 250,
so that the log can be counted against what the sender believes to have sent.
"""

import asyncio
import json
import os
import signal
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from store import clock, settings
from store.settings import Service

HOST = "127.0.0.1"


class Keeper:
    """What aiosmtpd asks when a message has arrived."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log = directory / "mail.jsonl"
        self._kept = len(self._log.read_bytes().splitlines()) if self._log.exists() else 0
        (directory / "mail").mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002
        kept = self.keep(envelope)
        print(f"{kept['at']} {kept['from']} -> {', '.join(kept['to'])}: {kept['subject']}", flush=True)
        return f"250 kept as {kept['file']}"

    def keep(self, envelope: Envelope) -> dict[str, Any]:
        raw = (
            envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        )
        mail = message_from_bytes(raw, policy=policy.default)
        at = clock.now()
        self._kept += 1
        path = self._directory / "mail" / f"{at:%Y%m%dT%H%M%S}-{self._kept:06}.eml"
        _write_through(path, raw, "xb")
        line = {
            "at": at.isoformat(),
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "subject": str(mail["subject"] or ""),
            "message_id": str(mail["message-id"] or ""),
            "file": str(path.relative_to(self._directory)),
        }
        _write_through(self._log, json.dumps(line).encode() + b"\n", "ab")
        return line


def _write_through(path: Path, content: bytes, mode: str) -> None:
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


async def serve(directory: Path, port: int) -> None:
    """Takes mail until it is told to stop."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    keeper = Keeper(directory)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="demo.invalid", ident="demo mail sink", loop=loop), HOST, port
    )
    print(f"Mail is kept in {directory / 'mail.jsonl'}", flush=True)
    await stopped.wait()
    server.close()


def main() -> None:
    house = settings.current()
    asyncio.run(serve(house.data_dir / "demo", house.port(Service.DEMO_SMTP)))


if __name__ == "__main__":
    main()
