"""The demo's mail server, spoken to over SMTP."""

import json
import signal
import smtplib
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from cli.readiness import answers_tcp
from store.settings import Service, Settings, load
from tests.conftest import environment_of, free_port_base, process, wait_until


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Settings]:
    house = load(_env_file=None, data_dir=tmp_path, port_base=free_port_base())
    with running(house):
        yield house


def running(house: Settings):
    command = [sys.executable, "-m", "cli.demo.mail_sink"]
    return process(command, environment_of(house), house.data_dir / "sink.log")


def send(house: Settings, subject: str, recipients: list[str]) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Lindgrün <hello@lindgruen.example>"
    mail["To"] = recipients[0]
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{len(subject)}@lindgruen.example>"
    mail.set_content("Guten Tag.\n")
    port = house.port(Service.DEMO_SMTP)
    wait_until("the mail sink", lambda: answers_tcp(port))
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        smtp.send_message(mail, from_addr="hello@lindgruen.example", to_addrs=recipients)
    return mail


def log_of(house: Settings) -> list[dict]:
    return [json.loads(line) for line in (house.data_dir / "demo" / "mail.jsonl").read_text().splitlines()]


def test_what_was_taken_is_on_disk(sink: Settings) -> None:
    sent = send(
        sink, "Der erste Frost, und was man trägt", ["anna@customers.example", "bruno@customers.example"]
    )
    (line,) = log_of(sink)
    assert line["to"] == ["anna@customers.example", "bruno@customers.example"]
    assert line["from"] == "hello@lindgruen.example"
    assert line["subject"] == "Der erste Frost, und was man trägt"
    assert line["message_id"] == sent["Message-ID"]
    kept = (sink.data_dir / "demo" / line["file"]).read_bytes()
    assert b"Guten Tag." in kept
    assert line["subject"] in (sink.data_dir / "sink.log").read_text()


def test_it_stops_cleanly_and_goes_on_where_it_was(sink: Settings, tmp_path: Path) -> None:
    send(sink, "one", ["anna@customers.example"])
    other = sink.model_copy(update={"port_base": free_port_base()})
    with running(other) as second:
        send(other, "second", ["anna@customers.example"])
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    files = [line["file"] for line in log_of(sink)]
    assert len(files) == len(set(files)) == 2
