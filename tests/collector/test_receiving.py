"""Web hooks through a running collector: proven, kept once, and answered before anyone reads them."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from store import records
from store.audit import Actor, ActorKind
from store.records import hooks
from store.records.hooks import HookCall, HookSecret
from store.settings import Role, Settings
from tests.collector.conftest import Collector, Site, make_site
from tests.conftest import wait_until

OPERATOR = Actor(ActorKind.OPERATOR, "test")


def keep_secret(settings: Settings, site: Site, provider: str, secret: str) -> int:
    with records.session(settings, Role.OWNER) as session:
        kept = hooks.keep_secret(
            session, OPERATOR, site.tenant, provider=provider, secret=secret, label="test",
            sealing_key=settings.derived(hooks.SEALED_FOR),
        )  # fmt: skip
        return kept.id


@pytest.fixture(scope="module")
def stripe(collector: Collector, settings: Settings, site: Site) -> str:
    """The secret of the site's account at Stripe, known to the collector."""
    secret = f"whsec_{uuid.uuid4().hex}"
    keep_secret(settings, site, "stripe", secret)
    wait_until("the secret", lambda: call(collector, secret, {"id": f"evt_{uuid.uuid4().hex}"}) == 200, 30)
    return secret


def call(
    collector: Collector, secret: str, event: dict[str, Any], *, door: str = "hooks", age: int = 0
) -> int:
    body = json.dumps(event).encode()
    timestamp = int(time.time()) - age
    proof = hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={timestamp},v1={proof}", "Content-Type": "application/json"}
    return collector.http.post(f"/{door}/stripe", content=body, headers=headers).status_code


def kept_calls(settings: Settings, event_id: str) -> list[HookCall]:
    with records.session(settings, Role.OWNER) as session:
        found = session.scalars(select(HookCall).where(HookCall.event_id == event_id)).all()
        session.expunge_all()
        return list(found)


@pytest.mark.parametrize("door", ["hooks", "webhooks"])
def test_a_genuine_call_is_kept_as_it_came(
    collector: Collector, settings: Settings, site: Site, stripe: str, door: str
) -> None:
    event = {"id": f"evt_{uuid.uuid4().hex}", "type": "invoice.paid", "text": 'ü\n{"log":"e'}
    assert call(collector, stripe, event, door=door) == 200
    wait_until("the call", lambda: bool(kept_calls(settings, event["id"])), 20)
    [kept] = kept_calls(settings, event["id"])
    assert (kept.tenant_id, kept.provider, json.loads(kept.body)) == (site.tenant, "stripe", event)
    assert kept.headers["content-type"] == "application/json"
    assert "stripe-signature" not in kept.headers


def test_a_repeated_call_is_kept_once(collector: Collector, settings: Settings, stripe: str) -> None:
    event, after = {"id": f"evt_{uuid.uuid4().hex}"}, {"id": f"evt_{uuid.uuid4().hex}"}
    assert [call(collector, stripe, event) for _ in range(3)] == [200, 200, 200]
    assert call(collector, stripe, after) == 200
    wait_until("the last call", lambda: bool(kept_calls(settings, after["id"])), 20)
    assert len(kept_calls(settings, event["id"])) == 1


def test_what_is_not_genuine_is_refused(collector: Collector, settings: Settings, stripe: str) -> None:
    event = {"id": f"evt_{uuid.uuid4().hex}"}
    assert call(collector, "whsec_guessed", event) == 401
    assert call(collector, stripe, event, age=3600) == 401
    assert collector.http.post("/hooks/stripe", content=b"{}").status_code == 401
    assert collector.http.post("/hooks/mailgun", content=b"{}").status_code == 401
    assert collector.http.post("/hooks/nobody", content=b"{}").status_code == 404
    assert collector.http.post("/hooks/stripe/more", content=b"{}").status_code == 404
    assert collector.http.put("/hooks/stripe", content=b"{}").status_code == 405
    large = collector.http.post("/hooks/stripe", content=b"x" * (2 * 2**20 + 1))
    assert large.status_code == 413
    assert kept_calls(settings, event["id"]) == []


def test_each_tenants_calls_are_its_own(
    collector: Collector, settings: Settings, site: Site, stripe: str
) -> None:
    other, secret = make_site(settings), f"whsec_{uuid.uuid4().hex}"
    keep_secret(settings, other, "stripe", secret)
    event_id = f"evt_{uuid.uuid4().hex}"
    wait_until("the secret", lambda: call(collector, secret, {"id": event_id}) == 200, 30)
    assert call(collector, stripe, {"id": event_id}) == 200
    wait_until("both calls", lambda: len(kept_calls(settings, event_id)) == 2, 20)
    assert {kept.tenant_id for kept in kept_calls(settings, event_id)} == {site.tenant, other.tenant}


def test_a_secret_stands_for_one_tenant_and_can_be_revoked(
    collector: Collector, settings: Settings, site: Site
) -> None:
    other, secret = make_site(settings), f"whsec_{uuid.uuid4().hex}"
    number = keep_secret(settings, site, "stripe", secret)
    with pytest.raises(hooks.AlreadyKept):
        keep_secret(settings, other, "stripe", secret)
    wait_until("the secret", lambda: call(collector, secret, {"id": "evt_first"}) == 200, 30)
    with records.session(settings, Role.OWNER) as session:
        hooks.revoke_secret(session, OPERATOR, site.tenant, number)
        assert secret.encode() not in session.get_one(HookSecret, number).secret_sealed
    wait_until("its end", lambda: call(collector, secret, {"id": "evt_second"}) == 401, 30)


def test_metas_challenge_is_echoed_and_not_kept(collector: Collector, settings: Settings, site: Site) -> None:
    verify_token = uuid.uuid4().hex
    keep_secret(settings, site, "meta", f"{uuid.uuid4().hex} {verify_token}")
    asked = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": "1158201444"}

    def answered() -> bool:
        answer = collector.http.get("/hooks/meta", params=asked)
        return (answer.status_code, answer.text) == (200, "1158201444")

    wait_until("the challenge", answered, 30)
    guessed = collector.http.get("/hooks/meta", params={**asked, "hub.verify_token": "guessed"})
    assert guessed.status_code == 401


def test_twilio_is_answered_with_silence(collector: Collector, settings: Settings, site: Site) -> None:
    """Words in plain text would be sent to the phone."""
    address, token = "https://edge.example/hooks/twilio", uuid.uuid4().hex
    keep_secret(settings, site, "twilio", f"{address} {token}")
    fields = {"MessageSid": f"SM{uuid.uuid4().hex}", "SmsStatus": "received", "Body": "STOP"}
    signed = address + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    proof = base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()

    def answered() -> httpx.Response:
        return collector.http.post("/hooks/twilio", data=fields, headers={"X-Twilio-Signature": proof})

    wait_until("the secret", lambda: answered().status_code == 200, 30)
    for answer in (answered(), answered()):
        assert (answer.status_code, answer.content) == (200, b"<Response/>\n")
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    event_id = f"{fields['MessageSid']}:received"
    wait_until("the call", lambda: len(kept_calls(settings, event_id)) == 1, 20)
