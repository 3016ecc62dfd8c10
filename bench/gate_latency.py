"""From the click on Approve to the mail server: how long an approved mail waits, against handing it over directly.

Needs a running house with the demo (`make up`). A run is asked for when somebody opens what they may sign, and stays for
GATE_DRAIN_SECONDS after it has sent; a program that signs what nobody opened meets none. Each is measured:

python -m bench.gate_latency [--actions 30] [--from-rest 6]
"""

import argparse
import json
import math
import random
import smtplib
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from marketing_pipelines.outbound.gate import WAITS_WITHIN
from store import records
from store.records import gate
from store.records.gate import WatcherKind
from store.settings import Role, Settings, load

WITHIN_SECONDS = 120.0
SPREAD_SECONDS = 8.0
# A run that has just sent still loads the outcomes, and does not count as one that waits.
SETTLES_WITHIN_SECONDS = 6.0
# How long somebody has what they sign before their eyes.
READS_FOR_SECONDS = (8.0, 16.0)


@dataclass(frozen=True, slots=True)
class House:
    """What the bench needs to know of the house that is up."""

    console: str
    smtp: str
    mail_log: Path
    author: dict[str, str]
    approver: dict[str, str]


def running_house() -> House:
    mp = Path(sys.executable).with_name("mp")
    answer = subprocess.run([mp, "status", "--json"], capture_output=True, text=True, check=True)
    report = json.loads(answer.stdout)
    if not report["ready"] or "demo" not in report:
        sys.exit(f"The demo is not up; waiting for {report['waiting_for'] or 'the demo (make up)'}.")
    demo = report["demo"]
    return House(
        report["urls"]["console"],
        demo["smtp"],
        Path(demo["mail"]),
        demo["log_ins"]["marketer"],
        demo["log_ins"]["approver"],
    )


@contextmanager
def signed_in(house: House, person: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=house.console, timeout=30) as client:
        log_in = {"email": person["email"], "password": person["password"]}
        token = asked(client, "/api/auth/login", log_in)["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def asked(client: httpx.Client, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return client.post(path, json=body).raise_for_status().json()


def arrived(house: House, subject: str) -> float:
    """When the mail server had the message, by its own log."""
    deadline = time.time() + WITHIN_SECONDS
    while time.time() < deadline:
        lines = house.mail_log.read_text().splitlines() if house.mail_log.exists() else []
        for line in reversed(lines):
            mail = json.loads(line)
            if mail["subject"] == subject:
                return datetime.fromisoformat(mail["at"]).timestamp()
        time.sleep(0.05)
    sys.exit(f"The mail {subject!r} has not arrived within {WITHIN_SECONDS:.0f} s.")


def through_the_gate(house: House, author: httpx.Client, approver: httpx.Client, reads_for: float) -> float:
    """Seconds from the vote to the mail server; the approver may have opened the request before."""
    subject = f"bench {uuid.uuid4().hex}"
    payload = {"recipient": "bench@example.com", "subject": subject, "body": "How long did this take?"}
    wanted = {"type": "email", "payload": payload, "purpose": "contract"}
    action = asked(author, "/api/actions", wanted)["id"]
    submitted = asked(author, f"/api/actions/{action}/submit")
    if reads_for:
        approver.get(f"/api/actions/{action}").raise_for_status()
        time.sleep(reads_for)
    voted_at = time.time()
    vote = {"status": "approved", "note": "bench", "manifest_hash": submitted["manifest_hash"]}
    asked(approver, f"/api/actions/{action}/approve", vote)
    return arrived(house, subject) - voted_at


def directly(house: House) -> float:
    """Seconds that the same hand-over takes with nobody asked: the floor under every gate."""
    mail = EmailMessage()
    subject = mail["Subject"] = f"bench {uuid.uuid4().hex}"
    mail["From"], mail["To"] = "bench@example.com", "bench@example.com"
    mail.set_content("How long did this take?")
    host, _, port = house.smtp.partition(":")
    started_at = time.time()
    with smtplib.SMTP(host, int(port)) as server:
        server.send_message(mail)
    return arrived(house, str(subject)) - started_at


def rest(settings: Settings) -> None:
    """As if nobody had read anything for minutes: waits until the run has settled its books and left."""
    time.sleep(SETTLES_WITHIN_SECONDS)
    deadline = time.monotonic() + settings.gate_drain_seconds + WITHIN_SECONDS
    while time.monotonic() < deadline:
        with records.session(settings, Role.PIPELINES) as session:
            for kind in (WatcherKind.APPROVER, WatcherKind.ASKED_AHEAD):
                gate.leave(session, kind)
            if not gate.run_waits(session, WAITS_WITHIN):
                return
        time.sleep(0.5)
    sys.exit("A sending run does not leave.")


def measured(times: int, once: Callable[[], float], before: Callable[[], None] | None = None) -> list[float]:
    """Repeats with pauses of random length, so that no rhythm of the daemon is met or missed each time."""
    taken = []
    for number in range(times):
        if before:
            before()
        time.sleep(random.uniform(0, SPREAD_SECONDS))
        taken.append(once())
        print(f"{number + 1} of {times}", end="\r", file=sys.stderr, flush=True)
    return taken


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--actions", type=int, default=30, help="approvals that a waiting run meets")
    arguments.add_argument("--from-rest", type=int, default=6, help="approvals that start a run")
    chosen = arguments.parse_args()
    house = running_house()
    with signed_in(house, house.author) as author, signed_in(house, house.approver) as approver:

        def unread() -> float:
            return through_the_gate(house, author, approver, reads_for=0)

        def read_first() -> float:
            return through_the_gate(house, author, approver, reads_for=random.uniform(*READS_FOR_SECONDS))

        def return_to_rest() -> None:
            rest(load())

        rows = {
            "from rest, after it was read": measured(chosen.from_rest, read_first, return_to_rest),
            "from rest, nobody read it": measured(chosen.from_rest, unread, return_to_rest),
            "while a run waits": measured(chosen.actions, unread),
            "directly, nobody asked": [directly(house) for _ in range(chosen.actions)],
        }
    print(f"{'approve → mail server':<30}{'p50 s':>8}{'p95 s':>8}{'longest':>9}")
    for name, seconds in rows.items():
        p95 = sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]
        print(f"{name:<30}{statistics.median(seconds):>8.2f}{p95:>8.2f}{max(seconds):>9.2f}")


if __name__ == "__main__":
    main()
