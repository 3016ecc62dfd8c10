"""Whatever somebody has to know of is told once, to each sink, whichever process gets to it first."""

import base64
import hashlib
import hmac
import json
import logging
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from collector.hooks.standard import key_of
from marketing_pipelines.defs.monitoring.automation import alerts as alerts_sensor
from marketing_pipelines.monitoring import alert_sinks, alerting
from marketing_pipelines.outbound import gate
from store import records
from store.clock import now
from store.records import actions, alert_notices, approvals, dead_letters, people
from store.records.actions import Purpose
from store.records.alert_notices import MOST_ATTEMPTS
from store.records.alert_sightings import is_my_turn
from store.records.alerts import AlertKind, Sink
from store.records.database import engine
from store.records.kill_switches import Scope
from store.records.people import MemberRole
from store.records.schema import ActionId
from store.settings import Environment, Role, Settings, SettingsError, load
from tests.conftest import environment_of, process, wait_until
from tests.monitoring.conftest import SECRET, Receiver, let_time_pass, sensor_looks
from tests.outbound.office import MailServer, Office, house_resource, member

SILENT = "update gate_watchers set seen_at = now() - interval '10 minutes' where kind = 'sensor'"
LAPSE = "update actions set expires_at = now() - interval '1 second' where id = :id"


def watched(office: Office) -> None:
    """By one who has been there for long."""
    alerting.raise_alerts(office.settings, came_at=now() - timedelta(hours=1))
    while alerting.tell(office.settings):
        pass


def failed(office: Office, server: MailServer) -> ActionId:
    """One that nobody got."""
    server.refusals["gone@example.com"] = ["550 <gone@example.com> no such mailbox"]
    action_id = office.approved(to=["gone@example.com"])
    office.send()
    return action_id


def kinds(office: Office) -> list[str]:
    query = "select kind from alerts where tenant_id = :id order by id"
    return office.column(query, ActionId(office.tenant))


def notices(office: Office, sink: str) -> list[tuple[int, bool, bool, str]]:
    """Attempts, told, given up and the last error of this tenant's notices."""
    with records.session(office.settings, Role.OWNER) as session:
        rows = session.execute(
            text(
                "select n.attempts, n.told_at is not null, n.given_up_at is not null, n.error from alert_notices n "
                "join alerts a on a.id = n.alert_id where n.sink = :sink and a.tenant_id = :tenant order by n.id"
            ),
            {"sink": sink, "tenant": office.tenant},
        )
        return [(tries, is_told, is_given_up, error) for tries, is_told, is_given_up, error in rows]


