"""SendGrid's events: each event by itself, and nothing that spoils the others."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import Call, NotGenuine, Verified
from collector.hooks import sendgrid as at_the_edge
from connectors.errors import Invalid
from connectors.face import Channel, OutgoingMail
from connectors.sandbox.sendgrid_events import EVENTS
from connectors.sendgrid_events import (
    LARGEST_BODY,
    MOST_EVENTS,
    Batch,
    MailEvent,
    MailEventKind,
    batch_of,
)
from tests.connectors.running_sandbox import Sandbox

AT = 1_791_000_000
NOW = datetime.fromtimestamp(AT, UTC)
MESSAGE_ID = "<7f3a2c@mail.example.org>"

OPEN = {
    "email": "a@example.com",
    "timestamp": AT,
    "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
    "event": "open",
    "category": ["autumn-2026"],
    "sg_event_id": "c2dkX29wZW4x",
    "sg_message_id": "14c5d75ce93.dfd.64b469.recvd-1.0",
    "useragent": "Mozilla/5.0",
    "ip": "192.0.2.7",
    "sg_machine_open": True,
    "mp_message_id": MESSAGE_ID,
}


def told(**changed: Any) -> dict[str, Any]:
    """A delivered mail's event; None takes a field away."""
    event = {**OPEN, "event": "delivered", "response": "250 2.0.0 OK", "sg_machine_open": None, **changed}
    return {name: value for name, value in event.items() if value is not None}


def body(*events: Any) -> bytes:
    return json.dumps(list(events)).encode()


def only(event: dict[str, Any]) -> MailEvent:
    batch = batch_of(body(event))
    assert batch.unreadable == 0
    [read] = batch.events
    return read


def test_a_documented_event_is_read():
    assert only(OPEN) == MailEvent(
        id="c2dkX29wZW4x",
        message_id=MESSAGE_ID,
        recipient="a@example.com",
        kind=MailEventKind.OPEN,
        said="open",
        at=NOW,
        by_machine=True,
    )


@pytest.mark.parametrize(
    ("event", "kind", "reason"),
    [
        ({"event": "processed", "response": None}, MailEventKind.PROCESSED, ""),
        ({"event": "delivered"}, MailEventKind.DELIVERED, "250 2.0.0 OK"),
        ({"event": "deferred", "response": "451 later", "attempt": "5"}, MailEventKind.DEFERRED, "451 later"),
        (
            {"event": "bounce", "type": "bounce", "status": "5.0.0", "reason": "550 no such user"},
            MailEventKind.BOUNCE,
            "550 no such user",
        ),
        (
            {"event": "bounce", "type": "blocked", "status": "4.0.0", "reason": "421 too many"},
            MailEventKind.BLOCKED,
            "421 too many",
        ),
        ({"event": "dropped", "reason": "Bounced Address"}, MailEventKind.DROPPED, "Bounced Address"),
        ({"event": "spamreport", "response": None}, MailEventKind.SPAM_REPORT, ""),
        ({"event": "unsubscribe", "response": None}, MailEventKind.UNSUBSCRIBE, ""),
        ({"event": "group_unsubscribe", "response": None}, MailEventKind.GROUP_UNSUBSCRIBE, ""),
        ({"event": "group_resubscribe", "response": None}, MailEventKind.GROUP_RESUBSCRIBE, ""),
        ({"event": "account_status_change", "type": "blocked", "response": None}, MailEventKind.OTHER, ""),
    ],
)
def test_every_kind_has_its_name(event: dict[str, Any], kind: MailEventKind, reason: str):
    read = only(told(**event))
    assert (read.kind, read.said, read.reason) == (kind, event["event"], reason)


def test_a_click_says_where_it_led():
    read = only(told(event="click", url="https://shop.example/coats?a=1", response=None))
    assert (read.kind, read.address) == (MailEventKind.CLICK, "https://shop.example/coats?a=1")


@pytest.mark.parametrize(
    ("changed", "message_id"),
    [
        ({}, MESSAGE_ID),
        ({"mp_message_id": None}, OPEN["smtp-id"]),
        ({"mp_message_id": "no id"}, OPEN["smtp-id"]),
        ({"mp_message_id": "<a b@example.org>", "smtp-id": "<x>\r\nBcc: y"}, ""),
        ({"mp_message_id": f"<{'x' * 251}>", "smtp-id": None}, ""),
    ],
)
def test_an_event_leads_back_to_its_message(changed: dict[str, Any], message_id: str):
    assert only(told(**changed)).message_id == message_id


@pytest.mark.parametrize(
    "bad",
    [
        7,
        "delivered",
        [],
        None,
        {},
        told(event=None),
        told(event=""),
        told(event=7),
        told(email="nobody"),
        told(email="a@b\r\nBcc: c@d"),
        told(email=f"a@{'x' * 300}"),
        told(timestamp="soon"),
        told(timestamp=-1),
        told(timestamp=10**30),
        told(timestamp=True),
        told(sg_event_id=None),
        told(sg_event_id="two words"),
        told(sg_event_id="x" * 201),
        told(reason={"nested": 1}),
    ],
)
def test_a_bad_event_does_not_spoil_the_others(bad: Any):
    batch = batch_of(body(told(), bad, OPEN))
    assert [event.kind for event in batch.events] == [MailEventKind.DELIVERED, MailEventKind.OPEN]
    assert batch.unreadable == 1


