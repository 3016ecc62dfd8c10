"""Twilio's web hooks: documented forms are read, STOP is heard in every shape, and nothing else is taken for it."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import Call, NotGenuine, Verified, twilio
from connectors.errors import Invalid
from connectors.sandbox import sms_calls as stand_in
from connectors.sandbox.sms import AUTH_TOKEN, CREDENTIALS
from connectors.sms_calls import LARGEST_BODY, Answered, Stage, Status, Wish, told

SID = "SM0123456789abcdef0123456789abcdef"
PHONE = "+4915112345678"
ADDRESS = "https://edge.example/hooks/twilio"
# As Twilio documents the request about an incoming message, and the one about a status.
INCOMING = (
    "ToCountry=US&ToState=CA&SmsMessageSid=SM0123456789abcdef0123456789abcdef&NumMedia=0&ToCity=&FromZip=94040"
    "&SmsSid=SM0123456789abcdef0123456789abcdef&FromState=CA&SmsStatus=received&FromCity=&Body=Hello&FromCountry=US"
    "&To=%2B18005551212&ToZip=&NumSegments=1&MessageSid=SM0123456789abcdef0123456789abcdef"
    "&AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B14158675309&ApiVersion=2010-04-01"
)
STATUS = (
    "SmsSid=SM0123456789abcdef0123456789abcdef&SmsStatus=delivered&MessageStatus=delivered&To=%2B15558675310"
    "&MessageSid=SM0123456789abcdef0123456789abcdef&AccountSid=AC0123456789abcdef0123456789abcdef"
    "&From=%2B15017122661&ApiVersion=2010-04-01"
)


def answer(body: str, **more: str) -> Answered:
    said = told(urlencode({**stand_in.answered(PHONE, body, SID), **more}).encode())
    assert isinstance(said, Answered)
    return said


def status(said: str, code: str = "") -> Status:
    read = told(urlencode(stand_in.status(SID, PHONE, said, code)).encode())
    assert isinstance(read, Status)
    return read


def test_documented_forms_are_read() -> None:
    assert told(INCOMING.encode()) == Answered(id=SID, number="+14158675309", wish=Wish.NONE)
    assert told(STATUS.encode()) == Status(id=SID, to="+15558675310", said="delivered", stage=Stage.DELIVERED)


@pytest.mark.parametrize(
    "body",
    [
        "STOP",
        "stop",
        " Stop. ",
        "STOP!",
        '"STOP"',
        "Stop all",
        "STOPALL",
        "unsubscribe",
        "Cancel",
        "END",
        "quit",
        "revoke",
        "OPTOUT",
        "stop\n",
    ],
)
def test_a_stop_is_heard(body: str) -> None:
    assert answer(body) == Answered(id=SID, number=PHONE, wish=Wish.STOP)


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ("START", Wish.START),
        ("unstop", Wish.START),
        ("HELP", Wish.HELP),
        ("info?", Wish.NONE),
        ("yes", Wish.NONE),
        ("Please do not stop", Wish.NONE),
        ("When does it end", Wish.NONE),
        ("", Wish.NONE),
        ("STOP " * 100, Wish.NONE),
    ],
)
def test_what_else_is_answered(body: str, wish: Wish) -> None:
    assert answer(body).wish is wish


@pytest.mark.parametrize(
    ("understood", "wish"),
    [("STOP", Wish.STOP), ("START", Wish.START), ("HELP", Wish.HELP), ("none", Wish.NONE), ("?", Wish.NONE)],
)
def test_what_a_messaging_service_has_understood_counts(understood: str, wish: Wish) -> None:
    assert answer("Abmelden bitte", OptOutType=understood).wish is wish


def test_who_is_no_phone_has_no_number() -> None:
    for sender in ("12345", "SHOP", "whatsapp:+4915112345678", ""):
        said = told(urlencode({**stand_in.answered(sender, "STOP", SID)}).encode())
        assert isinstance(said, Answered)
        assert said.number == ""


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("queued", Stage.ON_ITS_WAY),
        ("accepted", Stage.ON_ITS_WAY),
        ("sent", Stage.SENT),
        ("delivered", Stage.DELIVERED),
        ("undelivered", Stage.LOST),
        ("failed", Stage.LOST),
    ],
)
def test_how_far_a_text_has_got(said: str, stage: Stage) -> None:
    assert status(said) == Status(id=SID, to=PHONE, said=said, stage=stage)


def test_why_a_text_was_lost_is_told() -> None:
    assert status("undelivered", "30005").code == 30005
    assert status("undelivered", "none").code is None
    assert status("undelivered", "9" * 50).code is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "MessageSid"),
        (b"{}", "MessageSid"),
        (b"MessageSid=../x", "MessageSid"),
        (f"MessageSid={SID}&MessageStatus=teapot".encode(), "MessageStatus"),
        (b"MessageSid=%FF", "body"),
        ("MessageSid=ü".encode(), "body"),
        (b"&".join(b"a%d=1" % number for number in range(300)), "body"),
        (b"x" * (LARGEST_BODY + 1), "body"),
    ],
)
def test_what_is_none_of_it_is_named(body: bytes, field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        told(body)
    assert wrong.value.field == field


@given(
    st.binary(max_size=300)
    | st.text(max_size=100).map(lambda text: urlencode({"MessageSid": SID, "Body": text}).encode())
)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        said = told(body)
    except Invalid:
        return
    assert said.id


def test_the_sandboxs_calls_are_proven_at_the_door() -> None:
    headers, body = stand_in.call(ADDRESS, stand_in.answered(PHONE, "STOP & Grüße", SID))
    call = Call({name.encode(): value.encode() for name, value in headers.items()}, {}, body, 0)
    assert twilio.verify(call, f"{ADDRESS} {AUTH_TOKEN}") == Verified(f"{SID}:received")
    for secret in (f"{ADDRESS} {CREDENTIALS['key_secret']}", f"{ADDRESS}/ {AUTH_TOKEN}"):
        with pytest.raises(NotGenuine):
            twilio.verify(call, secret)
