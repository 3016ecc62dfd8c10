"""Messages of SNS, and the certificates they are signed with."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import (
    Authorities,
    Call,
    CannotVerifyNow,
    NotGenuine,
    Provider,
    Verified,
    verify,
)
from collector.hooks.fetching import FETCHES_A_MINUTE, LARGEST
from collector.hooks.ses import CERTIFICATES_KEPT
from tests.collector.hooks.conftest import Edge
from tests.collector.hooks.publishing import Publisher, certificate, pem, publishing
from tests.collector.hooks.senders import (
    AMAZON_KEY,
    CERTIFICATE_ADDRESS,
    CERTIFICATE_PATH,
    NOW,
    TOPIC,
    at,
    genuine,
    sns_message,
    sns_signed,
    with_fields,
)

FILE = "SimpleNotificationService-0a1b2c.pem"
VERSIONS = ("1", "2")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "subject", [{}, {"Subject": "Bounce"}, {"Subject": ""}, {"Subject": "Zürich\nMessage"}]
)
def test_both_versions_of_the_signature_are_believed(
    edge: Edge, version: Literal["1", "2"], subject: dict[str, str]
) -> None:
    unsubscribe = {"UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe"}
    message = sns_message('{"eventType":"Bounce"}', NOW, **subject, **unsubscribe)
    assert edge.verify(Provider.SES, sns_signed(message, version, NOW)) == Verified(message["MessageId"])


def test_a_subscription_is_confirmed_by_a_person_and_its_address_never_opened(edge: Edge) -> None:
    for kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        told = {
            "Type": kind,
            "Token": "2336412f37fb687f5d51e6e241d09c80",
            "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
        }
        message = sns_message("You have chosen to subscribe.", NOW, **told)
        assert edge.verify(Provider.SES, sns_signed(message, "2", NOW)) == Verified(message["MessageId"])
        for changed in (
            {"SubscribeURL": "https://elsewhere.example/"},
            {"Token": "1"},
            {"Type": "Notification"},
        ):
            with pytest.raises(NotGenuine):
                edge.verify(Provider.SES, with_fields(sns_signed(message, "2", NOW), **changed))
    hosts = {"sns.eu-central-1.amazonaws.com" + CERTIFICATE_PATH}
    assert set(edge.publisher.asked) == hosts


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "Another message"},
        {"MessageId": "another-id"},
        {"Subject": "Another subject"},
        {"Subject": ""},
        {"Timestamp": "2026-11-18T09:46:41.000Z"},
        {"Type": "SubscriptionConfirmation"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Signature": "AAAA"},
        {"Signature": "not base64"},
        {"TopicArn": TOPIC + "-2"},
    ],
)
def test_nothing_that_is_signed_can_be_changed(edge: Edge, changed: dict[str, str]) -> None:
    call = sns_signed(sns_message("A message", NOW, Subject="A subject"), "2", NOW)
    with pytest.raises(NotGenuine):
        edge.verify(Provider.SES, with_fields(call, **changed))


def test_a_genuine_message_of_another_topic_is_refused_before_anything_is_fetched(edge: Edge) -> None:
    message = sns_message("A message", NOW, TopicArn="arn:aws:sns:eu-central-1:999999999999:mail-events")
    with pytest.raises(NotGenuine, match="another topic"):
        edge.verify(Provider.SES, sns_signed(message, "2", NOW))
    assert edge.publisher.asked == []


@pytest.mark.parametrize(
    "moment",
    ["2026-13-45T99:99:99.000Z", "0000-00-00T00:00:00.000Z", "yesterday", "٢٠٢٦-11-18T09:46:40.000Z"],
)
def test_what_is_no_moment_is_refused(edge: Edge, moment: str) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.SES, sns_signed(sns_message("A message", NOW, Timestamp=moment), "2", NOW))


@pytest.mark.parametrize(
    "address",
    [
        f"http://sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com:8443/{FILE}",
        f"https://sns.us-east-1.amazonaws.com:443@evil.example/{FILE}",
        f"https://user@sns.us-east-1.amazonaws.com/{FILE}",
        f"https://user:password@sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com.evil.example/{FILE}",
        f"https://sns.us-east-1.amazonaws.com.cn.evil.example/{FILE}",
        f"https://evil.example/sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.evil.example#.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.evil-amazonaws.com/{FILE}",
        f"https://sns-us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.s3.amazonaws.com/{FILE}",
        f"https://s3.us-east-1.amazonaws.com/{FILE}",
        f"https://bucket.s3.amazonaws.com/{FILE}",
        f"https://sns..amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com./{FILE}",
        f"https://sns.us-east-1.amazonaws.comx/{FILE}",
        f"https://sns.us-east-1xamazonaws.com/{FILE}",
        f"https://SNS.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com\\@evil.example/{FILE}",
        f"https://sns.us-east-1.amazonaws.com//{FILE}",
        f"https://sns.us-east-1.amazonaws.com/x/../{FILE}",
        f"https://sns.us-east-1.amazonaws.com/%2e%2e/{FILE}",
        f"https://sns.us-east-1.amazonaws.com/{FILE}?x=1",
        f"https://sns.us-east-1.amazonaws.com/{FILE}#x",
        f"https://sns.us-east-1.amazonaws.com/{FILE}\n",
        f" https://sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com/{FILE} ",
        f"https://sns.us-еast-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-１.amazonaws.com/{FILE}",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-xyz.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a1b.pem.exe",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com/",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//sns.us-east-1.amazonaws.com/" + FILE,
        "",
        f"https://sns.{'us-' * 50}east-1.amazonaws.com/{FILE}",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + "a" * 500 + ".pem",
    ],
)
def test_no_certificate_is_fetched_from_elsewhere(edge: Edge, address: str) -> None:
    message = sns_message("A message", NOW, SigningCertURL=address)
    with pytest.raises(NotGenuine):
        edge.verify(Provider.SES, sns_signed(message, "2", NOW))
    with pytest.raises(NotGenuine):
        fetched(edge.publisher, address)
    assert edge.publisher.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "sns.us-east-1.amazonaws.com",
        "sns.eu-central-2.amazonaws.com:443",
        "sns.ap-southeast-7.amazonaws.com",
        "sns.us-gov-west-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
    ],
)
def test_certificates_are_fetched_where_amazon_publishes_them(
    publisher: Publisher, tmp_path: Path, host: str
) -> None:
    with publishing(tmp_path, (host.removesuffix(":443"),)) as elsewhere:
        elsewhere.publish_as_usual()
        found = fetched(elsewhere, f"https://{host}{CERTIFICATE_PATH}")
    assert found.public_key() == AMAZON_KEY.public_key()


@given(st.text(max_size=100) | st.from_regex(r"https://sns\.[a-z0-9.@:/-]{1,40}\.pem"))
def test_an_address_is_refused_or_amazons(published: Publisher, address: str) -> None:
    published.asked.clear()
    with pytest.raises(NotGenuine):
        fetched(published, address)
    assert published.asked == []


def fetched(publisher: Publisher, address: str, moment: int = NOW) -> Any:
    async def get() -> Any:
        async with publisher.client() as http:
            return await Authorities(http).certificates.get(address, moment * 1000)

    return asyncio.run(get())


VALID = pem(certificate(AMAZON_KEY, around=datetime.fromtimestamp(NOW, UTC)))


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (302, b"/elsewhere.pem"),
        (403, VALID),
        (404, b"not here"),
        (500, VALID),
        (200, b""),
        (200, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        (200, b"<html>Sign in to the hotel's network</html>"),
        (200, VALID + b"\n" * LARGEST),
    ],
)
def test_what_is_no_certificate_now_may_be_one_later(edge: Edge, status: int, document: bytes) -> None:
    edge.publisher.documents["/elsewhere.pem"] = (200, VALID)
    edge.publisher.documents[CERTIFICATE_PATH] = (status, document)
    with pytest.raises(CannotVerifyNow) as not_now:
        edge.verify(Provider.SES, genuine(Provider.SES))
    assert not_now.value.retry_after > 0
    assert "sns.eu-central-1.amazonaws.com" in not_now.value.detail
    assert len(edge.publisher.asked) == 1
    edge.publisher.publish_as_usual()
    edge.verify(Provider.SES, genuine(Provider.SES))


def test_who_does_not_answer_is_not_waited_for(publisher: Publisher) -> None:
    publisher.answering.clear()
    with pytest.raises(CannotVerifyNow):
        Edge(publisher, patience=0.2).verify(Provider.SES, genuine(Provider.SES))
    publisher.answering.set()


def test_a_server_that_is_not_amazons_is_not_asked(edge: Edge, tmp_path: Path) -> None:
    with publishing(tmp_path, ("impostor.example",)) as impostor:
        impostor.publish_as_usual()
        with pytest.raises(CannotVerifyNow):
            Edge(impostor).verify(Provider.SES, genuine(Provider.SES))
        assert impostor.asked == []
        with pytest.raises(CannotVerifyNow):
            Edge(replace(impostor, trust=edge.publisher.trust)).verify(Provider.SES, genuine(Provider.SES))
        assert impostor.asked == []


def test_nobody_listening_means_later(publisher: Publisher, tmp_path: Path) -> None:
    with publishing(tmp_path) as gone:
        pass
    with pytest.raises(CannotVerifyNow):
        Edge(gone).verify(Provider.SES, genuine(Provider.SES))


@pytest.mark.parametrize("days", [-181, 181])
def test_a_certificate_counts_only_while_it_is_valid(edge: Edge, days: int) -> None:
    around = datetime.fromtimestamp(NOW, UTC) - timedelta(days=days)
    edge.publisher.documents[CERTIFICATE_PATH] = (200, pem(certificate(AMAZON_KEY, around=around)))
    with pytest.raises(NotGenuine, match="not valid now"):
        edge.verify(Provider.SES, genuine(Provider.SES))


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())]
)
def test_a_certificate_of_another_key_proves_nothing(
    edge: Edge, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
) -> None:
    around = datetime.fromtimestamp(NOW, UTC)
    edge.publisher.documents[CERTIFICATE_PATH] = (200, pem(certificate(key, around=around)))
    with pytest.raises(NotGenuine):
        edge.verify(Provider.SES, genuine(Provider.SES))


def on_one_edge(publisher: Publisher, *calls: Call, at_once: bool = False) -> list[Verified | BaseException]:
    """What one process answers to calls, one after the other or all at once."""

    async def ask() -> list[Verified | BaseException]:
        async with publisher.client() as http:
            authorities = Authorities(http)
            asked = [verify(Provider.SES, call, TOPIC, authorities) for call in calls]
            if at_once:
                return await asyncio.gather(*asked, return_exceptions=True)
            return [(await asyncio.gather(one, return_exceptions=True))[0] for one in asked]

    return asyncio.run(ask())


@pytest.mark.parametrize("at_once", [True, False])
def test_one_fetch_serves_all_calls_that_need_it(publisher: Publisher, at_once: bool) -> None:
    answers = on_one_edge(publisher, *[genuine(Provider.SES)] * 20, at_once=at_once)
    assert answers == [Verified(json.loads(genuine(Provider.SES).body)["MessageId"])] * 20
    assert len(publisher.asked) == 1


def test_a_failed_fetch_is_told_to_all_who_wait_and_is_tried_again(publisher: Publisher) -> None:
    publisher.documents.clear()
    answers = on_one_edge(publisher, *[genuine(Provider.SES)] * 5, at_once=True)
    assert [type(answer) for answer in answers] == [CannotVerifyNow] * 5
    assert len(publisher.asked) == 1
    answers = on_one_edge(publisher, *[genuine(Provider.SES)] * 3)
    assert [type(answer) for answer in answers] == [CannotVerifyNow] * 3
    assert len(publisher.asked) == 4


def test_a_certificate_is_fetched_anew_after_a_day(publisher: Publisher) -> None:
    day = 24 * 3600
    moments = (NOW, NOW + day - 1, NOW + day, NOW + day + 1)
    answers = on_one_edge(publisher, *[genuine(Provider.SES, moment) for moment in moments])
    assert all(isinstance(answer, Verified) for answer in answers)
    assert len(publisher.asked) == 2


def test_who_hangs_up_does_not_take_the_certificate_from_the_others(publisher: Publisher) -> None:
    async def ask() -> Verified:
        async with publisher.client() as http:
            authorities = Authorities(http)
            first, second = (
                asyncio.create_task(verify(Provider.SES, genuine(Provider.SES), TOPIC, authorities))
                for _ in range(2)
            )
            await asyncio.sleep(0)
            first.cancel()
            return await second

    assert asyncio.run(ask()).provider_event_id
    assert len(publisher.asked) == 1


def naming(number: int, moment: int = NOW) -> Call:
    """A message that names a certificate of its own."""
    address = CERTIFICATE_ADDRESS.replace("0a1b", f"{number:04x}")
    return sns_signed(sns_message("A message", moment, SigningCertURL=address), "2", moment)


def test_only_the_last_certificates_are_kept(publisher: Publisher) -> None:
    for number in range(CERTIFICATES_KEPT + 1):
        publisher.documents[CERTIFICATE_PATH.replace("0a1b", f"{number:04x}")] = (200, VALID)
    calls = [naming(number, NOW + number * 10) for number in range(CERTIFICATES_KEPT + 1)]
    last, first = calls[-1], at(calls[0], NOW + CERTIFICATES_KEPT * 10)
    answers = on_one_edge(publisher, *calls, last, first)
    assert {type(answer) for answer in answers} == {Verified}
    assert len(publisher.asked) == CERTIFICATES_KEPT + 2


def test_nobody_can_make_us_ask_amazon_without_end(publisher: Publisher) -> None:
    strangers = [naming(number) for number in range(FETCHES_A_MINUTE + 10)]
    answers = on_one_edge(publisher, *strangers, at(genuine(Provider.SES), NOW + 60))
    assert {type(answer) for answer in answers[:-1]} == {CannotVerifyNow}
    assert isinstance(answers[-1], Verified)
    assert len(publisher.asked) == FETCHES_A_MINUTE + 1
