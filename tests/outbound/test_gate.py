"""The gate asks for one run where one is needed, again when it does not come, and never for what may not go."""

import time
from datetime import timedelta

import dagster as dg
import pytest
from sqlalchemy.exc import ProgrammingError

from marketing_pipelines.defs.outbound import automation
from marketing_pipelines.outbound import gate
from store import records
from store.clock import now
from store.records import gate as gate_records
from store.records.gate import WatcherKind
from store.records.schema import ActionId
from store.settings import Role
from tests.outbound.office import MailServer, Office, house_resource, wait_for

pytestmark = pytest.mark.usefixtures("quiet")


def test_it_asks_once_for_what_is_due(office: Office) -> None:
    action_id = office.approved()
    asked = gate.look(office.settings, "a")
    assert asked is not None
    assert (asked.tenant, asked.action) == (office.tenant, action_id)
    assert asked.run_key == f"{office.tenant}-{action_id}-1-1-1"
    assert gate.look(office.settings, "b") is None


def test_an_ask_that_no_run_answers_is_made_again_under_another_key(office: Office) -> None:
    action_id = office.approved()
    assert gate.look(office.settings, "a")
    office.tamper(
        "update slices set asked_at = asked_at - interval '1 hour' where action_id = :id", action_id
    )
    again = gate.look(office.settings, "b")
    assert again is not None
    assert again.run_key == f"{office.tenant}-{action_id}-1-1-2"


def test_what_a_dead_run_had_taken_is_asked_for_when_its_lease_has_lapsed(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved()
    with records.session(office.settings, Role.PIPELINES) as session:
        taken = gate_records.take(session, "a run that dies", gate.PATIENCE)
        assert taken is not None
    assert gate.look(office.settings, "a") is None
    office.let_leases_lapse(action_id)
    again = gate.look(office.settings, "a")
    assert again is not None
    assert again.run_key.endswith("-1-2")
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}


def test_while_a_run_waits_no_other_is_asked_for(office: Office) -> None:
    with records.session(office.settings, Role.PIPELINES) as session:
        gate_records.watch(session, "a run", WatcherKind.RUN)
    office.approved()
    assert gate.look(office.settings, "a") is None
    with records.session(office.settings, Role.PIPELINES) as session:
        gate_records.leave(session, "a run")
    assert gate.look(office.settings, "a") is not None


def somebody_reads(office: Office) -> None:
    with office.console() as session:
        gate_records.approver_reads(session)


def test_while_somebody_reads_what_they_may_sign_one_run_is_asked_for_ahead(office: Office) -> None:
    assert gate.look(office.settings, "a") is None
    somebody_reads(office)
    asked = gate.look(office.settings, "a")
    assert asked is not None
    assert asked.action is None
    assert gate.look(office.settings, "b") is None
    office.tamper(
        "update gate_watchers set seen_at = seen_at - interval '91 s' where kind = 'asked_ahead' and :id = 0",
        ActionId(0),
    )
    again = gate.look(office.settings, "b")
    assert again is not None
    assert again.run_key != asked.run_key


def test_a_run_that_was_asked_for_ahead_is_enough_until_it_has_come_and_gone(
    office: Office, mail_server_log: MailServer
) -> None:
    somebody_reads(office)
    assert gate.look(office.settings, "a") is not None
    office.approved()
    assert gate.look(office.settings, "a") is None
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}
    action_id = office.approved()
    asked = gate.look(office.settings, "a")
    assert asked is not None
    assert asked.action == action_id


def test_what_is_due_does_not_wait_for_ever_for_a_run_that_was_asked_for_ahead(office: Office) -> None:
    somebody_reads(office)
    assert gate.look(office.settings, "a") is not None
    action_id = office.approved()
    office.tamper(
        "update gate_watchers set seen_at = seen_at - interval '91 s' where kind = 'asked_ahead' and :id = 0",
        ActionId(0),
    )
    asked = gate.look(office.settings, "a")
    assert asked is not None
    assert asked.action == action_id


