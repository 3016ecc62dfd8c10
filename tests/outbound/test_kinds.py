"""Actions of every type: what each must say, what of it is signed, and how it leaves the house."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from marketing_pipelines.outbound import payloads
from marketing_pipelines.outbound.kinds import KINDS
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.payloads import PayloadError
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import actions, audit_log, links
from store.records.action_states import State
from store.records.actions import ActionType
from store.records.kill_switches import Scope
from store.settings import Role
from tests.outbound.office import MailServer, Office
from tests.outbound.receiver import Receiver, receiving

TOMORROW = (now() + timedelta(days=1)).date().isoformat()
TRACKED = "https://shop.example/?utm_source=linkedin&utm_medium=social"
GOOD: dict[ActionType, dict[str, Any]] = {
    ActionType.EMAIL: {"recipient": "user@example.com", "subject": "Hello", "body": "Text"},
    ActionType.SOCIAL_POST: {"network": "linkedin", "text": "We are open.", "link": TRACKED},
    ActionType.CMS_WEBHOOK: {"event": "post.publish", "data": {"title": "Hello", "tags": ["a", 1, None]}},
    ActionType.CHAT_MESSAGE: {"text": "The brief is ready: https://console.example/briefs/7"},
    ActionType.AD_CHANGE: {
        "platform": "meta",
        "account": "act_1",
        "change": "budget",
        "campaign": "c1",
        "daily_budget": "12.50",
    },
    ActionType.CONVERSION_REPORT: {
        "platform": "meta",
        "account": "act_1",
        "target": "777",
        "goal": 1,
        "event": "Purchase",
        "most": 100,
        "until": TOMORROW,
    },
    ActionType.TEXT_MESSAGE: {
        "recipients": ["+4915112345678"],
        "text": "The sale begins. Reply STOP to end",
        "sender": "+4915735980000",
    },
    ActionType.LINK_CHANGE: {"slug": "sale", "target_url": "https://shop.example/sale"},
    ActionType.SEQUENCE: {
        "name": "Welcome",
        "steps": [{"after_days": 0, "subject": "Welcome", "body": "Glad you are here."}],
        "most": 10,
        "until": TOMORROW,
    },
    ActionType.GENERIC: {"what": "Print 500 flyers", "cost": "80.00"},
}
AIMED: dict[str, Any] = {
    "change": "create",
    "campaign": None,
    "name": "Coats",
    "countries": ["DE"],
    "language": "de",
    "highest_bid": "8.00",
}
RULE = {
    "platform": "meta",
    "account": "act_1",
    "change": "rule",
    "campaigns": ["c1"],
    "changes": ["budget", "pause"],
    "daily_budget": "20.00",
    "most": 5,
    "until": TOMORROW,
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def test_every_type_has_its_kind() -> None:
    assert set(KINDS) == set(ActionType) == set(GOOD)


@pytest.mark.parametrize("type", ActionType)
def test_a_payload_comes_back_as_it_is_stored(type: ActionType) -> None:
    stored = payloads.checked(type, GOOD[type]).payload
    assert stored == GOOD[type]
    assert payloads.checked(type, json.loads(json.dumps(stored))).payload == stored


@pytest.mark.parametrize("type", ActionType)
def test_a_field_that_nobody_knows_is_named(type: ActionType) -> None:
    with pytest.raises(PayloadError) as refused:
        payloads.checked(type, {**GOOD[type], "sned_to": "x"})
    assert [problem.field for problem in refused.value.problems] == ["sned_to"]


VIDEO = {
    "network": "youtube",
    "image": "https://shop.example/coats.mp4",
    "made_for_kids": False,
    "synthetic": True,
}
DEEP: dict[str, Any] = {}
for _ in range(3000):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("type", "change", "field"),
    [
        (ActionType.SOCIAL_POST, {"network": "myspace"}, "network"),
        (ActionType.SOCIAL_POST, {"text": "x" * 3001}, "text"),
        (ActionType.SOCIAL_POST, {"network": "instagram"}, "text"),
        (ActionType.SOCIAL_POST, {"link": "javascript:alert(1)"}, "link"),
        (ActionType.SOCIAL_POST, {"text": "a\x00b"}, "text"),
        (ActionType.CMS_WEBHOOK, {"event": "Post Publish"}, "event"),
        (ActionType.CMS_WEBHOOK, {"data": []}, "data"),
        (ActionType.CMS_WEBHOOK, {"data": {"a": 2**60}}, "data"),
        (ActionType.CMS_WEBHOOK, {"data": {"a": float("nan")}}, "data"),
        (ActionType.CMS_WEBHOOK, {"data": {"a": "\ud800"}}, "data"),
        (ActionType.CMS_WEBHOOK, {"data": {"a": "x" * 300_000}}, "data"),
        (ActionType.CMS_WEBHOOK, {"data": DEEP}, "data"),
        (ActionType.CHAT_MESSAGE, {"text": " "}, "text"),
        (ActionType.CHAT_MESSAGE, {"text": "x" * 40_001}, "text"),
        (ActionType.AD_CHANGE, {"daily_budget": None}, "change"),
        (ActionType.AD_CHANGE, {"daily_budget": "-1"}, "daily_budget"),
        (ActionType.AD_CHANGE, {"daily_budget": "1.005"}, "daily_budget"),
        (ActionType.AD_CHANGE, {"daily_budget": "NaN"}, "daily_budget"),
        (ActionType.AD_CHANGE, {"change": "delete"}, "change"),
        (ActionType.AD_CHANGE, {"change": "pause"}, "change"),
        (ActionType.AD_CHANGE, {"account": "a b"}, "account"),
        (ActionType.AD_CHANGE, {"until": TOMORROW}, "change"),
        (ActionType.AD_CHANGE, {"change": "run", "daily_budget": None}, "change"),
        (ActionType.AD_CHANGE, {**AIMED, "platform": "meta"}, "change"),
        (ActionType.AD_CHANGE, {**AIMED, "platform": "tiktok"}, "change"),
        (ActionType.AD_CHANGE, {**AIMED, "platform": "linkedin", "language": None}, "change"),
        (ActionType.AD_CHANGE, {**AIMED, "platform": "google_ads", "countries": ["Germany"]}, "countries.0"),
        (ActionType.AD_CHANGE, {**AIMED, "platform": "x"}, "change"),
        (ActionType.SOCIAL_POST, {"network": "x", "text": "x" * 281, "link": None}, "text"),
        (ActionType.SOCIAL_POST, {"network": "x", "text": "の" * 141, "link": None}, "text"),
        (ActionType.SOCIAL_POST, {"network": "x", "text": "x" * 270}, "text"),
        (ActionType.SOCIAL_POST, {"network": "slack"}, "text"),
        (ActionType.SOCIAL_POST, {"network": "instagram", "image": TRACKED}, "text"),
        (ActionType.SOCIAL_POST, {"place": "1/2"}, "place"),
        (ActionType.SOCIAL_POST, {"title": "We are open"}, "text"),
        (ActionType.SOCIAL_POST, {**VIDEO, "synthetic": None}, "text"),
        (ActionType.SOCIAL_POST, {**VIDEO, "image": None}, "text"),
        (ActionType.SOCIAL_POST, {**VIDEO, "title": "2 < 3"}, "text"),
        (ActionType.SOCIAL_POST, {**VIDEO, "title": "x" * 101}, "text"),
        (ActionType.SOCIAL_POST, {**VIDEO, "text": "ä" * 2501}, "text"),
        (ActionType.SOCIAL_POST, {**VIDEO, "visibility": "friends"}, "visibility"),
        (ActionType.SOCIAL_POST, {**VIDEO, "made_for_kids": "no"}, "made_for_kids"),
        (ActionType.AD_CHANGE, {**RULE, "campaign": None, "changes": ["create"]}, "change"),
        (ActionType.TEXT_MESSAGE, {"recipients": []}, "recipients"),
        (ActionType.TEXT_MESSAGE, {"recipients": ["015112345678"]}, "recipients.0"),
        (ActionType.TEXT_MESSAGE, {"recipients": ["+4915112345678"] * 1_001}, "recipients"),
        (ActionType.TEXT_MESSAGE, {"text": " \r\n "}, "text"),
        (ActionType.TEXT_MESSAGE, {"text": "x" * 1_601}, "text"),
        (ActionType.TEXT_MESSAGE, {"text": "a\x00b"}, "text"),
        (ActionType.TEXT_MESSAGE, {"sender": "a name that is long"}, "sender"),
        (ActionType.TEXT_MESSAGE, {"connection": 0}, "connection"),
        (ActionType.LINK_CHANGE, {"target_url": None}, "slug"),
        (ActionType.LINK_CHANGE, {"target_url": "ftp://x.example"}, "target_url"),
        (ActionType.SEQUENCE, {"steps": []}, "steps"),
        (
            ActionType.SEQUENCE,
            {"steps": [{"after_days": -1, "subject": "x", "body": "x"}]},
            "steps.0.after_days",
        ),
        (ActionType.SEQUENCE, {"until": "2020-01-01"}, "until"),
        (ActionType.SEQUENCE, {"most": 0}, "most"),
        (ActionType.GENERIC, {"what": "two\nlines"}, "what"),
    ],
)
def test_what_cannot_be_done_names_the_field_and_the_reason(
    type: ActionType, change: dict[str, Any], field: str
) -> None:
    payload = {name: value for name, value in {**GOOD[type], **change}.items() if value is not None}
    with pytest.raises(PayloadError) as refused:
        payloads.checked(type, payload)
    [problem] = refused.value.problems
    assert problem.field == field
    assert problem.reason


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(type=st.sampled_from(ActionType), data=st.data())
def test_whatever_comes_in_is_taken_or_refused_with_reasons(type: ActionType, data: st.DataObject) -> None:
    fields = sorted(KINDS[type].payload.model_fields)
    wrong = data.draw(st.dictionaries(st.sampled_from(fields), ANYTHING, max_size=3))
    try:
        stored = payloads.checked(type, {**GOOD[type], **wrong}).payload
    except PayloadError as refused:
        problems = refused.problems
    else:
        problems = [] if payloads.checked(type, stored).payload == stored else None
    assert problems is not None
    assert all(problem.field and problem.reason for problem in problems)


def test_a_web_hook_leaves_in_the_very_bytes_that_were_signed(office: Office, receiver: Receiver) -> None:
    connect(office, receiver)
    action_id = office.approved(type=ActionType.CMS_WEBHOOK, payload=GOOD[ActionType.CMS_WEBHOOK])
    office.send()
    office.send()
    [got] = receiver.received
    assert json.loads(got.body) == {"type": "post.publish", "data": GOOD[ActionType.CMS_WEBHOOK]["data"]}
    assert got.headers["webhook-signature"].startswith("v1,")
    assert office.now(action_id).outcome == {"mode": "cms", "sent": 1}


def test_a_chat_message_says_what_was_signed(office: Office, receiver: Receiver) -> None:
    connect(office, receiver)
    action_id = office.approved(type=ActionType.CHAT_MESSAGE, payload={"text": "Good morning."})
    office.send()
    [got] = receiver.received
    assert json.loads(got.body) == {"text": "Good morning."}
    assert office.now(action_id).outcome == {"mode": "chat", "sent": 1}


@pytest.mark.parametrize(
    ("answers", "outcome", "posts"),
    [
        ([503, 200], {"mode": "chat", "sent": 1}, 2),
        ([409], {"mode": "chat", "sent": 1}, 1),
        ([400], {"mode": "chat", "failed": 1}, 1),
        ([500], {"mode": "chat", "unknown": 1}, 1),
        ([0], {"mode": "chat", "unknown": 1}, 1),
    ],
)
def test_an_answer_decides_whether_it_is_tried_again(
    office: Office, receiver: Receiver, answers: list[int], outcome: dict[str, Any], posts: int
) -> None:
    connect(office, receiver)
    receiver.answers = answers
    action_id = office.approved(type=ActionType.CHAT_MESSAGE, payload={"text": "Good morning."})
    for _ in range(3):
        office.send()
        office.tamper("update deliveries set next_attempt_at = null where action_id = :id", action_id)
    assert office.now(action_id).outcome == outcome
    assert len(receiver.received) == posts
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1, "a copy is known as one"


def test_a_web_hook_that_was_approved_for_another_address_does_not_go(
    office: Office, receiver: Receiver
) -> None:
    connect(office, receiver)
    action_id = office.approved(type=ActionType.CHAT_MESSAGE, payload={"text": "Good morning."})
    office.send(chat_webhook_url=secret(f"{receiver.address}/elsewhere"))
    assert not receiver.received
    assert "no longer handed over" in str(office.now(action_id).outcome)


@pytest.mark.parametrize(
    "type",
    [ActionType.SOCIAL_POST, ActionType.CMS_WEBHOOK, ActionType.CHAT_MESSAGE, ActionType.AD_CHANGE],
)
def test_without_a_connection_the_outcome_says_mock_and_the_log_what_would_have_gone(
    office: Office, type: ActionType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        action_id = office.approved(type=type, payload=GOOD[type])
        office.send()
    assert office.now(action_id).outcome == {"mode": "mock", "simulated": 1}
    [said] = [record.message for record in caplog.records if record.message.startswith("mock:")]
    assert next(iter(GOOD[type].values())) in said or "post.publish" in said
    with office.console() as session:
        entries = audit_log.of_entity(session, office.tenant, "action", action_id)
    [delivered] = [entry.after for entry in entries if entry.action == "deliver"]
    assert (delivered["mode"], delivered["simulated"]) == ("mock", 1)


def test_a_dry_run_of_a_web_hook_does_not_touch_the_wire(office: Office, receiver: Receiver) -> None:
    connect(office, receiver)
    action_id = office.approved(type=ActionType.CHAT_MESSAGE, payload={"text": "x"}, dry_run=True)
    office.send()
    assert not receiver.received
    assert office.now(action_id).outcome == {"mode": "dry_run", "simulated": 1}


def test_a_link_leads_elsewhere_once_that_is_signed(office: Office) -> None:
    add_link(office)
    action_id = office.approved(type=ActionType.LINK_CHANGE, payload=the_change(office))
    assert where_it_leads(office) == "https://shop.example/"
    office.send()
    assert where_it_leads(office) == "https://shop.example/sale"
    assert office.now(action_id).outcome == {"mode": "links", "sent": 1}


def test_a_link_that_leads_elsewhere_by_now_is_left_alone(office: Office) -> None:
    add_link(office)
    action_id = office.approved(type=ActionType.LINK_CHANGE, payload=the_change(office))
    office.tamper(
        "update links set target_url = 'https://other.example/' "
        "where tenant_id = (select tenant_id from actions where id = :id)",
        action_id,
    )
    office.send()
    assert where_it_leads(office) == "https://other.example/"
    assert office.now(action_id).state is State.FAILED


def test_a_link_that_is_not_there_cannot_be_submitted(office: Office) -> None:
    action_id = office.draft(type=ActionType.LINK_CHANGE, payload=GOOD[ActionType.LINK_CHANGE])
    with pytest.raises(NotReady, match="slug: This tenant has no link"):
        office.submit(action_id)


def test_what_is_done_by_hand_is_signed_all_the_same(office: Office) -> None:
    action_id = office.approved(type=ActionType.GENERIC, payload=GOOD[ActionType.GENERIC])
    office.send()
    assert office.now(action_id).outcome == {"mode": "by_hand", "sent": 1}


def test_cost_is_reckoned_and_signed(office: Office) -> None:
    payload = {**GOOD[ActionType.AD_CHANGE], "daily_budget": "400"}
    action_id = office.draft(
        type=ActionType.AD_CHANGE,
        payload=payload,
        provenance=[{"kind": "feed_entry", "id": "7"}],
    )
    office.submit(action_id)
    with office.console() as session:
        version = actions.current_version(session, office.now(action_id))
    assert version is not None
    assert version.manifest["cost"] == {
        "amount": "12000",
        "currency": "EUR",
        "basis": "400 a day for 30 days, since it has no last day",
    }
    assert version.manifest["risk"]["level"] == "high"
    assert version.manifest["provenance"] == [{"kind": "feed_entry", "id": "7"}]


def test_what_costs_more_than_its_cap_cannot_be_submitted(office: Office) -> None:
    action_id = office.draft(type=ActionType.GENERIC, payload=GOOD[ActionType.GENERIC], budget_cap=79)
    with pytest.raises(NotReady, match=r"budget_cap: it would cost 80\.00"):
        office.submit(action_id)


def test_a_kill_switch_stops_a_channel_and_not_the_others(
    office: Office, receiver: Receiver, mail_server_log: MailServer
) -> None:
    connect(office, receiver)
    office.pull(Scope.CHANNEL, "chat")
    office.approved(type=ActionType.CHAT_MESSAGE, payload={"text": "x"})
    office.approved()
    office.send()
    assert not receiver.received
    assert mail_server_log.recipients == {"reader@example.com": 1}


def connect(office: Office, receiver: Receiver) -> None:
    office.settings = office.settings.model_copy(
        update={
            "cms_webhook_url": secret(receiver.address),
            "cms_webhook_secret": secret("whsec_c2VjcmV0"),
            "chat_webhook_url": secret(receiver.address),
        }
    )


def secret(value: str) -> SecretStr:
    return SecretStr(value)


def add_link(office: Office) -> None:
    with records.session(office.settings, Role.PIPELINES) as session:
        values = {"target_url": "https://shop.example/"}
        links.add(
            session,
            Actor(ActorKind.OPERATOR, "root"),
            office.tenant,
            values,
            slug=f"sale-{office.tenant}",
            by_chance=str,
        )


def the_change(office: Office) -> dict[str, Any]:
    return {**GOOD[ActionType.LINK_CHANGE], "slug": f"sale-{office.tenant}"}


def where_it_leads(office: Office) -> str:
    with records.session(office.settings, Role.PIPELINES) as session:
        query = text("select target_url from links where tenant_id = :tenant")
        return str(session.scalar(query, {"tenant": office.tenant}))
