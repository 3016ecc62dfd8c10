"""What the mail provider told, on an action's page and over the API: counted, escaped, and addresses for few eyes."""

import json
import uuid

from marketing_pipelines.outbound import mail_events
from store import records
from store.clock import now
from store.records import hooks
from store.records.people import MemberRole
from store.records.schema import ActionId
from store.settings import Role
from tests.outbound.conftest import mail_server_log, office
from tests.outbound.test_dead_letters import Desk, desk

__all__ = ["desk", "mail_server_log", "office"]

EVIL = '550 <script>alert("x")</script> gone@example.com'


def told(desk: Desk) -> ActionId:
    """Two mails, of which one arrived and one bounced, with words that mean no good."""
    readers = ("gone@example.com", "here@example.com")
    action_id = desk.office.approved(to=list(readers))
    desk.office.send()
    ids = desk.office.column(
        "select message_id from deliveries join action_recipients using (tenant_id, action_id, version, "
        "recipient_key) where action_id = :id order by \"values\" ->> 'email'",
        action_id,
    )
    kinds = ("bounce", "delivered")
    events = [
        {
            "event": kind, "type": "bounce", "email": reader, "mp_message_id": message, "reason": EVIL,
            "timestamp": int(now().timestamp()), "sg_event_id": uuid.uuid4().hex,
        }
        for kind, reader, message in zip(kinds, readers, ids, strict=True)
    ]  # fmt: skip
    call = {
        "tenant_id": desk.office.tenant, "provider": "sendgrid", "event_id": None, "received_at": now(), "headers": {},
        "body": json.dumps(events).encode(), "place": uuid.uuid4().hex,
    }  # fmt: skip
    with records.session(desk.office.settings, Role.EDGE) as session:
        hooks.keep_calls(session, [call])
    mail_events.interpret(desk.office.settings)
    return action_id


def test_the_page_counts_and_names_what_did_not_arrive(desk: Desk) -> None:
    action_id = told(desk)
    page = desk.people[MemberRole.MARKETER].forms().get(f"/actions/{action_id}").text
    section = page.partition('id="told"')[2].partition("</section>")[0]
    assert "<dt>Delivered</dt><dd>1</dd>" in section
    assert "<dt>Bounced</dt><dd>1</dd>" in section
    assert "gone@example.com" in section
    assert "here@example.com" not in section
    assert "550 &lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; (an address)" in section
    assert "<script>" not in section


def test_who_may_not_read_addresses_sees_the_counts_alone(desk: Desk) -> None:
    action_id = told(desk)
    page = desk.people[MemberRole.VIEWER].forms().get(f"/actions/{action_id}").text
    section = page.partition('id="told"')[2].partition("</section>")[0]
    assert "<dt>Bounced</dt><dd>1</dd>" in section
    assert "@" not in section


def test_the_api_says_the_same(desk: Desk) -> None:
    action_id = told(desk)
    with desk.people[MemberRole.MARKETER].api() as api:
        assert api.get(f"/actions/{action_id}").json()["told"] == {"delivered": 1, "bounce": 1}
        page = api.get(f"/actions/{action_id}/deliveries").json()
        assert api.get(f"/actions/{10**9}/deliveries").status_code == 404
    assert page["next_cursor"] is None
    shown = {item["latest_event"]["kind"]: item["latest_event"]["reason"] for item in page["items"]}
    assert shown.keys() == {"bounce", "delivered"}
    assert shown["bounce"] == '550 <script>alert("x")</script> (an address)'
    assert {item["state"] for item in page["items"]} == {"sent"}
    with desk.people[MemberRole.VIEWER].api() as api:
        assert api.get(f"/actions/{action_id}/deliveries").status_code == 403
