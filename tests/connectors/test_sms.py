"""Text messages by Twilio: what is asked is as documented, nothing is sent twice, and what got lost is found."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import httpx
import pytest

from connectors import errors, texting
from connectors.face import Channel, Wire
from connectors.sandbox.sms import SENDERS, SERVICE, TROUBLES
from connectors.sms import Sms, SmsCredentials
from connectors.sms_refusals import Fate, fate_of
from connectors.texting import TextMessage, TextSent
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

ACCOUNT = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
SID = "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
TYPED = {
    "account_sid": ACCOUNT,
    "key_sid": "SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "key_secret": "the-secret-of-the-key",
}
PHONE, ANOTHER = "+4915112345678", "+4915112345679"
SINCE = datetime(2026, 10, 15, 12, tzinfo=UTC)
MESSAGE = TextMessage(to=PHONE, sender=SENDERS[0], body="The sale begins. Reply STOP to end")
# As Twilio documents the answer, with a body that asks for UCS-2.
DOCUMENTED: dict[str, Any] = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "body": "O Slash: \u00d8, PoP: \U0001f4a9",
    "date_created": "Thu, 30 Jul 2015 20:12:31 +0000",
    "date_sent": "Thu, 30 Jul 2015 20:12:33 +0000",
    "date_updated": "Thu, 30 Jul 2015 20:12:33 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+14155552345",
    "messaging_service_sid": SERVICE,
    "num_media": "0",
    "num_segments": "1",
    "price": "-0.00750",
    "price_unit": "USD",
    "sid": SID,
    "status": "sent",
    "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}/Media.json"},
    "to": "+14155552345",
    "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json",
}


def said(body: Any, status: int = 201) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


def refused(code: int, status: int = 400, message: str = "No.") -> tuple[int, bytes]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return said({"code": code, "message": message, "more_info": more, "status": status}, status)


def page(*messages: dict[str, Any], following: str | None = None) -> tuple[int, bytes]:
    return said({"messages": list(messages), "next_page_uri": following, "page": 0, "page_size": 50}, 200)


def listed(**changed: Any) -> dict[str, Any]:
    told = {"to": PHONE, "from": MESSAGE.sender, "body": MESSAGE.body, "messaging_service_sid": None}
    return {**DOCUMENTED, **told, "date_created": "Thu, 15 Oct 2026 12:00:00 +0000", **changed}


@contextmanager
def overheard(wire: Wire) -> Iterator[list[httpx.Request]]:
    asked: list[httpx.Request] = []
    wire.http.event_hooks = {"request": [asked.append]}
    yield asked
    wire.http.event_hooks = {}


def sms(sandbox: Sandbox, **changed: str) -> Sms:
    opened = sandbox.connector(Channel.SMS, http=None, **changed)
    assert isinstance(opened, Sms)
    return opened


def bodies(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(each["to"], each["body"]) for each in sandbox.accepted(Channel.SMS)]


def test_a_text_is_asked_for_as_documented():
    message = TextMessage(
        to=PHONE, sender=SENDERS[0], body="50 % & more: €5\nnow", told_at="https://edge.example/hooks/twilio"
    )
    with answering(said(DOCUMENTED)) as wire, overheard(wire) as asked:
        assert Sms.connect(TYPED, wire).send(message) == TextSent(id=SID, state="sent")
    [request] = asked
    assert (request.method, request.url.path) == ("POST", f"/v0/Accounts/{ACCOUNT}/Messages.json")
    pair = base64.b64encode(f"{TYPED['key_sid']}:{TYPED['key_secret']}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {pair}"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(request.content.decode(), strict_parsing=True)) == {
        "To": PHONE,
        "From": SENDERS[0],
        "Body": "50 % & more: €5\nnow",
        "StatusCallback": "https://edge.example/hooks/twilio",
    }


def test_a_messaging_service_is_named_as_one():
    message = TextMessage(to=PHONE, sender=SERVICE, body="x")
    with answering(said({**DOCUMENTED, "status": "accepted"})) as wire, overheard(wire) as asked:
        assert Sms.connect(TYPED, wire).send(message).state == "accepted"
    form = parse_qs(asked[0].content.decode())
    assert (form["MessagingServiceSid"], "From" in form) == ([SERVICE], False)


def test_the_very_words_arrive_once(sandbox: Sandbox):
    words = "Grüße, 5 € & mehr 🌲\nReply STOP"
    taken = sms(sandbox).send(TextMessage(to=PHONE, sender="LINDGRUEN", body=words))
    assert (taken.state, len(taken.id)) == ("queued", 34)
    assert bodies(sandbox) == [(PHONE, words)]


@pytest.mark.parametrize(
    ("code", "status", "kind", "field"),
    [
        (21211, 400, errors.Invalid, "to"),
        (21614, 400, errors.Invalid, "to"),
        (21408, 400, errors.Invalid, "to"),
        (21612, 400, errors.Invalid, "to"),
        (21610, 400, errors.Unwanted, "to"),
        (21617, 400, errors.Invalid, "body"),
        (21606, 400, errors.Forbidden, None),
        (21659, 400, errors.Forbidden, None),
        (21701, 404, errors.Forbidden, None),
        (21611, 429, errors.RateLimited, None),
        (20429, 429, errors.RateLimited, None),
        (20003, 401, errors.AuthRevoked, None),
        (20404, 404, errors.Forbidden, None),
        (30034, 400, errors.Forbidden, None),
        (63038, 429, errors.QuotaExhausted, None),
        (20500, 500, errors.UnknownOutcome, None),
        (20504, 504, errors.UnknownOutcome, None),
        (20503, 503, errors.Transient, None),
        (99999, 400, errors.Invalid, ""),
        (99999, 403, errors.Forbidden, None),
        (99999, 500, errors.UnknownOutcome, None),
    ],
)
def test_what_each_code_means(
    code: int, status: int, kind: type[errors.ChannelError], field: str | None
) -> None:
    with answering(refused(code, status)) as wire, pytest.raises(errors.ChannelError) as told:
        Sms.connect(TYPED, wire).send(MESSAGE)
    assert type(told.value) is kind
    assert told.value.code == str(code)
    assert getattr(told.value, "field", None) == field


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, b""), errors.AuthRevoked),
        ((404, b"<html>"), errors.Forbidden),
        ((302, b""), errors.Forbidden),
        ((429, b"slow down"), errors.RateLimited),
        ((502, b"<html>bad gateway"), errors.UnknownOutcome),
        ((201, b""), errors.UnknownOutcome),
        ((201, b'{"sid": "SM'), errors.UnknownOutcome),
        ((201, b"[]"), errors.UnknownOutcome),
        ((201, json.dumps({**DOCUMENTED, "sid": "../x"}).encode()), errors.UnknownOutcome),
    ],
)
def test_answers_that_say_nothing_of_ours(answer: tuple[int, bytes], kind: type[errors.ChannelError]) -> None:
    with answering(answer) as wire, overheard(wire) as asked, pytest.raises(kind):
        Sms.connect(TYPED, wire).send(MESSAGE)
    assert len(asked) == 1, "never sent again unseen"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (30005, errors.Invalid),
        (21610, errors.Unwanted),
        (30002, errors.Forbidden),
        # Taken once, and whether it will pass is not for us to try.
        (30003, errors.UnknownOutcome),
        (30001, errors.UnknownOutcome),
        (None, errors.UnknownOutcome),
    ],
)
def test_a_text_that_was_taken_and_failed_at_once_is_not_called_sent(
    code: int | None, kind: type[errors.ChannelError]
) -> None:
    told = {**DOCUMENTED, "status": "failed", "error_code": code}
    with answering(said(told)) as wire, pytest.raises(errors.ChannelError) as refusal:
        Sms.connect(TYPED, wire).send(MESSAGE)
    assert type(refusal.value) is kind


def test_neither_the_key_nor_the_number_is_repeated():
    message = f"The 'To' number {PHONE} ({PHONE[1:]}) and the key {TYPED['key_secret']} do not fit."
    with answering(refused(99998, 400, message)) as wire, pytest.raises(errors.Invalid) as told:
        Sms.connect(TYPED, wire).send(MESSAGE)
    assert PHONE[1:] not in str(told.value)
    assert TYPED["key_secret"] not in str(told.value)
    assert "do not fit" in str(told.value)


@pytest.mark.parametrize(("number", "code"), [(number, code) for number, (code, _) in TROUBLES.items()])
def test_numbers_that_the_provider_refuses(sandbox: Sandbox, number: str, code: int):
    with pytest.raises(errors.Invalid) as told:
        sms(sandbox).send(TextMessage(to=number, sender=SENDERS[0], body="x"))
    assert (told.value.code, told.value.field) == (str(code), "to")
    assert isinstance(told.value, errors.Unwanted) == (code == 21610)
    assert bodies(sandbox) == []


def test_who_shows_a_wrong_key_sends_and_reads_nothing(sandbox: Sandbox):
    stranger = sms(sandbox, key_secret="made-up-secret")
    for attempt in (lambda: stranger.send(MESSAGE), stranger.check):
        with pytest.raises(errors.AuthRevoked) as revoked:
            attempt()
        assert "made-up-secret" not in repr(revoked.value)
    sms(sandbox).check()
    assert bodies(sandbox) == []


def test_passing_trouble_is_waited_out_where_nothing_is_changed(sandbox: Sandbox):
    sandbox.order(Channel.SMS, "server_error", times=2)
    sms(sandbox).check()
    assert len(sandbox.waits) == 2


def test_a_wait_that_the_provider_asks_for_is_told(sandbox: Sandbox):
    sandbox.order(Channel.SMS, "rate_limited", hint_seconds=7)
    with pytest.raises(errors.RateLimited) as limited:
        sms(sandbox).send(MESSAGE)
    assert (limited.value.retry_after, limited.value.scope) == (7.0, errors.Scope.ACCOUNT)
    assert sandbox.requests(Channel.SMS) == 1


@pytest.mark.parametrize("fault", ["accepted_then_silent", "truncated"])
def test_a_text_whose_answer_got_lost_is_found_by_its_phone_and_words(sandbox: Sandbox, fault: str):
    opened = sms(sandbox)
    assert opened.sent_since(MESSAGE, SINCE) is None
    sandbox.order(Channel.SMS, fault)
    with pytest.raises(errors.UnknownOutcome):
        opened.send(MESSAGE)
    found = opened.sent_since(MESSAGE, SINCE)
    assert found is not None
    assert found.id == sandbox.accepted(Channel.SMS)[0]["sid"]
    assert opened.sent_since(TextMessage(to=ANOTHER, sender=SENDERS[0], body=MESSAGE.body), SINCE) is None
    assert opened.sent_since(TextMessage(to=PHONE, sender="LINDGRUEN", body=MESSAGE.body), SINCE) is None
    assert opened.sent_since(TextMessage(to=PHONE, sender=SENDERS[0], body="Other words"), SINCE) is None
    assert opened.sent_since(MESSAGE, sandbox.now + timedelta(seconds=1)) is None
    assert len(bodies(sandbox)) == 1


@pytest.mark.parametrize("sender", SENDERS)
def test_a_text_is_found_pages_down_whoever_it_is_from(sandbox: Sandbox, sender: str):
    opened, wanted = sms(sandbox), TextMessage(to=PHONE, sender=sender, body="The one")
    kept = opened.send(wanted)
    for number in range(3 * sandbox.page_rows):
        opened.send(TextMessage(to=PHONE, sender=SENDERS[0], body=f"Later {number}"))
    found = opened.sent_since(wanted, SINCE)
    assert found is not None
    assert found.id == kept.id


@pytest.mark.parametrize(
    ("changed", "is_ours"),
    [
        ({}, True),
        ({"status": "undelivered", "error_code": 30005}, True),
        ({"date_sent": None, "status": "queued", "num_segments": "0"}, True),
        ({"body": f"{MESSAGE.body}\n"}, True),
        ({"body": MESSAGE.body.replace("sale", "sale\u200b")}, True),
        ({"body": None}, False),
        ({"direction": "inbound"}, False),
        ({"to": ANOTHER}, False),
        ({"from": "+4915735980001"}, False),
        ({"date_created": "Thu, 15 Oct 2026 11:59:59 +0000"}, False),
        ({"date_created": "Thu, 15 Oct 2026 13:59:59 +0200"}, False),
        ({"date_created": "Thu, 15 Oct 2026 14:00:00 +0200"}, True),
    ],
)
def test_which_of_those_that_are_listed_is_ours(changed: dict[str, Any], is_ours: bool) -> None:
    since = SINCE + timedelta(milliseconds=900)
    with answering(page(listed(**changed))) as wire, overheard(wire) as asked:
        found = Sms.connect(TYPED, wire).sent_since(MESSAGE, since)
    assert (found is not None) == is_ours
    assert dict(asked[0].url.params) == {"To": PHONE, "PageSize": "1000"}


def test_the_next_page_is_of_the_same_list_or_is_not_asked_for():
    following = f"/v0/Accounts/{ACCOUNT}/Messages.json?To=%2B49&PageSize=1000&Page=1&PageToken=PA1"
    with answering(page(following=following), page(listed())) as wire, overheard(wire) as asked:
        assert Sms.connect(TYPED, wire).sent_since(MESSAGE, SINCE) is not None
        assert str(asked[1].url).endswith(following)
    for elsewhere in (
        "https://evil.example/",
        "//evil.example/x",
        f"{following.replace(ACCOUNT, 'ACx')}",
        "@x",
    ):
        with answering(page(following=elsewhere)) as wire, overheard(wire) as asked:
            with pytest.raises(errors.UnexpectedAnswer):
                Sms.connect(TYPED, wire).sent_since(MESSAGE, SINCE)
            assert len(asked) == 1
    with answering(page(following=following)) as wire, pytest.raises(errors.TooMuchData):
        Sms.connect(TYPED, wire).sent_since(MESSAGE, SINCE)


@pytest.mark.parametrize(
    "answer",
    [
        said({"messages": [{**DOCUMENTED, "sid": 7}]}, 200),
        said([], 200),
        said({}, 200),
        page(listed(date_created="yesterday")),
        page(listed(date_created=None)),
    ],
)
def test_a_list_that_is_none_is_told(answer: tuple[int, bytes]) -> None:
    with answering(answer) as wire, pytest.raises(errors.UnexpectedAnswer):
        Sms.connect(TYPED, wire).sent_since(MESSAGE, SINCE)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"account_sid": "AC/../x"}, "account_sid"),
        ({"account_sid": TYPED["key_sid"]}, "account_sid"),
        ({"key_sid": ACCOUNT}, "key_sid"),
        ({"key_secret": ""}, "key_secret"),
        ({"key_secret": "two words"}, "key_secret"),
        ({"key_secret": None}, "key_secret"),
    ],
)
def test_credentials_that_cannot_be_any_are_refused_unseen(changed: dict[str, Any], field: str) -> None:
    with httpx.Client() as http, pytest.raises(errors.Invalid) as told:
        Sms.connect({**TYPED, **changed}, Wire(http=http))
    assert told.value.field == field
    assert TYPED["key_secret"] not in str(told.value)
    assert TYPED["key_secret"] not in repr(SmsCredentials(**TYPED))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+4915112345678", "+4915112345678"),
        (" +49 151/123-456.78 ", "+4915112345678"),
        ("+1 (415) 867-5309", "+14158675309"),
    ],
)
def test_numbers_as_people_write_them(typed: str, number: str) -> None:
    assert texting.number(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "0151 12345678",
        "004915112345678",
        "+49 (0) 151 12345678",
        "+49 (0)151 12345678",
        "+0151",
        "+49",
        "+" + "1" * 16,
        "+49151１２３４５６７",
        "+4915112345678\n+1",
        "tel:+4915112345678",
        "+49151x",
    ],
)
def test_what_is_no_number_of_e164(typed: str) -> None:
    with pytest.raises(ValueError, match="is not a phone number"):
        texting.number(typed)


@pytest.mark.parametrize("sender", ["+49 157 35980000", "12345", "SHOP", "My Shop 24", "A&B_c-d+e", SERVICE])
def test_whom_a_text_may_be_from(sender: str) -> None:
    assert texting.sender(sender) in (sender, "+4915735980000")


@pytest.mark.parametrize("sender", ["", "12", "0123", "a name that is long", "Käse", "123456789", "A\nB"])
def test_whom_a_text_cannot_be_from(sender: str) -> None:
    with pytest.raises(ValueError, match="is neither"):
        texting.sender(sender)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"to": "4915112345678"}, "to"),
        ({"sender": "+49 157"}, "sender"),
        ({"body": " \n"}, "body"),
        ({"body": "x" * 1_601}, "body"),
        ({"told_at": "http://edge.example/"}, "told_at"),
    ],
)
def test_a_message_that_cannot_be_one_is_never_made(changed: dict[str, str], field: str) -> None:
    with pytest.raises(errors.Invalid) as told:
        TextMessage(**{"to": PHONE, "sender": SENDERS[0], "body": "x", **changed})
    assert told.value.field == field


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (21610, Fate.UNWANTED),
        (21211, Fate.NEVER),
        (21614, Fate.NEVER),
        (30005, Fate.NEVER),
        (30006, Fate.NEVER),
        (30003, Fate.THIS_TIME),
        (30004, Fate.THIS_TIME),
        (30007, Fate.THIS_TIME),
        (30008, Fate.THIS_TIME),
        (31337, Fate.THIS_TIME),
    ],
)
def test_only_what_is_for_good_is_taken_so(code: int, fate: Fate) -> None:
    assert fate_of(code) is fate