def test_nothing_is_asked_for_ahead_once_they_have_gone_or_everything_is_stopped(office: Office) -> None:
    somebody_reads(office)
    assert gate.look(office.settings.model_copy(update={"kill_switch": True}), "a") is None
    office.tamper(
        "update gate_watchers set seen_at = seen_at - interval '3 min' where kind = 'approver' and :id = 0",
        ActionId(0),
    )
    assert gate.look(office.settings, "a") is None


def test_a_run_is_there_before_what_was_approved_for_later_falls_due(office: Office) -> None:
    office.approved(due_at=now() + timedelta(hours=1))
    assert gate.look(office.settings, "a") is None
    office.approved(due_at=now() + timedelta(seconds=18))
    asked = gate.look(office.settings, "a")
    assert asked is not None
    assert asked.action is None


def test_a_run_stays_while_somebody_reads(office: Office, mail_server_log: MailServer) -> None:
    somebody_reads(office)
    with office.sender(drain_seconds=1) as run:
        wait_for(
            lambda: office.column("select 1 from gate_watchers where kind = 'run' and :id = 0", ActionId(0))
        )
        time.sleep(2)  # longer than it would stay for nobody
        assert run.poll() is None
        office.approved()
        wait_for(lambda: mail_server_log.recipients == {"reader@example.com": 1})
        office.tamper(
            "update gate_watchers set seen_at = now() - interval '3 min' where kind = 'approver' and :id = 0",
            ActionId(0),
        )
        assert run.wait(30) == 0


def test_the_console_says_nothing_else_to_the_gate(office: Office) -> None:
    """Whoever breaks into the console cannot make it believe that a run waits."""
    for kind in (WatcherKind.RUN, WatcherKind.SENSOR, WatcherKind.ASKED_AHEAD):
        with pytest.raises(ProgrammingError, match="row-level security"), office.console() as session:
            gate_records.watch(session, "forged", kind)


def test_a_look_is_the_sign_of_life_that_the_console_shows(office: Office) -> None:
    gate.look(office.settings, "a")
    with office.console() as session:
        assert gate_records.last_seen(session) is not None


def test_what_nobody_has_had_goes_before_what_is_half_way(office: Office) -> None:
    with_a_slice = office.approved(to=["long@example.com"])
    office.tamper(
        """insert into slices (tenant_id, action_id, version, number, attempt, asked_at, ended_at)
           select tenant_id, id, version, 1, 1, now(), now() from actions where id = :id""",
        with_a_slice,
    )
    new = office.approved(to=["short@example.com"])
    asked = gate.look(office.settings, "a")
    assert asked is not None
    assert asked.action == new


def test_the_sensor_asks_for_a_run_of_the_job_and_the_job_sends(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved()
    house = house_resource(office.settings.model_copy(update={"gate_tick_seconds": 1}))
    for sensor in (automation.gate_sensor_a, automation.gate_sensor_b):
        data = sensor.evaluate_tick(dg.build_sensor_context(resources={"house": house}))
        if data.run_requests:
            break
    (request,) = data.run_requests or []
    assert request.run_key == f"{office.tenant}-{action_id}-1-1-1"
    assert request.tags["mp/gate"] == "send"

    result = automation.send_approved_actions_job.execute_in_process(resources={"house": house})
    assert result.success
    assert mail_server_log.recipients == {"reader@example.com": 1}
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [dg.AssetKey("sends")]


def test_a_tick_with_nothing_due_says_so(office: Office) -> None:
    house = house_resource(office.settings.model_copy(update={"gate_tick_seconds": 1}))
    data = automation.gate_sensor_a.evaluate_tick(dg.build_sensor_context(resources={"house": house}))
    assert not data.run_requests
    assert data.skip_message == "Nothing that may go is due."
