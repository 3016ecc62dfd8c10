"""Content management systems: told once, by hooks that they can verify, and never behind our own door."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors import CONNECTORS, errors, public_network
from connectors.cms import Cms
from connectors.face import Channel, TakesWebHooks, Wire, utc_now
from connectors.sandbox import CREDENTIALS
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.receiver import Receiver

KEY = b"a key of twenty-four byte"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
EVENT = b'{"data":{"slug":"frost"},"type":"story.published"}'


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with public_network.client(allow_private=True, user_agent="x", timeout=httpx.Timeout(5)) as client:
        yield client


def at_the_sandbox(sandbox: Sandbox, **changed: str) -> TakesWebHooks:
    address = f"{sandbox.address}/cms/hooks"
    opened = sandbox.connector(Channel.CMS, http=None, **{"address": address, **changed})
    assert isinstance(opened, TakesWebHooks)
    return opened


def at(
    address: str, http: httpx.Client, secret: str = SECRET, clock: Callable[[], datetime] = utc_now
) -> Cms:
    return Cms.connect({"address": address, "secret": secret}, Wire(http=http, clock=clock))


def test_a_hook_is_signed_as_its_receiver_computes_it(receiver: Receiver, http: httpx.Client):
    moment = datetime(2026, 10, 15, 12, tzinfo=UTC)
    said = at(receiver.address, http, clock=lambda: moment).deliver(EVENT, "evt-7")
    assert said == "200 noted"
    [got] = receiver.received
    assert got.body == EVENT
    assert got.headers["content-type"] == "application/json"
    assert (got.headers["webhook-id"], got.headers["webhook-timestamp"]) == ("evt-7", "1792065600")
    made = hmac.new(KEY, b"evt-7.1792065600." + EVENT, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(made).decode()}"


def test_the_example_of_the_specification(receiver: Receiver, http: httpx.Client):
    moment = datetime.fromtimestamp(1_614_265_330, UTC)
    hook = at(receiver.address, http, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", clock=lambda: moment)
    hook.deliver(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek")
    [got] = receiver.received
    assert got.headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_receiver_says_what_became_of_it(sandbox: Sandbox):
    said = at_the_sandbox(sandbox).deliver(EVENT, "evt-7")
    status, _, answer = said.partition(" ")
    assert status == "200"
    assert json.loads(answer) == {
        "external_id": "entry-1",
        "url": "https://cms.example/entries/1",
        "status": "published",
    }
    assert sandbox.accepted(Channel.CMS) == [{"kind": "hook", "id": "evt-7", "body": json.loads(EVENT)}]


def test_a_copy_is_known_by_its_id(sandbox: Sandbox):
    hook = at_the_sandbox(sandbox)
    first = hook.deliver(EVENT, "evt-7")
    assert hook.deliver(EVENT, "evt-7") == first
    assert len(sandbox.accepted(Channel.CMS)) == 1
    with pytest.raises(errors.Duplicate):
        hook.deliver(b'{"another":1}', "evt-7")
    assert hook.deliver(EVENT, "evt-8") != first


def test_a_lost_answer_may_hide_that_it_was_taken(sandbox: Sandbox):
    sandbox.order(Channel.CMS, "accepted_then_silent")
    with pytest.raises(errors.UnknownOutcome):
        at_the_sandbox(sandbox).deliver(EVENT, "evt-7")
    assert len(sandbox.accepted(Channel.CMS)) == 1, "and it was"
    assert "entry-1" in at_the_sandbox(sandbox).deliver(EVENT, "evt-7"), "the same id settles it"
    assert len(sandbox.accepted(Channel.CMS)) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate_limited", errors.RateLimited),
        ("server_error", errors.UnknownOutcome),
        ("expired_token", errors.Forbidden),
        ("too_much_data", errors.Invalid),
    ],
)
def test_it_is_sent_once_into_trouble(sandbox: Sandbox, fault: str, error: type[errors.ChannelError]):
    sandbox.order(Channel.CMS, fault, times=5, hint_seconds=9)
    with pytest.raises(error) as refused:
        at_the_sandbox(sandbox).deliver(EVENT, "evt-7")
    assert sandbox.requests(Channel.CMS) == 1
    assert sandbox.waits == []
    if isinstance(refused.value, errors.RateLimited):
        assert refused.value.retry_after == 9


@pytest.mark.parametrize(
    ("status", "error"),
    [(301, errors.Invalid), (307, errors.Invalid), (410, errors.Invalid), (404, errors.Invalid)],
)
def test_nobody_is_followed_and_what_is_gone_is_gone(
    receiver: Receiver, http: httpx.Client, status: int, error: type[errors.ChannelError]
):
    receiver.answers = [status]
    receiver.headers = {"location": receiver.address}
    with pytest.raises(error) as refused:
        at(receiver.address, http).deliver(EVENT, "evt-7")
    assert refused.value.code == str(status)
    assert len(receiver.received) == 1


def test_in_production_nothing_inside_is_told(receiver: Receiver):
    with (
        public_network.client(allow_private=False, user_agent="x", timeout=httpx.Timeout(5)) as http,
        pytest.raises(errors.Forbidden, match="private"),
    ):
        at(receiver.address, http).deliver(EVENT, "evt-7")
    assert not receiver.received


@pytest.mark.parametrize(
    "address",
    [
        "",
        "cms.example",
        "https://",
        "ftp://cms.example/",
        "http://cms.example/hooks",
        "http://8.8.8.8/hooks",
        "http://134744072/hooks",
        "https://user:word@cms.example/",
        "https://cms.example/#part",
        "https://cms.example:0/",
        "https://cms.example:99999/",
        "https://[::1/",
        "https://cms.example/two words",
        "https://cms.example/\nhost: x",
        f"https://cms.example/{'x' * 2000}",
    ],
)
def test_an_address_that_will_not_do_is_refused(http: httpx.Client, address: str):
    with pytest.raises(errors.Invalid) as refused:
        at(address, http)
    assert refused.value.field == "address"


@pytest.mark.parametrize(
    "address",
    [
        "https://cms.example/hooks?key=1",
        "http://127.0.0.1:8790/cms/hooks",
        "http://localhost/",
        "http://cms:8000/x",
    ],
)
def test_without_encryption_only_what_is_inside_can_be_told(http: httpx.Client, address: str):
    assert at(address, http)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "ü" * 40, f"{SECRET} ", f"x{SECRET}"]
)
def test_a_secret_that_will_not_do_is_refused_and_not_repeated(http: httpx.Client, secret: str):
    with pytest.raises(errors.Invalid) as refused:
        at("https://cms.example/hooks", http, secret)
    assert refused.value.field == "secret"
    assert len(secret) < 7 or secret not in str(refused.value)


@pytest.mark.parametrize("number", ["", "two words", "evt.7", "a\r\nb", "ü", "x" * 256])
def test_an_id_that_is_none_is_sent_nowhere(receiver: Receiver, http: httpx.Client, number: str):
    with pytest.raises(errors.Invalid):
        at(receiver.address, http).deliver(EVENT, number)
    assert not receiver.received


def test_neither_address_nor_secret_is_shown(http: httpx.Client):
    hook = at("https://cms.example/hooks/s3cr3t", http)
    shown = repr(hook) + repr(vars(hook))
    assert "s3cr3t" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("changed", "late"),
    [({"secret": SECRET}, 0), ({}, 301), ({}, -301)],
)
def test_the_stand_in_takes_nothing_that_is_not_signed(sandbox: Sandbox, changed: dict[str, str], late: int):
    hook = at_the_sandbox(sandbox, **changed)
    then = sandbox.now
    sandbox.now += timedelta(seconds=late)

    def arrive(_: httpx.Request) -> None:
        """It was signed at one moment, and comes at another."""
        sandbox.now = then

    sandbox.http.event_hooks = {"request": [arrive]}
    with pytest.raises(errors.Forbidden):
        hook.deliver(EVENT, "evt-7")
    sandbox.http.event_hooks = {}
    assert sandbox.accepted(Channel.CMS) == []


def test_the_stand_in_takes_no_changed_body(sandbox: Sandbox):
    def change(request: httpx.Request) -> None:
        request.stream = httpx.ByteStream(EVENT.replace(b"frost", b"thaws"))

    sandbox.http.event_hooks = {"request": [change]}
    with pytest.raises(errors.Forbidden):
        at_the_sandbox(sandbox).deliver(EVENT, "evt-7")
    sandbox.http.event_hooks = {}
    with pytest.raises(errors.Invalid):
        at_the_sandbox(sandbox).deliver(b"{", "evt-7")
    assert sandbox.accepted(Channel.CMS) == []


def test_what_opens_the_sandbox_opens_the_channel(http: httpx.Client):
    assert CONNECTORS[Channel.CMS].connect(CREDENTIALS[Channel.CMS], Wire(http=http))
