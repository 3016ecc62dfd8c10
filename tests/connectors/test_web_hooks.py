"""Web hooks that we send: signed, never redirected, and every answer taken for what it is."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

import httpx
import pytest

from connectors import public_network, web_hooks
from connectors.errors import (
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    RateLimited,
    Transient,
    UnknownOutcome,
)
from connectors.web_hooks import WebHook
from tests.connectors.answering import answering
from tests.outbound.receiver import Receiver

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with public_network.client(allow_private=True, user_agent="x", timeout=httpx.Timeout(2)) as client:
        yield client


def test_the_receiver_can_tell_who_it_is_from_and_that_it_came_before(
    receiver: Receiver, http: httpx.Client
) -> None:
    hook = WebHook(receiver.address, f"whsec_{KEY}")
    assert web_hooks.post(http, hook, b'{"a":1}', "key-1") == "200 noted"
    [got] = receiver.received
    assert got.body == b'{"a":1}'
    assert (got.headers["webhook-id"], got.headers["idempotency-key"]) == ("key-1", "key-1")
    signed = f"key-1.{got.headers['webhook-timestamp']}.".encode() + got.body
    expected = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks specification."""
    secret, key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    said = web_hooks.signature(secret, key, 1614265330, b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_answer_is_kept_as_far_as_it_can_be_shown() -> None:
    said = b"{\x00\n'external_id': '\xf0\x9f\xa7\xa5', '\xff' \x1b[31m \xe2\x80\xae" + b"x" * 5_000
    with answering((200, said)) as wire:
        outcome = web_hooks.post(wire.http, WebHook(wire.endpoint.base_url), b"{}", "key")
    assert outcome.startswith("200 {  'external_id': '🧥', '\ufffd'  [31m")
    assert outcome.isprintable()
    assert len(outcome) <= 204


def test_an_answer_is_asked_for_uncompressed(receiver: Receiver, http: httpx.Client) -> None:
    web_hooks.post(http, WebHook(receiver.address), b"{}", "key")
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Invalid),
        (401, Forbidden),
        (404, Invalid),
        (409, Duplicate),
        (429, RateLimited),
        (302, Invalid),
        (500, UnknownOutcome),
        (502, UnknownOutcome),
        (503, Transient),
        (504, UnknownOutcome),
        (0, UnknownOutcome),
        (-3, UnknownOutcome),
    ],
)
def test_an_answer_is_taken_for_what_it_is(
    receiver: Receiver, http: httpx.Client, status: int, error: type[ChannelError]
) -> None:
    receiver.answers = [status]
    receiver.headers = {"location": receiver.address, "retry-after": "7"}
    with pytest.raises(error) as refused:
        web_hooks.post(http, WebHook(receiver.address), b"{}", "key")
    assert len(receiver.received) == 1, "nothing is sent twice, and nobody is followed"
    assert receiver.address not in str(refused.value), "an address may be a secret"
    if isinstance(refused.value, RateLimited):
        assert refused.value.retry_after == 7


def test_a_receiver_that_is_not_there_has_had_nothing(http: httpx.Client) -> None:
    with pytest.raises(Transient) as away:
        web_hooks.post(http, WebHook("http://127.0.0.1:9/hook"), b"{}", "key")
    assert not away.value.code, "the next message would fare no better"


def test_in_production_nothing_inside_is_reached(receiver: Receiver) -> None:
    with (
        public_network.client(allow_private=False, user_agent="x", timeout=httpx.Timeout(2)) as http,
        pytest.raises(Forbidden, match="private"),
    ):
        web_hooks.post(http, WebHook(receiver.address), b"{}", "key")
    assert not receiver.received
