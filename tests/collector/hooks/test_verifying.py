"""What is true of every provider: its own calls are believed, and nothing else is."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import (
    ABOUT,
    LARGEST_BODY,
    Call,
    NotGenuine,
    Provider,
    UnusableSecret,
    Verified,
    check_secret,
)
from collector.refusals import Reason
from tests.collector.hooks.conftest import Edge
from tests.collector.hooks.publishing import Publisher
from tests.collector.hooks.senders import (
    AUDIENCE,
    NOW,
    PAYLOAD,
    SENDERS,
    TWILIO_ADDRESS,
    at,
    genuine,
    with_fields,
    with_header,
)

MINUTE, HOUR = 60, 3600
BODY_IS_SIGNED = (
    Provider.SENDGRID,
    Provider.SES,
    Provider.STRIPE,
    Provider.META,
    Provider.SLACK,
    Provider.TWILIO,
    Provider.STANDARD,
)
NO_TIME_IS_SIGNED = (Provider.POSTMARK, Provider.META, Provider.GOOGLE, Provider.TWILIO)
# How old a call may be, in seconds: as long as the provider may repeat it as it first was.
OLDEST = {
    Provider.SENDGRID: 5 * MINUTE,
    Provider.SES: 65 * MINUTE,
    Provider.MAILGUN: 9 * HOUR,
    Provider.STRIPE: 5 * MINUTE,
    Provider.PUBSUB: 65 * MINUTE,
    Provider.SLACK: 5 * MINUTE,
    Provider.STANDARD: 5 * MINUTE,
}
SIGNATURE_HEADERS = {
    Provider.SENDGRID: b"x-twilio-email-event-webhook-signature",
    Provider.STRIPE: b"stripe-signature",
    Provider.META: b"x-hub-signature-256",
    Provider.PUBSUB: b"authorization",
    Provider.SLACK: b"x-slack-signature",
    Provider.TWILIO: b"x-twilio-signature",
    Provider.STANDARD: b"webhook-signature",
}
TIMESTAMP_HEADERS = {
    Provider.SENDGRID: b"x-twilio-email-event-webhook-timestamp",
    Provider.STRIPE: b"stripe-signature",
    Provider.SLACK: b"x-slack-request-timestamp",
    Provider.STANDARD: b"webhook-timestamp",
}
OF_JSON = tuple(
    provider
    for provider in Provider
    if provider
    not in (Provider.SENDGRID, Provider.META, Provider.POSTMARK, Provider.TWILIO, Provider.STANDARD)
)


@pytest.mark.parametrize("provider", Provider)
def test_a_genuine_call_is_believed(edge: Edge, provider: Provider) -> None:
    sender = SENDERS[provider]
    check_secret(provider, sender.secret)
    assert edge.verify(provider, genuine(provider)) == Verified(sender.event_id, sender.nonce)


@pytest.mark.parametrize("provider", Provider)
def test_a_call_of_another_provider_is_refused(edge: Edge, provider: Provider) -> None:
    for other in set(Provider) - {provider}:
        for secret in (SENDERS[provider].secret, SENDERS[other].secret):
            with pytest.raises(NotGenuine):
                edge.verify(provider, genuine(other), secret)


@pytest.mark.parametrize("provider", Provider)
def test_a_call_under_another_secret_is_refused(edge: Edge, provider: Provider) -> None:
    others = {
        Provider.SENDGRID: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3G"
        "Rqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
        Provider.SES: SENDERS[Provider.SES].secret + "-2",
        Provider.META: "another-app-secret another-verify-token",
        Provider.PUBSUB: SENDERS[Provider.PUBSUB].secret + ".example",
        Provider.TWILIO: f"{TWILIO_ADDRESS} another-token-of-the-account",
        Provider.STANDARD: "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    other = others.get(provider, "another secret of the same length")
    check_secret(provider, other)
    with pytest.raises(NotGenuine) as refused:
        edge.verify(provider, genuine(provider), other)
    assert not isinstance(refused.value, UnusableSecret)
    assert refused.value.reason is Reason.BAD_SIGNATURE
    assert SENDERS[provider].secret not in refused.value.detail
    assert other not in refused.value.detail


@pytest.mark.parametrize("provider", BODY_IS_SIGNED)
def test_one_changed_byte_of_what_is_said_is_refused(edge: Edge, provider: Provider) -> None:
    call = genuine(provider)
    start = call.body.index(PAYLOAD)
    for place in range(start, start + len(PAYLOAD)):
        body = bytearray(call.body)
        body[place] ^= 1
        with pytest.raises(NotGenuine):
            edge.verify(provider, replace(call, body=bytes(body)))


@pytest.mark.parametrize("provider", SIGNATURE_HEADERS)
def test_one_changed_letter_of_the_signature_is_refused(edge: Edge, provider: Provider) -> None:
    call = genuine(provider)
    name = SIGNATURE_HEADERS[provider]
    value = call.headers[name]
    place = len(value) - 72 if provider is Provider.STRIPE else len(value) - 8
    other = b"1" if value[place : place + 1] == b"0" else b"0"
    with pytest.raises(NotGenuine):
        edge.verify(provider, with_header(call, name, value[:place] + other + value[place + 1 :]))


@pytest.mark.parametrize("provider", TIMESTAMP_HEADERS)
def test_another_timestamp_than_the_signed_one_is_refused(edge: Edge, provider: Provider) -> None:
    call = genuine(provider)
    name = TIMESTAMP_HEADERS[provider]
    for other in (b"%d" % (NOW + 1), b"%d" % (NOW - 1), b"%d.0" % NOW, b"+%d" % NOW, b"", b"now", b"9" * 20):
        forged = call.headers[name].replace(b"%d" % NOW, other, 1)
        with pytest.raises(NotGenuine):
            edge.verify(provider, with_header(call, name, forged))


@pytest.mark.parametrize("provider", OLDEST)
def test_a_call_is_believed_while_the_provider_may_repeat_it(edge: Edge, provider: Provider) -> None:
    call = genuine(provider)
    for moment in (NOW - 5 * MINUTE, NOW, NOW + OLDEST[provider]):
        assert edge.verify(provider, at(call, moment)).provider_event_id == SENDERS[provider].event_id
    for moment in (NOW - 5 * MINUTE - 1, NOW + OLDEST[provider] + 1, NOW + 365 * 24 * HOUR):
        with pytest.raises(NotGenuine):
            edge.verify(provider, at(call, moment))


@pytest.mark.parametrize("provider", NO_TIME_IS_SIGNED)
def test_where_no_time_is_signed_the_documentation_says_that_a_recorded_call_stays_good(
    edge: Edge, provider: Provider
) -> None:
    edge.verify(provider, at(genuine(provider), NOW + 365 * 24 * HOUR))
    assert "a recorded call stays good" in ABOUT[provider].repeats


@pytest.mark.parametrize("provider", Provider)
def test_no_header_can_be_missing(edge: Edge, provider: Provider) -> None:
    call = genuine(provider)
    for name in call.headers.keys() - {b"x-pm-webhook-trace-id"}:
        fewer = {kept: value for kept, value in call.headers.items() if kept != name}
        with pytest.raises(NotGenuine):
            edge.verify(provider, replace(call, headers=fewer))
        with pytest.raises(NotGenuine):
            edge.verify(provider, with_header(call, name, b""))
        with pytest.raises(NotGenuine):
            edge.verify(provider, with_header(call, name, call.headers[name] + b"0" * 5000))


@pytest.mark.parametrize(
    ("provider", "fields"),
    [
        (Provider.MAILGUN, ["signature"]),
        (Provider.GOOGLE, ["google_key", "lead_id"]),
        (
            Provider.SES,
            [
                "Type",
                "MessageId",
                "TopicArn",
                "Message",
                "Timestamp",
                "SignatureVersion",
                "Signature",
                "SigningCertURL",
            ],
        ),
        (Provider.PUBSUB, ["message"]),
    ],
)
def test_no_field_can_be_missing_where_the_proof_is_in_the_body(
    edge: Edge, provider: Provider, fields: list[str]
) -> None:
    for name in fields:
        for value in (None, "", 7, [], {}, "x" * 10_000):
            with pytest.raises(NotGenuine):
                edge.verify(provider, with_fields(genuine(provider), **{name: value}))


@pytest.mark.parametrize("provider", Provider)
def test_without_a_secret_nothing_is_believed(edge: Edge, provider: Provider) -> None:
    for nothing in ("", " ", "\n"):
        with pytest.raises(UnusableSecret):
            edge.verify(provider, genuine(provider), nothing)
        with pytest.raises(UnusableSecret):
            check_secret(provider, nothing)


@pytest.mark.parametrize(
    ("provider", "secret"),
    [
        (Provider.SENDGRID, "SG.an-api-key"),
        (Provider.SENDGRID, "bm90IGEga2V5"),
        (Provider.SENDGRID, "Schlüssel"),
        (Provider.SES, "mail-events"),
        (Provider.SES, "arn:aws:sqs:eu-central-1:123456789012:mail-events"),
        (Provider.POSTMARK, "too short"),
        (Provider.POSTMARK, "with a line's end in the middle\nof it"),
        (Provider.GOOGLE, "1234"),
        (Provider.META, "only-the-app-secret"),
        (Provider.META, "the-same-twice the-same-twice"),
        (Provider.PUBSUB, AUDIENCE),
        (Provider.PUBSUB, f"{AUDIENCE} not-an-address"),
        (Provider.TWILIO, "only-the-auth-token-of-it"),
        (Provider.TWILIO, "edge.example/hooks/twilio only-the-auth-token-of-it"),
        (Provider.TWILIO, f"{TWILIO_ADDRESS} too-short"),
        (Provider.STANDARD, "whsec_not base64"),
        (Provider.STANDARD, "whsec_c2hvcnQ="),
        (Provider.STRIPE, " whsec_with_blanks_around "),
    ],
)
def test_a_secret_that_cannot_be_one_is_refused_before_it_is_kept(provider: Provider, secret: str) -> None:
    with pytest.raises(UnusableSecret) as refused:
        check_secret(provider, secret)
    assert secret.strip() not in refused.value.detail


@pytest.mark.parametrize("provider", Provider)
def test_a_body_too_large_for_any_provider_is_refused_even_if_signed(edge: Edge, provider: Provider) -> None:
    with pytest.raises(NotGenuine, match="over"):
        edge.verify(provider, SENDERS[provider].call(b"x" * (LARGEST_BODY + 1), NOW))


@pytest.mark.parametrize("provider", OF_JSON)
def test_what_is_no_json_is_refused_where_json_is_sent(edge: Edge, provider: Provider) -> None:
    deep = b'{"message":' + b"[" * 200_000
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id":"\xff"}', b'{"id":"\\ud800"}', deep):
        with pytest.raises(NotGenuine):
            edge.verify(provider, replace(genuine(provider), body=body))


HEADER_NAMES = sorted({name for provider in Provider for name in genuine(provider).headers})
# Headers that are believed beside another body, or that come near to being read.
HEADER_VALUES = [
    *(
        value
        for provider in set(Provider) - {Provider.POSTMARK}
        for value in genuine(provider).headers.values()
    ),
    *(b"Bearer a.b.c", b"Bearer e30.e30.AA", b"Bearer " + b"W1tb" * 800 + b".e30.AA", b"Bearer \xff"),
    *(b"Basic ====", b"Basic \xff", b"t=,v1=", b"t=1,,=,v1", b"v1,", b"sha256="),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["signature", "event-data", "message", "type", "google_key", "TopicArn"]), inner
        )
    ),
)


@pytest.mark.parametrize("provider", Provider)
@given(
    headers=st.dictionaries(
        st.sampled_from(HEADER_NAMES), st.sampled_from(HEADER_VALUES) | st.binary(max_size=60)
    ),
    query=st.dictionaries(
        st.sampled_from(["hub.mode", "hub.challenge", "hub.verify_token", "token"]),
        st.sampled_from(["subscribe", "1158201444"]) | st.text(max_size=30),
    ),
    body=st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode),
    received_ms=st.sampled_from([NOW * 1000]) | st.integers(0, 4_000_000_000_000),
)
def test_whatever_comes_is_refused_and_nothing_breaks(
    published: Publisher,
    provider: Provider,
    headers: dict[bytes, bytes],
    query: dict[str, str],
    body: bytes,
    received_ms: int,
) -> None:
    published.publish_as_usual()
    with pytest.raises(NotGenuine) as refused:
        Edge(published).verify(provider, Call(headers, query, body, received_ms))
    assert not isinstance(refused.value, UnusableSecret)


def test_the_documentation_knows_every_provider() -> None:
    assert set(ABOUT) == set(Provider)
