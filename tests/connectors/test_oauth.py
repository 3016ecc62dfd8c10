"""The sign-in of the sandbox keeps what real providers keep: codes hold once, for one address, with their proof."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.access_tokens import Issued, issue
from connectors.errors import AuthRevoked
from connectors.face import Channel, Wire
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.meta import APP
from tests.connectors.running_sandbox import Sandbox

BACK = "http://127.0.0.1:8000/back"
VERIFIER = "a-verifier-that-nobody-guesses-0123456789-abcdefg"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CLIENT = {name: CREDENTIALS[Channel.GOOGLE_ADS][name] for name in ("client_id", "client_secret")}


def consent(sandbox: Sandbox, decision: str = "allow", **changed: str) -> dict[str, str]:
    asked = {
        "client_id": CLIENT["client_id"],
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "ads",
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    address = f"{sandbox.address}/google_ads/authorize"
    page = sandbox.http.get(address, params=asked)
    assert page.status_code == 200, page.text
    answer = sandbox.http.post(address, data={**asked, "decision": decision})
    assert answer.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(sandbox: Sandbox, code: str, **changed: str) -> Issued:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **CLIENT,
        **changed,
    }
    wire = Wire(http=sandbox.http, patience=Patience(attempts=1))
    return issue(wire, endpoint(Channel.GOOGLE_ADS, sandbox.address).token_url, form, where="sandbox")


def test_a_consent_becomes_tokens_that_open_the_api(sandbox: Sandbox):
    told = consent(sandbox)
    assert told["state"] == "s1"
    issued = exchange(sandbox, told["code"])
    assert issued.refresh_token
    assert issued.scope == "ads"
    reader = sandbox.reader(Channel.GOOGLE_ADS, access_token=issued.access_token)
    assert list(reader.insights("1112223333", sandbox.now.date(), sandbox.now.date()))


def test_a_code_holds_once(sandbox: Sandbox):
    told = consent(sandbox)
    exchange(sandbox, told["code"])
    with pytest.raises(AuthRevoked):
        exchange(sandbox, told["code"])


@pytest.mark.parametrize(
    "changed",
    [{"code_verifier": "another"}, {"redirect_uri": "http://127.0.0.1:8000/x"}, {"client_secret": "x"}],
)
def test_a_code_is_worth_nothing_to_others(sandbox: Sandbox, changed: dict[str, str]):
    with pytest.raises(AuthRevoked):
        exchange(sandbox, consent(sandbox)["code"], **changed)


def test_who_declines_is_sent_back_without_a_code(sandbox: Sandbox):
    assert consent(sandbox, "deny") == {
        "error": "access_denied",
        "error_description": "The user cancelled.",
        "state": "s1",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"client_id": "somebody"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
    ],
)
def test_nobody_is_led_elsewhere(sandbox: Sandbox, changed: dict[str, str]):
    asked = {
        "client_id": CLIENT["client_id"],
        "response_type": "code",
        "redirect_uri": BACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    assert sandbox.http.get(f"{sandbox.address}/google_ads/authorize", params=asked).status_code == 400


def test_nothing_is_lengthened_that_was_not_given(sandbox: Sandbox):
    form = {"grant_type": "fb_exchange_token", "fb_exchange_token": "made-up-token", **APP}
    wire = Wire(http=sandbox.http, patience=Patience(attempts=1))
    with pytest.raises(AuthRevoked) as refused:
        issue(wire, endpoint(Channel.META, sandbox.address).token_url, form, where="sandbox")
    assert "made-up-token" not in str(refused.value)


@pytest.mark.parametrize("channel", [Channel.GOOGLE_ADS, Channel.META])
def test_a_grant_type_of_somebody_else_is_refused(sandbox: Sandbox, channel: Channel):
    form = {"grant_type": "", "fb_exchange_token": "x", **CLIENT, "client_secret": APP["client_secret"]}
    if channel is Channel.GOOGLE_ADS:
        form = {**form, **CLIENT, "grant_type": "fb_exchange_token"}
    wire = Wire(http=sandbox.http, patience=Patience(attempts=1))
    with pytest.raises(AuthRevoked, match=r"[Nn]o such grant type"):
        issue(wire, endpoint(channel, sandbox.address).token_url, form, where="sandbox")