def test_an_action_that_failed_is_told_once_by_every_sink(
    office: Office, mail_server_log: MailServer, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    admin = member(office.settings, office.tenant, MemberRole.ADMIN)
    action_id = failed(office, mail_server_log)
    with caplog.at_level(logging.WARNING, "alerts"):
        watched(office)
        watched(office)
    [call] = receiver.told(office)
    assert (call["kind"], call["action_id"]) == ("action_failed", action_id)
    assert "1 failed" in call["text"]
    assert call["url"].endswith(f"/actions/{action_id}")
    lines = [it.getMessage() for it in caplog.records if getattr(it, "fields", {}).get("action") == action_id]
    assert lines == [f"Action {action_id} failed. Version 1: 1 failed."]
    with records.session(office.settings, Role.OWNER) as session:
        told = {session.get_one(people.User, user).email for user in (office.author, admin)}
    ours = [it.to for it in mail_server_log.received if it.mail["Subject"] == f"Action {action_id} failed"]
    assert sorted(ours) == sorted(told), "each once; other tests' tenants are told of their own"
    assert "gone@example.com" not in str(receiver.bodies) + str(lines)


def test_a_mail_is_plain_and_says_nothing_of_readers(office: Office, mail_server_log: MailServer) -> None:
    action_id = failed(office, mail_server_log)
    watched(office)
    mail = mail_server_log.received[0].mail
    assert mail["Subject"] == f"Action {action_id} failed"
    assert mail["From"] == "Shop <shop@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "gone@example.com" not in mail.get_content()
    assert f"/actions/{action_id}" in mail.get_content()


def test_the_kill_switch_does_not_silence_alerts(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    office.pull()
    watched(office)
    assert [call["kind"] for call in receiver.told(office)] == ["kill_switch_pulled"]
    assert f"User {office.approver} stopped everything of the tenant" in receiver.told(office)[0]["text"]
    assert kinds(office) == ["kill_switch_pulled"]


def test_what_failed_again_is_told_again(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    action_id = failed(office, mail_server_log)
    watched(office)
    mail_server_log.refusals["gone@example.com"] = ["550 still not"]
    with office.console() as session:
        dead_letters.requeue(
            session, office.locked(session, action_id), office.by(office.author), "is it back?"
        )
    office.send()
    watched(office)
    assert [call["kind"] for call in receiver.told(office)] == ["action_failed"] * 2


def test_each_kind_is_seen(office: Office, mail_server_log: MailServer, receiver: Receiver) -> None:
    mail_server_log.refusals["gone@example.com"] = ["550 no"]
    office.approved(to=["gone@example.com", "here@example.com"])
    office.send()
    unknown_outcome(office, mail_server_log)
    expired = office.draft(purpose=Purpose.CONTRACT)
    office.submit(expired)
    office.tamper(LAPSE, expired)
    gate.look(office.settings, "gate_sensor_a")
    broken = office.draft(purpose=Purpose.CONTRACT)
    manifest_hash = office.submit(broken)
    admin = member(office.settings, office.tenant, MemberRole.ADMIN)
    with office.console() as session:
        approvals.break_glass(
            session, office.tenant, broken, user=admin, role=MemberRole.ADMIN,
            manifest_hash=manifest_hash, reason="ring me at boss@example.com",
        )  # fmt: skip
    office.pull(Scope.CHANNEL, "smtp")
    watched(office)
    elsewhere = {AlertKind.CONNECTION_BROKEN, AlertKind.CONNECTION_ENDS}  # test_connection_alerts
    elsewhere |= {AlertKind.MAIL_UNWELCOME}  # test_mail_alerts
    assert set(kinds(office)) == set(AlertKind) - {AlertKind.GATE_SILENT, AlertKind.ACTION_FAILED} - elsewhere
    assert len(receiver.told(office)) == len(kinds(office))
    assert "@example.com" not in str(receiver.bodies)


def unknown_outcome(office: Office, server: MailServer) -> ActionId:
    usual = server.handle_DATA

    async def accept_and_hang_up(given: Any, session: Any, envelope: Any) -> str:
        given.transport.abort()
        return "250 never heard"

    server.handle_DATA = accept_and_hang_up  # type: ignore[method-assign]
    action_id = office.approved(to=["who@example.com"])
    office.send()
    server.handle_DATA = usual  # type: ignore[method-assign]
    return action_id


def test_a_silent_gate_is_told_once_a_silence_and_closed_when_it_is_seen_again(
    office: Office, house: Settings, mail_server_log: MailServer, receiver: Receiver
) -> None:
    office.settings = office.settings.model_copy(update={"alert_mail_to": "ops@example.com"})
    watched(office)
    assert [call["kind"] for call in receiver.told(office)] == []
    for silences in (1, 2):
        with records.session(house, Role.OWNER) as session:
            session.execute(text(SILENT))
        watched(office)
        watched(office)
        assert [call["kind"] for call in receiver.told(office)] == ["gate_silent"] * silences
        assert mail_server_log.recipients == {"ops@example.com": silences}
        assert open_silences(house) == 1
        sensor_looks(house)
        watched(office)
        assert open_silences(house) == 0


def open_silences(house: Settings) -> int:
    with records.session(house, Role.PIPELINES) as session:
        query = text("select count(*) from alerts where kind = 'gate_silent' and closed_at is null")
        return session.scalar(query) or 0


def test_a_watcher_that_came_with_the_house_waits_before_it_speaks_of_a_silence(
    office: Office, house: Settings
) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text(SILENT))
    alerting.raise_alerts(office.settings, came_at=now())
    assert open_silences(house) == 0
    alerting.raise_alerts(office.settings, came_at=now() - timedelta(hours=1))
    assert open_silences(house) == 1


def test_a_sender_that_is_no_address_keeps_nobody_else_from_being_told(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    failed(office, mail_server_log)
    office.settings = office.settings.model_copy(update={"mail_from": "nobody"})
    watched(office)
    assert len(receiver.told(office)) == 1
    assert "not a mail address" in notices(office, "mail")[0][3]


def test_what_was_unknown_is_over_once_a_person_settled_it(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = unknown_outcome(office, mail_server_log)
    watched(office)
    [letter] = office.column("select id from deliveries where action_id = :id", action_id)
    with office.console() as session:
        action = office.locked(session, action_id)
        dead_letters.resolve(session, action, office.by(office.author), [letter], arrived=True, note="")
    watched(office)
    over = "select closed_at from alerts where action_id = :id and kind = 'deliveries_unknown'"
    assert None not in office.column(over, action_id)


def test_a_receiver_that_fails_and_then_works_is_told_once(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    receiver.answers = [503, 429, 404]
    failed(office, mail_server_log)
    watched(office)
    assert receiver.told(office) == []
    assert len(mail_server_log.recipients) == 1, "one sink in trouble holds up no other"
    for _ in range(5):
        let_time_pass(office.settings)
        watched(office)
    assert len(receiver.told(office)) == 1
    assert notices(office, "web_hook") == [(4, True, False, "")]


def test_one_that_redirects_is_not_followed(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    receiver.answers = [302, 307, 308]
    failed(office, mail_server_log)
    for _ in range(3):
        watched(office)
        let_time_pass(office.settings)
    assert receiver.redirected == 0
    [(attempts, told, _, error)] = notices(office, "web_hook")
    assert (attempts, told) == (3, False)
    assert "redirects" in error
    assert receiver.url not in error


def test_one_that_hangs_is_left_and_tried_again(
    office: Office, mail_server_log: MailServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_sinks, "PATIENCE_SECONDS", 0.5)
    receiver.hangs = threading.Event()
    failed(office, mail_server_log)
    watched(office)
    [(_, told, _, error)] = notices(office, "web_hook")
    assert not told
    assert "too long" in error
    assert len(mail_server_log.recipients) == 1


def test_what_cannot_be_told_is_given_up_in_the_end_and_says_so(
    office: Office, mail_server_log: MailServer, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [500] * (MOST_ATTEMPTS + 1)
    failed(office, mail_server_log)
    for _ in range(MOST_ATTEMPTS + 3):
        watched(office)
        let_time_pass(office.settings)
    [(attempts, told, given_up, _)] = notices(office, "web_hook")
    assert (attempts, told, given_up) == (MOST_ATTEMPTS, False, True)
    assert "the last time" in caplog.text


def test_a_reader_whose_mailbox_is_gone_is_given_up_at_once_and_others_are_told(
    office: Office, mail_server_log: MailServer
) -> None:
    member(office.settings, office.tenant, MemberRole.ADMIN)
    with records.session(office.settings, Role.OWNER) as session:
        author = session.get_one(people.User, office.author).email
    mail_server_log.refusals[author] = [f"550 <{author}> unknown"] * 9
    failed(office, mail_server_log)
    watched(office)
    assert author not in mail_server_log.recipients
    assert len(mail_server_log.recipients) == 1
    by_mail = notices(office, "mail")
    assert sorted((told, given_up) for _, told, given_up, _ in by_mail) == [(False, True), (True, False)]
    assert author not in str(by_mail)


def test_whoever_was_disabled_meanwhile_is_not_told(office: Office, mail_server_log: MailServer) -> None:
    failed(office, mail_server_log)
    alerting.raise_alerts(office.settings)
    office.tamper(f"update users set disabled_at = now() where id = {office.author} and :id > 0", ActionId(1))
    while alerting.tell(office.settings):
        pass
    assert mail_server_log.recipients == {}


def test_two_watchers_at_once_tell_once(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    for n in range(5):
        mail_server_log.refusals[f"gone{n}@example.com"] = ["550 no"]
        office.approved(to=[f"gone{n}@example.com"])
    office.send()
    watchers = [threading.Thread(target=watched, args=[office]) for _ in range(4)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    watched(office)
    assert len(receiver.told(office)) == 5
    assert list(mail_server_log.recipients.values()) == [5]


def test_while_one_looks_another_does_not(office: Office, mail_server_log: MailServer) -> None:
    failed(office, mail_server_log)
    with records.session(office.settings, Role.WATCH) as session:
        assert is_my_turn(session)
        assert alerting.raise_alerts(office.settings) == 0
    assert alerting.raise_alerts(office.settings) >= 1


def test_a_watcher_that_died_while_it_told_leaves_the_notice_to_the_next(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    failed(office, mail_server_log)
    alerting.raise_alerts(office.settings)
    with records.session(office.settings, Role.WATCH) as session:
        assert alert_notices.claim(session, [Sink.WEB_HOOK]) is not None
    watched(office)
    assert receiver.told(office) == []
    let_time_pass(office.settings)
    watched(office)
    assert len(receiver.told(office)) == 1


def test_a_call_is_signed_by_standard_webhooks(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    failed(office, mail_server_log)
    watched(office)
    headers, body = receiver.headers[0], receiver.bodies[0]
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    digest = hmac.new(key_of(SECRET), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-id"] == f"alert_{json.loads(body)['id']}"


def test_production_calls_nobody_inside(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    failed(office, mail_server_log)
    office.settings = office.settings.model_copy(update={"environment": Environment.PRODUCTION})
    alerting.raise_alerts(office.settings)
    alerting.tell(office.settings)
    assert receiver.bodies == []
    assert "private address" in notices(office, "web_hook")[0][3]


def test_the_console_alone_raises_and_tells_while_dagster_is_dead(
    office: Office, house: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text(SILENT))
    environment = environment_of(office.settings) | {
        "ALERT_WEBHOOK_URL": receiver.url,
        "ALERT_WEBHOOK_SECRET": SECRET,
        "ALERT_GATE_SILENT_SECONDS": "10",
    }
    with process([sys.executable, "-m", "console"], environment, tmp_path / "console.log"):
        wait_until("the alert", lambda: bool(receiver.told(office)))
    assert [call["kind"] for call in receiver.told(office)] == ["gate_silent"]
    assert "The gate is silent" in (tmp_path / "console.log").read_text()


def test_the_dagster_sensor_alone_does_the_same(
    office: Office, mail_server_log: MailServer, receiver: Receiver
) -> None:
    failed(office, mail_server_log)
    context = dg.build_sensor_context(resources={"house": house_resource(office.settings)})
    assert alerts_sensor.evaluate_tick(context).run_requests == []
    assert len(receiver.told(office)) == 1


def test_whoever_watches_reads_no_more_than_alerts_are_made_of(house: Settings) -> None:
    with engine(house, Role.WATCH).connect() as connection:
        for query in (
            "select email from contacts",
            "select payload from actions",
            "select note from approvals",
            "select password_hash from users",
            "update actions set state = 'approved'",
            "delete from alerts",
        ):
            with connection.begin_nested() as attempt:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.execute(text(query))
                attempt.rollback()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("alert_webhook_url", "ftp://example.com/hook"),
        ("alert_webhook_url", "https://"),
        ("alert_webhook_secret", "whsec_short"),
        ("alert_mail_to", "a@example.com, b@example.com"),
        ("alert_gate_silent_seconds", 1),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(setting: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=setting.upper()):
        load(_env_file=None, **{setting: value})


def test_the_address_of_the_web_hook_is_a_secret(office: Office, receiver: Receiver) -> None:
    assert receiver.url not in repr(office.settings)
    assert isinstance(office.settings.alert_webhook_url, SecretStr)


def test_an_old_failure_is_no_news(office: Office, mail_server_log: MailServer) -> None:
    action_id = failed(office, mail_server_log)
    office.tamper("update actions set updated_at = now() - interval '30 days' where id = :id", action_id)
    watched(office)
    assert kinds(office) == []
    with office.console() as session:
        assert actions.locked(session, office.tenant, action_id) is not None
