"""A campaign while its mails are on their way: paused it holds them, scheduled it lets them wait, over it calls them off."""

from collections import Counter
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from marketing_pipelines.campaigns import calendar
from marketing_pipelines.campaigns.calendar import Look
from marketing_pipelines.defs.campaigns.automation import campaign_calendar
from marketing_pipelines.outbound import gate
from store import records
from store.clock import now
from store.records import audit_log, campaigns, contacts
from store.records.action_states import State
from store.records.campaigns import Campaign, CampaignStatus, Plan
from store.records.kill_switches import Scope
from store.records.schema import ActionId, CampaignId
from store.settings import Role
from tests.campaigns.bringing import brought, run
from tests.outbound.office import MailServer, Office, house_resource, wait_for

EVERYONE = [f"r{n}@example.com" for n in range(80)]
SENSOR = "campaign_calendar"


pytestmark = pytest.mark.usefixtures("quiet")


def launched(office: Office, start: timedelta | None = None, end: timedelta | None = None) -> CampaignId:
    """A live campaign whose dates are so far from now."""
    plan = Plan(
        name="Spring",
        objective="",
        project_id=None,
        start_date=None if start is None else now() + start,
        end_date=None if end is None else now() + end,
    )
    with office.console() as session:
        campaign = campaigns.add(session, office.tenant, office.by(office.author), plan)
        campaigns.publish(session, campaign, office.by(office.author))
        return CampaignId(campaign.id)


def status_of(office: Office, campaign: CampaignId) -> CampaignStatus:
    with office.console() as session:
        return session.get_one(Campaign, campaign).status


def turn(office: Office, campaign: CampaignId, step: Any, *details: Any) -> None:
    """Somebody pauses, resumes or schedules it."""
    with office.console() as session:
        found = campaigns.locked(session, office.tenant, campaign)
        assert found
        step(session, found, office.by(office.author), *details)


def pass_dates(office: Office, campaign: CampaignId, column: str) -> None:
    """Time goes by until one of its dates has passed."""
    with records.session(office.settings, Role.OWNER) as session:
        passed = f"update campaigns set {column} = now() - interval '1 millisecond' where id = :id"
        session.execute(text(passed), {"id": campaign})


def look(office: Office, action_id: ActionId) -> Look:
    """One look at the calendar, until the action is not with a run any more."""
    seen = calendar.look(office.settings, SENSOR)
    while office.now(action_id).state in {State.EXECUTING, State.HELD}:
        seen = calendar.look(office.settings, SENSOR)
    return seen


def history(office: Office, entity: str, number: int) -> list[audit_log.AuditEntry]:
    with office.console() as session:
        assert audit_log.verify(session, office.tenant) is None
        return audit_log.of_entity(session, office.tenant, entity, number)


