"""What is true of one provider only, of those whose secret is kept here."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import Call, NotGenuine, Provider, UnusableSecret, Verified, check_secret
from collector.hooks.calls import seconds_since_1970
from tests.collector.hooks.conftest import Edge
from tests.collector.hooks.publishing import Publisher
from tests.collector.hooks.senders import (
    NOW,
    PAYLOAD,
    SENDERS,
    arrived,
    genuine,
    hexed,
    spki,
    standard_signature,
    with_fields,
    with_header,
)

APP_SECRET, VERIFY_TOKEN = SENDERS[Provider.META].secret.split()
ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}


@given(st.binary(max_size=30))
def test_a_timestamp_is_whole_seconds_or_refused(text: bytes) -> None:
    try:
        seconds = seconds_since_1970(text)
    except NotGenuine:
        assert not (text.isdigit() and len(text) <= 12)
    else:
        assert 0 <= seconds < 10**12


def test_stripe_signs_twice_while_a_secret_is_rolled(edge: Edge) -> None:
    body = b'{"id":"evt_1"}'
    signatures = [hexed(secret, b"%d.%b" % (NOW, body)) for secret in ("whsec_before", "whsec_after")]
    header = b"t=%d, v1=%b, v1=%b" % (NOW, *signatures)
    call = arrived(body, NOW, stripe_signature=header)
    for secret in ("whsec_before", "whsec_after"):
        assert edge.verify(Provider.STRIPE, call, secret) == Verified("evt_1")
    with pytest.raises(NotGenuine):
        edge.verify(Provider.STRIPE, call, "whsec_other")


@pytest.mark.parametrize("scheme", [b"v0", b"v2", b"V1", b"v1 ", b""])
def test_stripe_signatures_of_other_schemes_count_for_nothing(edge: Edge, scheme: bytes) -> None:
    body = b'{"id":"evt_1"}'
    signature = hexed("whsec_x", b"%d.%b" % (NOW, body))
    call = arrived(body, NOW, stripe_signature=b"t=%d,%b=%b" % (NOW, scheme, signature))
    with pytest.raises(NotGenuine):
        edge.verify(Provider.STRIPE, call, "whsec_x")


def test_an_id_that_could_not_be_kept_is_refused_though_signed(edge: Edge) -> None:
    for event_id in ("", "evt 1", "evt\n", "evt\x00", "évt", "e" * 513):
        body = json.dumps({"id": event_id}).encode()
        signature = hexed("whsec_x", b"%d.%b" % (NOW, body))
        call = arrived(body, NOW, stripe_signature=b"t=%d,v1=%b" % (NOW, signature))
        with pytest.raises(NotGenuine):
            edge.verify(Provider.STRIPE, call, "whsec_x")


def slack(body: bytes) -> Call:
    signature = b"v0=" + hexed(SENDERS[Provider.SLACK].secret, b"v0:%d:%b" % (NOW, body))
    return arrived(body, NOW, x_slack_request_timestamp=b"%d" % NOW, x_slack_signature=signature)


def test_slacks_challenge_is_echoed(edge: Edge) -> None:
    asked = {"type": "url_verification", "token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMm"}
    verified = edge.verify(Provider.SLACK, slack(json.dumps(asked).encode()))
    assert verified == Verified(answer=b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMm")


def test_slack_commands_and_buttons_are_forms_and_have_no_id(edge: Edge) -> None:
    assert edge.verify(Provider.SLACK, slack(b"payload=%7B%22type%22%3A%22block_actions%22%7D")) == Verified()


@pytest.mark.parametrize("challenge", ["<script>alert(1)</script>", "", "a b", "a\nb", "x" * 257])
def test_only_a_plain_challenge_is_echoed(edge: Edge, challenge: str) -> None:
    asked = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
    with pytest.raises(NotGenuine):
        edge.verify(Provider.SLACK, slack(asked))
    with pytest.raises(NotGenuine):
        edge.verify(Provider.META, Call({}, {**ASKED, "hub.challenge": challenge}, b"", NOW * 1000))


def test_metas_challenge_is_echoed_to_who_knows_the_verify_token(edge: Edge) -> None:
    assert edge.verify(Provider.META, Call({}, ASKED, b"", NOW * 1000)) == Verified(answer=b"1158201444")


@pytest.mark.parametrize(
    "changes",
    [
        {"hub.verify_token": "meatyhamhock"},
        {"hub.verify_token": ""},
        {"hub.verify_token": APP_SECRET},
        {"hub.verify_token": VERIFY_TOKEN[:-1]},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
    ],
)
def test_metas_challenge_is_not_echoed_otherwise(edge: Edge, changes: dict[str, str]) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.META, Call({}, {**ASKED, **changes}, b"", NOW * 1000))


def test_the_verify_token_proves_no_body(edge: Edge) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.META, Call({}, ASKED, b'{"entry":[]}', NOW * 1000))
    signature = b"sha256=" + hexed(VERIFY_TOKEN, PAYLOAD)
    with pytest.raises(NotGenuine):
        edge.verify(Provider.META, arrived(PAYLOAD, NOW, x_hub_signature_256=signature))


def test_a_genuine_call_of_metas_is_no_challenge_whatever_its_address_says(edge: Edge) -> None:
    assert edge.verify(Provider.META, replace(genuine(Provider.META), query=ASKED)) == Verified()


def test_the_token_of_postmark_may_come_in_three_ways(edge: Edge) -> None:
    token = SENDERS[Provider.POSTMARK].secret
    basic = base64.b64encode(f"anyone:{token}".encode())
    for call in (
        arrived(PAYLOAD, NOW, authorization=b"Basic " + basic),
        arrived(PAYLOAD, NOW, authorization=b"basic " + basic),
        arrived(PAYLOAD, NOW, x_webhook_token=token.encode()),
        replace(arrived(PAYLOAD, NOW), query={"token": token}),
    ):
        assert edge.verify(Provider.POSTMARK, call) == Verified()


def test_a_password_may_hold_a_colon(edge: Edge) -> None:
    basic = base64.b64encode(b"hooks:a:password:with:colons")
    call = arrived(PAYLOAD, NOW, authorization=b"Basic " + basic)
    assert edge.verify(Provider.POSTMARK, call, "a:password:with:colons") == Verified()


@pytest.mark.parametrize(
    "authorization",
    [
        b"Basic " + base64.b64encode(SENDERS[Provider.POSTMARK].secret.encode()),
        b"Basic " + base64.b64encode(SENDERS[Provider.POSTMARK].secret.encode() + b":"),
        b"Bearer " + SENDERS[Provider.POSTMARK].secret.encode(),
        b"Basic not base64",
        b"Basic",
        b"\xff",
    ],
    ids=["no password", "no user", "another scheme", "no base64", "nothing", "no text"],
)
def test_the_token_of_postmark_counts_nowhere_else(edge: Edge, authorization: bytes) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.POSTMARK, arrived(PAYLOAD, NOW, authorization=authorization))


def test_a_trace_that_could_not_be_kept_is_no_id(edge: Edge) -> None:
    for trace in (b"", b"two words", b"\xff", b"x" * 513):
        call = with_header(genuine(Provider.POSTMARK), b"x-pm-webhook-trace-id", trace)
        assert edge.verify(Provider.POSTMARK, call) == Verified()


def test_test_leads_of_google_ads_have_no_id_so_that_each_of_them_counts(edge: Edge) -> None:
    assert edge.verify(Provider.GOOGLE, with_fields(genuine(Provider.GOOGLE), is_test=True)) == Verified()


def mailgun(**signed: object) -> Call:
    """A call in which other things stand as signed; None takes one away."""
    call = genuine(Provider.MAILGUN)
    kept = json.loads(call.body)["signature"]
    return with_fields(call, signature={k: v for k, v in {**kept, **signed}.items() if v is not None})


@pytest.mark.parametrize(
    "signed",
    [
        {"timestamp": None},
        {"token": None},
        {"signature": None},
        {"timestamp": str(NOW + 1)},
        {"timestamp": NOW},
        {"token": "e0b5477167110d68991efc6b9f89f0a11066af27834600e124"},
        {"token": ""},
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": "0" * 65},
        {"signature": "", "parent-signature": ""},
    ],
)
def test_what_mailgun_signed_cannot_be_changed(edge: Edge, signed: dict[str, object]) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.MAILGUN, mailgun(**signed))


def test_mailgun_digits_cannot_be_moved_between_timestamp_and_token(edge: Edge) -> None:
    token = "12345" + "a" * 45
    signature = hexed(SENDERS[Provider.MAILGUN].secret, f"{NOW}{token}".encode()).decode()
    assert edge.verify(Provider.MAILGUN, mailgun(token=token, signature=signature)).nonce == token
    together = f"{NOW}{token}"
    for length in set(range(1, 13)) - {len(str(NOW))}:
        forged = mailgun(timestamp=together[:length], token=together[length:], signature=signature)
        with pytest.raises(NotGenuine):
            edge.verify(Provider.MAILGUN, forged)


def test_mailguns_main_account_signs_for_its_subaccounts(edge: Edge) -> None:
    own = json.loads(genuine(Provider.MAILGUN).body)["signature"]["signature"]
    call = mailgun(**{"signature": "0" * 64, "parent-signature": own})
    assert edge.verify(Provider.MAILGUN, call).provider_event_id == SENDERS[Provider.MAILGUN].event_id


def test_mailgun_signs_no_event_and_so_its_token_is_taken_once(edge: Edge) -> None:
    forged = with_fields(genuine(Provider.MAILGUN), **{"event-data": {"id": "another", "event": "clicked"}})
    verified = edge.verify(Provider.MAILGUN, forged)
    assert verified == Verified("another", SENDERS[Provider.MAILGUN].nonce)


@pytest.mark.parametrize("name", [b"x-slack-signature", b"x-hub-signature-256"])
def test_a_signature_needs_its_version_before_it(edge: Edge, name: bytes) -> None:
    provider = Provider.SLACK if name == b"x-slack-signature" else Provider.META
    call = genuine(provider)
    bare = call.headers[name].partition(b"=")[2]
    for version in (b"", b"v1=", b"sha1=", b"v0", b"sha256"):
        with pytest.raises(NotGenuine):
            edge.verify(provider, with_header(call, name, version + bare))


def test_standard_webhooks_may_be_signed_with_several_secrets(edge: Edge) -> None:
    call = genuine(Provider.STANDARD)
    own = call.headers[b"webhook-signature"]
    other = standard_signature(b"msg_1", NOW, PAYLOAD, b"another key of the same length..")
    several = with_header(call, b"webhook-signature", b" ".join([other, b"v1a,c2ln", b"v2,c2ln", own]))
    assert edge.verify(Provider.STANDARD, several) == Verified("msg_1")
    for bad in (other, own.replace(b"v1,", b"v2,"), own.replace(b"v1,", b""), own + b"," + own):
        with pytest.raises(NotGenuine):
            edge.verify(Provider.STANDARD, with_header(call, b"webhook-signature", bad))


@pytest.mark.parametrize("event_id", [b"", b"msg.1", b"msg 1", b"msg\n", b"\xff", b"m" * 513])
def test_a_webhook_id_that_can_be_misread_is_refused_though_signed(edge: Edge, event_id: bytes) -> None:
    call = arrived(
        PAYLOAD,
        NOW,
        webhook_id=event_id,
        webhook_timestamp=b"%d" % NOW,
        webhook_signature=standard_signature(event_id, NOW, PAYLOAD),
    )
    with pytest.raises(NotGenuine):
        edge.verify(Provider.STANDARD, call)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["another curve", "RSA"],
)
def test_sendgrid_keys_of_another_kind_are_not_usable(
    edge: Edge, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    with pytest.raises(UnusableSecret):
        check_secret(Provider.SENDGRID, spki(key))
    with pytest.raises(UnusableSecret):
        edge.verify(Provider.SENDGRID, genuine(Provider.SENDGRID), spki(key))


# Letters that no encoding takes, base64 of something else, no base64, none at all.
ODD_SIGNATURES = [b"!!", "ü".encode(), b"\xff\xfe", b"AAAA", b"v0=\xc3\xbc\xff", b"v0=", b"="]


@pytest.mark.parametrize("signature", ODD_SIGNATURES)
@pytest.mark.parametrize("provider", [Provider.SENDGRID, Provider.SLACK])
def test_a_signature_of_any_other_form_is_none(edge: Edge, provider: Provider, signature: bytes) -> None:
    name = {
        Provider.SENDGRID: b"x-twilio-email-event-webhook-signature",
        Provider.SLACK: b"x-slack-signature",
    }[provider]
    with pytest.raises(NotGenuine):
        edge.verify(provider, with_header(genuine(provider), name, signature))


@given(signature=st.binary(max_size=100), timestamp=st.binary(max_size=30) | st.just(b"%d" % NOW))
def test_whatever_stands_as_sendgrids_proof_nothing_worse_happens_than_a_refusal(
    published: Publisher, signature: bytes, timestamp: bytes
) -> None:
    call = arrived(
        PAYLOAD,
        NOW,
        x_twilio_email_event_webhook_signature=signature,
        x_twilio_email_event_webhook_timestamp=timestamp,
    )
    with pytest.raises(NotGenuine):
        Edge(published).verify(Provider.SENDGRID, call)