def test_what_mail_servers_say_can_be_shown():
    read = only(told(event="bounce", reason="550 \x1b[31mno\r\nSet-Cookie: x\u202e" + "y" * 9_000))
    assert read.reason.isprintable()
    assert read.reason.startswith("550  [31mno  Set-Cookie: x y")
    assert len(read.reason) == 500
    named = only(told(event="new\nkind" + "x" * 500))
    assert (named.kind, len(named.said)) == (MailEventKind.OTHER, 100)
    assert named.said.startswith("new kind")


def test_what_sendgrid_leaves_empty_is_empty():
    silent = told(reason=None, response=None) | dict.fromkeys(("smtp-id", "url", "type", "sg_machine_open"))
    assert only(silent).kind is MailEventKind.DELIVERED


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"null",
        b"[",
        b"[{]",
        b"[" * 200_000,
        b"[" + b"1," * MOST_EVENTS + b"1]",
        b" " * (LARGEST_BODY + 1),
    ],
)
def test_what_is_no_batch_is_invalid(payload: bytes):
    with pytest.raises(Invalid) as refused:
        batch_of(payload)
    assert refused.value.field == "body"


def test_a_batch_of_nothing_is_one():
    assert batch_of(b"[]") == Batch(events=())


def test_what_is_broken_in_one_event_spoils_that_event_alone():
    for bad in (b'{"event":' + b"[" * 500 + b"]" * 500 + b"}", b'"\xff"'):
        batch = batch_of(b"[" + bad + b"," + body(told())[1:])
        assert (len(batch.events), batch.unreadable) == (1, 1)


def test_the_example_of_sendgrids_own_library():
    payload = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
    )
    [event] = batch_of(payload).events
    assert (event.kind, event.reason) == (MailEventKind.DROPPED, "Bounced Address")


PAYLOAD = body(told())

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=50),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=10), inside, max_size=4),
    max_leaves=20,
)
BENT_EVENT = st.dictionaries(st.sampled_from([*OPEN, "type", "reason", "response", "url"]), ANY_JSON).map(
    lambda changed: {**OPEN, **changed}
)


@given(st.lists(BENT_EVENT | ANY_JSON, max_size=5))
def test_whatever_the_events_none_is_lost_uncounted(events: list[Any]):
    batch = batch_of(body(*events))
    assert len(batch.events) + batch.unreadable == len(events)
    for event in batch.events:
        assert event.said.isprintable()
        assert event.reason.isprintable()


@given(
    st.binary(max_size=300)
    | st.builds(lambda some, at: PAYLOAD[:at] + some + PAYLOAD[at:], st.binary(), st.integers(0, 300))
)
def test_whatever_the_body_nothing_worse_happens_than_a_refusal(payload: bytes):
    with contextlib.suppress(Invalid):
        assert isinstance(batch_of(payload), Batch)


def sent(sandbox: Sandbox, recipient: str, message_id: str) -> None:
    raw = (
        f"From: news@example.org\r\nTo: {recipient}\r\nSubject: Frost\r\nMessage-ID: {message_id}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nIt is cold.\r\n"
    )
    sandbox.sender(Channel.SENDGRID).send(
        OutgoingMail(sender="news@example.org", recipient=recipient, message_id=message_id, raw=raw.encode())
    )


def call_about(sandbox: Sandbox, *events: str) -> dict[str, Any]:
    asked = {"event": list(events)}
    answer = sandbox.http.get(f"{sandbox.address}/_sandbox/sendgrid/events", params=asked)
    return answer.raise_for_status().json()


def test_the_stand_in_tells_what_became_of_the_mails_it_took(sandbox: Sandbox):
    sent(sandbox, "ann@example.com", "<1@mail.example.org>")
    sent(sandbox, "bob@example.com", "<2@mail.example.org>")
    call = call_about(sandbox, *EVENTS)
    batch = batch_of(call["body"].encode())
    assert batch.unreadable == 0
    assert {event.kind for event in batch.events} == set(MailEventKind) - {MailEventKind.OTHER}
    assert {(event.recipient, event.message_id) for event in batch.events} == {
        ("ann@example.com", "<1@mail.example.org>"),
        ("bob@example.com", "<2@mail.example.org>"),
    }
    assert len({event.id for event in batch.events}) == len(batch.events) == 2 * len(EVENTS)
    assert [event.by_machine for event in batch.events].count(True) == 2


def test_the_stand_in_tells_again_under_the_same_ids(sandbox: Sandbox):
    sent(sandbox, "ann@example.com", MESSAGE_ID)
    first, again = (batch_of(call_about(sandbox, "bounce")["body"].encode()) for _ in range(2))
    assert first == again
    assert [event.message_id for event in first.events] == [MESSAGE_ID]
    asked = {"event": "moved_house"}
    assert sandbox.http.get(f"{sandbox.address}/_sandbox/sendgrid/events", params=asked).status_code == 400


def test_the_edge_takes_what_the_stand_in_signs_and_nothing_else(sandbox: Sandbox):
    sent(sandbox, "ann@example.com", MESSAGE_ID)
    call = call_about(sandbox, "delivered")
    headers = {name.encode(): value.encode() for name, value in call["headers"].items()}
    arrived = Call(headers, {}, call["body"].encode(), int(sandbox.now.timestamp()) * 1000)
    assert at_the_edge.verify(arrived, call["public_key"]) == Verified()
    with pytest.raises(NotGenuine):
        at_the_edge.verify(replace(arrived, body=arrived.body.replace(b"ann@", b"eve@")), call["public_key"])