def test_paused_half_way_it_holds_the_rest_and_everyone_gets_exactly_one(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.05
    campaign = launched(office)
    action_id = office.approved(to=EVERYONE, campaign=campaign)
    with office.sender():
        wait_for(lambda: len(mail_server_log.received) >= 5)
        turn(office, campaign, campaigns.pause, "the price is wrong")
        wait_for(lambda: office.now(action_id).state is State.HELD)
        held_at = len(mail_server_log.received)
        assert held_at < len(EVERYONE)
        assert office.delivered(action_id) == {"sent": held_at, "queued": len(EVERYONE) - held_at}
        assert gate.look(office.settings, "a sensor") is None
        assert calendar.look(office.settings, SENSOR) == Look(0, 0), "a pause calls nothing off"

        mail_server_log.slowness = 0.0
        turn(office, campaign, campaigns.resume)
        wait_for(lambda: office.now(action_id).state is State.SUCCEEDED)
    assert mail_server_log.recipients == Counter(EVERYONE)
    held = next(entry for entry in history(office, "action", action_id) if entry.action == "hold")
    assert held.after["reason"] == f"campaign {campaign} is paused"


def test_an_action_of_a_scheduled_campaign_waits_until_it_starts(
    office: Office, mail_server_log: MailServer
) -> None:
    campaign = launched(office, start=timedelta(days=1))
    action_id = office.approved(campaign=campaign)
    assert office.send() == {}
    assert gate.look(office.settings, "a sensor") is None
    assert office.now(action_id).state is State.APPROVED
    pass_dates(office, campaign, "start_date")
    assert calendar.look(office.settings, SENSOR).moved == 1
    assert status_of(office, campaign) is CampaignStatus.RUNNING
    started = history(office, "campaign", campaign)[-1]
    assert (started.action, started.actor) == ("start", f"sensor:{SENSOR}")
    assert office.send() == {State.SUCCEEDED: 1}
    assert mail_server_log.recipients == {"reader@example.com": 1}


def test_what_is_left_of_a_campaign_that_ends_half_way_is_called_off_and_told_as_such(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.05
    campaign = launched(office, end=timedelta(days=1))
    action_id = office.approved(to=EVERYONE, campaign=campaign)
    with office.sender():
        wait_for(lambda: len(mail_server_log.received) >= 5)
        pass_dates(office, campaign, "end_date")
        wait_for(lambda: office.now(action_id).state is State.HELD)
        look(office, action_id)
    sent = len(mail_server_log.received)
    assert sent < len(EVERYONE)
    assert set(mail_server_log.recipients.values()) == {1}
    ended = office.now(action_id)
    assert ended.state is State.CANCELLED
    assert ended.outcome == {
        "reason": f"campaign {campaign} has ended",
        "sent": sent,
        "suppressed": len(EVERYONE) - sent,
    }
    told = office.column(
        "select distinct outcome from deliveries where action_id = :id and state = 'suppressed'", action_id
    )
    assert told == [f"campaign {campaign} has ended"]
    assert [entry.action for entry in history(office, "campaign", campaign)][-1] == "complete"
    assert history(office, "action", action_id)[-1].actor == f"sensor:{SENSOR}"
    assert office.send() == {}


def test_what_a_dead_run_had_in_its_hands_when_the_campaign_ended_is_unknown_and_the_rest_called_off(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.05
    campaign = launched(office, end=timedelta(days=1))
    action_id = office.approved(to=EVERYONE, campaign=campaign)
    with office.sender() as run:
        wait_for(lambda: len(mail_server_log.received) >= 5)
        run.kill()
        run.wait()
    in_flight = office.delivered(action_id)["sending"]
    assert in_flight
    pass_dates(office, campaign, "end_date")
    assert calendar.look(office.settings, SENSOR) == Look(moved=1, called_off=0), "its lease still holds"
    office.let_leases_lapse(action_id)
    assert calendar.look(office.settings, SENSOR) == Look(moved=0, called_off=1)
    assert office.now(action_id).state is State.CANCELLED
    assert office.delivered(action_id)["unknown"] == in_flight
    assert not office.delivered(action_id)["queued"]
    assert set(mail_server_log.recipients.values()) == {1}


def test_a_campaign_that_ends_calls_off_what_waits_and_leaves_drafts(office: Office) -> None:
    campaign, other = launched(office, end=timedelta(days=1)), launched(office)
    approved, elsewhere = office.approved(campaign=campaign), office.approved(campaign=other)
    draft, asked = office.draft(campaign=campaign), office.draft(campaign=campaign)
    office.submit(asked)
    pass_dates(office, campaign, "end_date")
    assert calendar.look(office.settings, SENSOR) == Look(moved=1, called_off=2)
    states = {number: office.now(number).state for number in (approved, asked, draft, elsewhere)}
    assert states == {
        approved: State.CANCELLED,
        asked: State.CANCELLED,
        draft: State.DRAFT,
        elsewhere: State.APPROVED,
    }
    assert calendar.look(office.settings, SENSOR) == Look(0, 0)
    assert office.send() == {State.SUCCEEDED: 1}


def test_an_end_that_has_passed_stops_it_before_anybody_has_looked_at_the_calendar(
    office: Office, mail_server_log: MailServer
) -> None:
    campaign = launched(office, end=timedelta(days=1))
    action_id = office.approved(campaign=campaign)
    pass_dates(office, campaign, "end_date")
    assert office.send() == {}
    assert gate.look(office.settings, "a sensor") is None
    assert status_of(office, campaign) is CampaignStatus.RUNNING
    assert not mail_server_log.received
    assert look(office, action_id).called_off == 1


@pytest.mark.parametrize("dates", [None, timedelta(days=-1)])
def test_a_draft_stops_nothing(office: Office, dates: timedelta | None) -> None:
    with office.console() as session:
        plan = Plan(
            name="x",
            objective="",
            project_id=None,
            start_date=None if dates is None else now() + dates,
            end_date=None,
        )
        campaign = CampaignId(campaigns.add(session, office.tenant, office.by(office.author), plan).id)
    office.approved(campaign=campaign)
    assert office.send() == {State.SUCCEEDED: 1}


def test_a_campaign_brought_back_sends_what_is_approved_anew(
    office: Office, mail_server_log: MailServer
) -> None:
    campaign = launched(office, end=timedelta(days=1))
    pass_dates(office, campaign, "end_date")
    calendar.look(office.settings, SENSOR)
    turn(office, campaign, campaigns.schedule, None, now() + timedelta(days=1))
    assert status_of(office, campaign) is CampaignStatus.RUNNING
    office.approved(campaign=campaign)
    assert office.send() == {State.SUCCEEDED: 1}
    assert len(mail_server_log.received) == 1


def test_a_switch_and_a_pause_are_released_each_by_itself(office: Office) -> None:
    campaign = launched(office)
    office.approved(campaign=campaign)
    office.pull(Scope.CAMPAIGN, str(campaign))
    turn(office, campaign, campaigns.pause, "")
    turn(office, campaign, campaigns.resume)
    assert office.send() == {}
    office.release(Scope.CAMPAIGN, str(campaign))
    assert office.send() == {State.SUCCEEDED: 1}


def test_recipients_that_came_along_get_exactly_one_mail_each_and_who_left_gets_none(
    office: Office, mail_server_log: MailServer
) -> None:
    with office.console() as session:
        gone = contacts.ensure(session, office.tenant, "gone@example.com")
        contacts.opt_out(session, gone, office.by(office.author), "asked")
    request = brought(office.settings, office.tenant, office.author, [*EVERYONE, "gone@example.com", "x"])
    outcome = run(office.settings, request)
    assert (outcome["new"], outcome["unsubscribed"], outcome["invalid"]) == (len(EVERYONE), 1, 1)
    assert office.send() == {}, "it is a draft"
    office.sign(ActionId(outcome["action"]))
    office.send()
    assert office.now(outcome["action"]).state is State.SUCCEEDED
    assert mail_server_log.recipients == Counter(EVERYONE)


def test_the_calendar_is_looked_at_by_a_sensor_that_is_always_on(office: Office) -> None:
    campaign = launched(office, start=timedelta(days=1))
    pass_dates(office, campaign, "start_date")
    assert campaign_calendar.default_status is dg.DefaultSensorStatus.RUNNING
    context = dg.build_sensor_context(resources={"house": house_resource(office.settings)})
    tick = campaign_calendar.evaluate_tick(context)
    assert not tick.run_requests
    assert "1 campaigns moved on" in (tick.skip_message or "")
    assert status_of(office, campaign) is CampaignStatus.RUNNING
