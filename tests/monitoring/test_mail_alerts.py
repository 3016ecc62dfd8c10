"""Mail that bounces or is reported as spam too often is told of, once an action."""

import json
import uuid
from datetime import timedelta

from sqlalchemy import text

from marketing_pipelines.monitoring import alerting
from marketing_pipelines.outbound import mail_events
from store import records
from store.clock import now
from store.records import hooks
from store.records.schema import ActionId
from store.settings import Role
from tests.monitoring.conftest import Receiver
from tests.outbound.office import Office


def mailed(office: Office, readers: int) -> ActionId:
    action_id = office.approved(to=[f"{uuid.uuid4().hex}@example.com" for _ in range(readers)])
    office.send()
    return action_id


def told(office: Office, action_id: ActionId, kind: str, count: int) -> None:
    """So many of its readers' servers said so, in a call as the collector keeps it."""
    query = """
        select message_id, "values" ->> 'email' as email from deliveries
        join action_recipients using (tenant_id, action_id, version, recipient_key) where action_id = :id order by email
    """
    with records.session(office.settings, Role.PIPELINES) as session:
        rows = session.execute(text(query), {"id": action_id}).all()[:count]
    events = [
        {
            "event": kind, "email": row.email, "mp_message_id": row.message_id, "type": "bounce",
            "timestamp": int(now().timestamp()), "sg_event_id": uuid.uuid4().hex,
        }
        for row in rows
    ]  # fmt: skip
    call = {
        "tenant_id": office.tenant, "provider": "sendgrid", "event_id": None, "received_at": now(), "headers": {},
        "body": json.dumps(events).encode(), "place": uuid.uuid4().hex,
    }  # fmt: skip
    with records.session(office.settings, Role.EDGE) as session:
        hooks.keep_calls(session, [call])
    mail_events.interpret(office.settings)


def watched(office: Office) -> None:
    alerting.raise_alerts(office.settings, came_at=now() - timedelta(hours=1))
    while alerting.tell(office.settings):
        pass


def alerted(office: Office) -> list[tuple[str, dict[str, int]]]:
    query = text(
        "select subject, about from alerts where tenant_id = :t and kind = 'mail_unwelcome' order by id"
    )
    with records.session(office.settings, Role.OWNER) as session:
        return [(row.subject, row.about) for row in session.execute(query, {"t": office.tenant})]


def test_too_many_bounces_are_told_once(office: Office, receiver: Receiver) -> None:
    action_id = mailed(office, 20)
    told(office, action_id, "bounce", 2)
    watched(office)
    assert alerted(office) == [], "two are an accident"
    told(office, action_id, "bounce", 3)
    watched(office)
    told(office, action_id, "bounce", 5)
    watched(office)
    about = {"bounced": 3, "complained": 0, "sent": 20}
    assert alerted(office) == [(f"action/{action_id}", about)]
    [call] = [call for call in receiver.told(office) if call["kind"] == "mail_unwelcome"]
    assert f"The mail of action {action_id} is not welcome" in call["text"]
    assert "Of 20 messages 3 bounced for good, and 0 were reported as spam." in call["text"]


def test_what_is_tolerated_is_a_setting(office: Office, receiver: Receiver) -> None:
    action_id = mailed(office, 20)
    office.settings = office.settings.model_copy(update={"alert_complaint_percent": 20.0})
    told(office, action_id, "spamreport", 4)
    told(office, action_id, "delivered", 20)
    watched(office)
    assert alerted(office) == [], "four of twenty are twenty percent and not more"
    office.settings = office.settings.model_copy(update={"alert_complaint_percent": 0.3})
    watched(office)
    assert [subject for subject, _ in alerted(office)] == [f"action/{action_id}"]
