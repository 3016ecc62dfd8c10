"""Examples that the authors of a scheme have published, so that our senders' side cannot be wrong with ours."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from collector.hooks import NotGenuine, Provider, Verified, twilio
from collector.hooks.proofs import hmac_sha256
from collector.hooks.ses import Message
from tests.collector.hooks.conftest import Edge
from tests.collector.hooks.senders import arrived


def test_the_example_of_sendgrids_own_library(edge: Edge) -> None:
    body = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
    )
    call = arrived(
        body,
        1_600_112_502,
        x_twilio_email_event_webhook_timestamp=b"1600112502",
        x_twilio_email_event_webhook_signature=(
            b"MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
        ),
    )
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaIN"
        "XvVpiglSI8eNEc6wEA3F+g=="
    )
    assert edge.verify(Provider.SENDGRID, call, key) == Verified()
    with pytest.raises(NotGenuine):
        edge.verify(Provider.SENDGRID, replace(call, body=body.rstrip()), key)


def test_the_example_of_slacks_documentation(edge: Edge) -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    call = arrived(
        body,
        1_531_420_618,
        x_slack_request_timestamp=b"1531420618",
        x_slack_signature=b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    )
    assert edge.verify(Provider.SLACK, call, "8f742231b10e8888abcd99yyyzzz85a5") == Verified()


def test_the_example_of_the_standard_webhooks_libraries(edge: Edge) -> None:
    call = arrived(
        b'{"test": 2432232314}',
        1_614_265_330,
        webhook_id=b"msg_p5jXN8AQM9LWM0D4loKWxJek",
        webhook_timestamp=b"1614265330",
        webhook_signature=b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )
    for secret in ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
        verified = edge.verify(Provider.STANDARD, call, secret)
        assert verified.provider_event_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_example_of_githubs_documentation_for_the_same_signature_as_metas() -> None:
    digest = hmac_sha256(b"It's a Secret to Everybody", b"Hello, ", b"World!")
    assert digest.hex() == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_example_of_amazons_documentation_for_what_is_signed() -> None:
    message = Message(
        type="Notification",
        message="My Test Message",
        message_id="4d4dc071-ddbf-465d-bba8-08f81c89da64",
        subject="My subject",
        timestamp="2019-01-31T04:37:04.321Z",
        topic_arn="arn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P",
        signature_version="1",
        signature="",
        certificate_address="",
    )
    assert message.signed_text == (
        b"Message\nMy Test Message\nMessageId\n4d4dc071-ddbf-465d-bba8-08f81c89da64\nSubject\nMy subject\n"
        b"Timestamp\n2019-01-31T04:37:04.321Z\n"
        b"TopicArn\narn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P\nType\nNotification\n"
    )


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (
            b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309",
            b"RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309",
            b"kvajT1Ptam85bY51eRf/AJRuM3w=",
        ),
        (b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234", b"IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ],
    ids=["without the port", "with the port", "a field that comes twice"],
)
def test_the_examples_of_twilios_own_libraries(body: bytes, signature: bytes) -> None:
    """Their token is too short to be kept here, so that the signatures are compared."""
    fields = parse_qsl(body.decode())
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    addresses = (address, address.replace(".com/", ".com:443/"))
    assert signature in {twilio.signature(each, fields, b"12345") for each in addresses}
