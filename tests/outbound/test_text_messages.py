"""Text messages through the gate: once to each phone, in the words that were signed, and to none that has said STOP."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from connectors.face import Capability, Channel
from connectors.sandbox import sms_calls as stand_in
from connectors.sandbox.sms import SENDERS, SERVICE, STOPPED
from marketing_pipelines.hooks import interpreting
from marketing_pipelines.outbound import text_events
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.kinds.text_message import TextMessagePayload, TextMessages, told_at
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import actions, audit_log, delivery_events, hooks, text_opt_outs
from store.records.action_states import State
from store.records.actions import ActionType, Purpose
from store.records.delivery_events import EventKind
from store.records.kill_switches import Scope
from store.records.schema import ActionId
from store.records.tenants import Tenant
from store.settings import Role
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import Office, wait_for
from tests.outbound.test_through_connections import connect, manifest, outcome_of

__all__ = ["sandbox"]

PHONE, ANOTHER, THIRD = "+4915112345678", "+4915112345679", "+4915112345670"
WORDS = "The sale begins. Reply STOP to end"
SOMEBODY = Actor(ActorKind.OPERATOR, "test")


@pytest.fixture(autouse=True)
def _today(office: Office, sandbox: Sandbox) -> None:
    """The sandbox lives today, and what other tests have left untold is no concern of these."""
    sandbox.now = datetime.now(UTC)
    with records.session(office.settings, Role.OWNER) as session:
        session.execute(text("delete from hook_calls where interpreted_at is null"))


def a_text(*phones: str, **changed: Any) -> dict[str, Any]:
    return {"recipients": list(phones) or [PHONE], "text": WORDS, "sender": SENDERS[0], **changed}


def approved(office: Office, *phones: str, **changed: Any) -> ActionId:
    purpose = changed.pop("purpose", Purpose.MARKETING)
    return office.approved(type=ActionType.TEXT_MESSAGE, payload=a_text(*phones, **changed), purpose=purpose)


def arrived(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(each["to"], each["body"]) for each in sandbox.accepted(Channel.SMS)]


def stop(office: Office, phone: str) -> None:
    with records.session(office.settings, Role.PIPELINES) as session:
        assert text_opt_outs.opt_out(session, office.tenant, SOMEBODY, phone, "said so")


def has_stopped(office: Office, phone: str) -> bool:
    with office.console() as session:
        return text_opt_outs.among(session, office.tenant, [phone]) == {phone}


def tells(office: Office, fields: dict[str, str]) -> dict[str, int]:
    """A proven call as the collector keeps it, and what reading it came to."""
    call = {
        "tenant_id": office.tenant,
        "provider": "twilio",
        "event_id": None,
        "received_at": now() + timedelta(seconds=1),
        "headers": {},
        "body": urlencode(fields).encode(),
        "place": uuid.uuid4().hex,
    }
    with records.session(office.settings, Role.EDGE) as session:
        assert hooks.keep_calls(session, [call]) == 1
    return read(office)


def read(office: Office) -> dict[str, int]:
    return {name: count for name, count in text_events.interpret(office.settings).items() if count}


def answers(office: Office, phone: str, words: str) -> dict[str, int]:
    return tells(office, stand_in.answered(phone, words, f"SM{uuid.uuid4().hex}"))


def kept(office: Office, action_id: ActionId) -> dict[EventKind, int]:
    with office.console() as session:
        return dict(delivery_events.counts(session, office.locked(session, action_id)))


def test_each_phone_gets_one_text_in_the_words_that_were_signed(office: Office, sandbox: Sandbox) -> None:
    number = connect(office, sandbox, Channel.SMS)
    action_id = approved(office, PHONE, "+49 151 123-45679", PHONE, text="Grüße, 5 €\r\nReply STOP")
    office.send()
    office.send()
    words = "Grüße, 5 €\nReply STOP"
    assert sorted(arrived(sandbox)) == [(PHONE, words), (ANOTHER, words)]
    assert {each["from"] for each in sandbox.accepted(Channel.SMS)} == {SENDERS[0]}
    done, signed = office.now(action_id), manifest(office, action_id)
    assert (done.state, done.outcome) == (State.SUCCEEDED, {"mode": "sms", "sent": 2})
    assert signed["connection"].endswith(f"through connection {number}")
    assert signed["template"] == {"text": words, "sender": SENDERS[0]}
    assert signed["recipients"]["count"] == 2
    sids = {each["sid"] for each in sandbox.accepted(Channel.SMS)}
    told = office.column("select outcome from deliveries where action_id = :id", action_id)
    assert set(told) == {f"queued as {sid}" for sid in sids}


def test_deliveries_do_not_name_the_phone(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    office.send()
    rows = office.column("select to_jsonb(deliveries)::text from deliveries where action_id = :id", action_id)
    assert rows
    assert not any(PHONE[1:] in row for row in rows)
    with office.console() as session:
        entries = audit_log.of_entity(session, office.tenant, "action", action_id)
    assert not any(PHONE[1:] in str((entry.before, entry.after)) for entry in entries)


def test_who_has_said_stop_is_not_asked_for_again(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    stop(office, ANOTHER)
    for purpose in Purpose:
        draft = office.draft(type=ActionType.TEXT_MESSAGE, payload=a_text(PHONE, ANOTHER), purpose=purpose)
        with pytest.raises(NotReady, match=rf"recipients: 1 of 2 have said STOP: \{ANOTHER}"):
            office.submit(draft)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_stop_after_the_signature_still_counts(office: Office, sandbox: Sandbox, purpose: Purpose) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office, PHONE, ANOTHER, purpose=purpose)
    assert answers(office, ANOTHER, "Stop.") == {"calls": 1, "answers": 1, "opt_outs": 1}
    office.send()
    assert arrived(sandbox) == [(PHONE, WORDS)]
    assert office.now(action_id).outcome == {"mode": "sms", "sent": 1, "suppressed": 1}


def test_a_start_takes_a_stop_back_and_both_are_audited(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    answers(office, PHONE, "STOP")
    assert has_stopped(office, PHONE)
    assert answers(office, PHONE, "stop") == {"calls": 1, "answers": 1}, "it was said before"
    assert answers(office, PHONE, "What is this?") == {"calls": 1, "answers": 1}
    assert has_stopped(office, PHONE)
    assert answers(office, PHONE, "START") == {"calls": 1, "answers": 1, "opt_ins": 1}
    assert not has_stopped(office, PHONE)
    assert set(office.left_of_calls()) == {b""}, "the number and its words are forgotten"
    with office.console() as session:
        [first] = office.column(
            "select entity_id from audit_entries where tenant_id = :id and entity = 'text_opt_out' "
            "and action = 'opt_out'",
            ActionId(office.tenant),
        )
        entries = audit_log.of_entity(session, office.tenant, "text_opt_out", int(first))
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("opt_out", "provider:twilio"),
        ("opt_in", "provider:twilio"),
    ]
    approved(office)
    office.send()
    assert arrived(sandbox) == [(PHONE, WORDS)]


def test_a_stop_to_one_tenant_says_nothing_to_another(office: Office, sandbox: Sandbox) -> None:
    stop(office, PHONE)
    with records.session(office.settings, Role.OWNER) as session:
        row = Tenant(slug=f"o-{uuid.uuid4().hex[:12]}", name="other")
        session.add(row)
        session.flush()
        other = row.id
    with records.session(office.settings, Role.PIPELINES) as session:
        here = text_opt_outs.hashes(session, office.tenant, [PHONE])
        assert text_opt_outs.hashes(session, other, [PHONE]) != here
        assert text_opt_outs.among(session, other, [PHONE]) == set()
        rows = session.scalars(
            text("select to_jsonb(o)::text from text_opt_outs o where tenant_id = :t"), {"t": office.tenant}
        ).all()
    assert len(rows) == 1
    assert PHONE[1:] not in rows[0]


def test_a_stop_that_only_the_provider_knew_of_is_kept_and_no_failure(
    office: Office, sandbox: Sandbox
) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office, STOPPED, PHONE)
    office.send()
    assert arrived(sandbox) == [(PHONE, WORDS)]
    done = office.now(action_id)
    assert (done.state, done.outcome) == (State.SUCCEEDED, {"mode": "sms", "sent": 1, "suppressed": 1})
    assert has_stopped(office, STOPPED)
    draft = office.draft(type=ActionType.TEXT_MESSAGE, payload=a_text(STOPPED))
    with pytest.raises(NotReady, match="have said STOP"):
        office.submit(draft)


def test_a_number_that_is_none_fails_alone(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office, "+15005550001", "+15005550003", PHONE)
    office.send()
    assert arrived(sandbox) == [(PHONE, WORDS)]
    assert office.now(action_id).outcome == {"mode": "sms", "sent": 1, "failed": 2}
    told = office.column(
        "select outcome from deliveries where action_id = :id and state = 'failed'", action_id
    )
    assert {"code 21211" in each or "code 21408" in each for each in told} == {True}
    assert not any("5005550" in each for each in told)


def test_a_sender_that_is_not_ours_stops_the_action_and_not_each_text(
    office: Office, sandbox: Sandbox
) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office, PHONE, ANOTHER, sender="+4915700000000")
    office.send()
    assert sandbox.requests(Channel.SMS) == 1, "the others would have fared no better"
    assert office.delivered(action_id) == {"queued": 2}


def test_an_answer_that_got_lost_is_looked_for_and_nothing_is_sent_twice(
    office: Office, sandbox: Sandbox
) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    sandbox.now = datetime.now(UTC)
    sandbox.order(Channel.SMS, "accepted_then_silent")
    office.send()
    office.send()
    assert len(arrived(sandbox)) == 1
    assert office.now(action_id).state is State.SUCCEEDED
    sid = sandbox.accepted(Channel.SMS)[0]["sid"]
    assert outcome_of(office, action_id) == f"its answer was lost; queued as {sid}"


def test_what_broke_down_before_it_was_taken_stays_unknown(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    sandbox.order(Channel.SMS, "server_error", at="POST *")
    office.send()
    office.send()
    assert arrived(sandbox) == []
    assert office.delivered(action_id) == {"unknown": 1}


def test_a_worker_killed_in_the_middle_sends_nobody_two(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    phones = [f"+49151000000{number:02}" for number in range(12)]
    action_id = approved(office, *phones)
    sandbox.now = datetime.now(UTC)
    sandbox.order(Channel.SMS, "slow", times=12, delay_seconds=0.05)
    with office.sender() as worker:
        while len(arrived(sandbox)) < 4:
            assert worker.poll() is None
        worker.kill()
    office.let_leases_lapse(action_id)
    office.send()
    sent = [to for to, _ in arrived(sandbox)]
    assert len(sent) == len(set(sent))
    assert set(sent) <= set(phones)
    assert office.delivered(action_id)["sent"] == len(sent)


@pytest.mark.parametrize("off", [None, Capability.TEXTS])
def test_without_a_connection_it_goes_as_far_as_a_rehearsal(
    office: Office, sandbox: Sandbox, off: Capability | None
) -> None:
    if off:
        connect(office, sandbox, Channel.SMS, off=off)
    action_id = approved(office)
    office.send()
    assert arrived(sandbox) == []
    assert office.now(action_id).outcome == {"mode": "mock", "simulated": 1}


def test_a_switch_stops_texts_alone(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    with office.pulled(Scope.CHANNEL, "sms"):
        office.send()
    assert arrived(sandbox) == []
    assert office.now(action_id).state is not State.SUCCEEDED


def test_where_several_are_connected_one_has_to_be_named(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    second = connect(office, sandbox, Channel.SMS)
    draft = office.draft(type=ActionType.TEXT_MESSAGE, payload=a_text())
    with pytest.raises(NotReady, match="connection: say which one"):
        office.submit(draft)
    action_id = approved(office, connection=second)
    office.send()
    assert office.now(action_id).outcome == {"mode": "sms", "sent": 1}


def test_a_payload_that_was_changed_after_the_signature_is_not_sent(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    office.tamper(
        f"""update actions set payload = jsonb_set(payload, '{{recipients}}', '["{ANOTHER}"]') where id = :id""",
        action_id,
    )
    office.send()
    assert arrived(sandbox) == []
    assert "the payload was changed after the approval" in str(office.now(action_id).outcome)


@pytest.mark.parametrize(
    ("changed", "purpose", "codes"),
    [
        ({}, Purpose.MARKETING, []),
        ({"text": "The sale begins"}, Purpose.MARKETING, ["no_way_out"]),
        ({"text": "Do stop by at our shop"}, Purpose.MARKETING, ["no_way_out"]),
        ({"text": "Your parcel is there"}, Purpose.CONTRACT, []),
        ({"sender": "LINDGRUEN"}, Purpose.MARKETING, ["no_answers"]),
        ({"sender": "LINDGRUEN"}, Purpose.CONTRACT, []),
        ({"sender": SERVICE}, Purpose.MARKETING, []),
        ({"text": WORDS + "." * 126}, Purpose.MARKETING, []),
        ({"text": WORDS + "." * 127}, Purpose.MARKETING, ["several_segments"]),
        ({"text": f"“{WORDS}”"}, Purpose.MARKETING, []),
        ({"text": f"“{WORDS}”" + "." * 60}, Purpose.MARKETING, ["several_segments", "costly_letters"]),
        ({"text": f"{WORDS} 🌲" + "." * 60}, Purpose.MARKETING, ["several_segments"]),
        (
            {"text": f"{WORDS} http://shop.example/?utm_source=sms&utm_medium=sms"},
            Purpose.MARKETING,
            ["insecure_link"],
        ),
    ],
)
def test_what_stands_out_before_it_is_signed(
    office: Office, changed: dict[str, Any], purpose: Purpose, codes: list[str]
) -> None:
    action_id = office.draft(type=ActionType.TEXT_MESSAGE, payload=a_text(**changed), purpose=purpose)
    office.submit(action_id)
    assert [each["code"] for each in manifest(office, action_id)["findings"]] == codes


def test_what_costly_letters_cost_is_said(office: Office) -> None:
    payload = TextMessagePayload(**a_text(text=f"“{WORDS}” – now" + "." * 60))
    told = [each.text for each in TextMessages().stands_out(payload, Purpose.MARKETING)]
    assert told == [
        "It travels as 2 segments of up to 67 characters (UCS-2); each is charged.",
        "Without “, ”, – it would travel in GSM-7 and take 1 segment less.",
    ]


def test_each_segment_to_each_phone_is_reckoned(office: Office) -> None:
    settings = office.settings.model_copy(update={"text_cost_per_segment": Decimal("0.075")})
    payload = TextMessagePayload(**a_text(PHONE, ANOTHER, THIRD, text="x" * 161))
    cost = TextMessages().cost(settings, payload, 3)
    assert str(cost.amount) == "0.45"
    assert cost.basis == "3 texts of 2 segments (GSM-7, 161 characters) at 0.075 a segment"


def test_a_link_has_to_say_where_it_was(office: Office) -> None:
    words = f"{WORDS} https://shop.example/coats"
    draft = office.draft(type=ActionType.TEXT_MESSAGE, payload=a_text(text=words))
    with pytest.raises(NotReady, match=r"text: https://shop\.example/coats does not say where it was"):
        office.submit(draft)


def test_what_became_of_texts_is_kept_with_their_deliveries(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office, PHONE, ANOTHER, THIRD)
    office.send()
    ids = {each["to"]: each["sid"] for each in sandbox.accepted(Channel.SMS)}
    assert tells(office, stand_in.status(ids[PHONE], PHONE, "sent")) == {"calls": 1, "processed": 1}
    assert tells(office, stand_in.status(ids[PHONE], PHONE, "delivered")) == {"calls": 1, "delivered": 1}
    assert tells(office, stand_in.status(ids[PHONE], PHONE, "delivered")) == {"calls": 1, "told_before": 1}
    assert tells(office, stand_in.status(ids[PHONE], PHONE, "queued")) == {"calls": 1, "on_the_way": 1}
    assert tells(office, stand_in.status(ids[ANOTHER], ANOTHER, "undelivered", "30005")) == {
        "calls": 1,
        "bounce": 1,
    }
    assert tells(office, stand_in.status(ids[THIRD], THIRD, "undelivered", "30003")) == {
        "calls": 1,
        "blocked": 1,
    }
    assert kept(office, action_id) == {
        EventKind.PROCESSED: 1,
        EventKind.DELIVERED: 1,
        EventKind.BLOCKED: 1,
        EventKind.BOUNCE: 1,
    }
    reasons = office.column(
        "select reason from delivery_events where action_id = :id and reason != '' order by reason", action_id
    )
    assert reasons == [
        "the number is not known, or in use no more (code 30005)",
        "the phone could not be reached (code 30003)",
    ]
    assert not has_stopped(office, ANOTHER)


def test_a_text_that_was_lost_to_a_stop_ends_texts(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office, sender=SERVICE)
    office.send()
    sid = sandbox.accepted(Channel.SMS)[0]["sid"]
    assert tells(office, stand_in.status(sid, PHONE, "failed", "21610")) == {
        "calls": 1,
        "opt_outs": 1,
        "unsubscribe": 1,
    }
    assert has_stopped(office, PHONE)
    assert kept(office, action_id) == {EventKind.UNSUBSCRIBE: 1}


def test_what_is_about_texts_of_others_is_counted_and_not_kept(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    office.send()
    sid = sandbox.accepted(Channel.SMS)[0]["sid"]
    for told in (
        stand_in.status(f"SM{uuid.uuid4().hex}", PHONE, "delivered"),
        stand_in.status(sid, ANOTHER, "delivered"),
    ):
        assert tells(office, told) == {"calls": 1, "not_ours": 1}
    assert kept(office, action_id) == {}


def test_a_text_that_is_on_its_way_is_known_before_its_answer_is_written(
    office: Office, sandbox: Sandbox
) -> None:
    connect(office, sandbox, Channel.SMS)
    action_id = approved(office)
    sandbox.order(Channel.SMS, "slow", delay_seconds=5)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(office.send)
        wait_for(lambda: office.delivered(action_id) == {"sending": 1})
        told = stand_in.status(f"SM{uuid.uuid4().hex}", PHONE, "delivered")
        assert tells(office, told) == {"calls": 1, "delivered": 1}
        assert office.delivered(action_id) == {"sending": 1}, "what it says of itself settles it"
        run.result(60)
    assert office.delivered(action_id) == {"sent": 1}
    assert kept(office, action_id) == {EventKind.DELIVERED: 1}


def test_a_call_of_which_nothing_can_be_made_is_named_and_holds_up_no_other(
    office: Office, sandbox: Sandbox
) -> None:
    assert tells(office, {"Hello": "there"}) == {"unreadable_calls": 1}
    assert answers(office, PHONE, "STOP")["opt_outs"] == 1
    with records.session(office.settings, Role.OWNER) as session:
        [call] = hooks.unreadable(session, office.tenant, 10)
        assert call.trouble == "the MessageSid names no message"
        assert call.body == b"Hello=there"
    assert interpreting.waiting(office.settings, "twilio") is None


def test_twilio_is_told_to_call_only_where_it_can_safely(office: Office) -> None:
    assert told_at(office.settings) == ""
    public = office.settings.model_copy(update={"public_collector_host": "https://edge.example"})
    assert told_at(public) == "https://edge.example/hooks/twilio"


def test_an_action_is_called_by_its_words(office: Office) -> None:
    action_id = office.draft(type=ActionType.TEXT_MESSAGE, payload=a_text(text="First line\nSecond STOP"))
    with office.console() as session:
        payload = actions.of_number(session, office.tenant, action_id)
        assert payload is not None
        assert TextMessages().headline(payload.payload) == "First line"
