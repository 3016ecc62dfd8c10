"""Consent at a provider that gives a token for an hour, and lets people untick what an app asks for."""

from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from connectors import CONNECTORS
from connectors.errors import AuthRevoked
from connectors.face import Channel, FindsAccounts, Wire
from connectors.publishing import Publishes
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.meta import APP
from connectors.sandbox.places import places_of
from connectors.sandbox.world import accounts_of
from marketing_pipelines.connections import apps, consent
from marketing_pipelines.connections.apps import App
from marketing_pipelines.connections.consent import Granted
from store.clock import now
from store.records.schema import TenantId, UserId
from store.settings import Settings, load
from tests.connectors.running_sandbox import Sandbox
from tests.console.providers import consented

TENANT, SOMEBODY = TenantId(1), UserId(2)
DAY = 86_400


@pytest.fixture
def at_meta(sandbox: Sandbox, tmp_path: Path) -> tuple[Settings, App]:
    """A house whose app is registered at Meta."""
    found = endpoint(Channel.META, sandbox.address)
    said = {
        **APP,
        "base_url": found.base_url,
        "token_url": found.token_url,
        "authorize_url": found.authorize_url,
    }
    given = {name: SecretStr(value) for name, value in said.items()}
    settings = load(_env_file=None, data_dir=tmp_path, channel_apps={"meta": given})
    app = apps.of(settings, Channel.META)
    assert app is not None
    return settings, app


def test_an_app_at_reddit_asks_for_what_lasts_and_shows_its_secret_in_a_header(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    found = endpoint(Channel.REDDIT, sandbox.address)
    said = {
        **{name: CREDENTIALS[Channel.REDDIT][name] for name in ("client_id", "client_secret")},
        "base_url": found.base_url,
        "token_url": found.token_url,
        "authorize_url": found.authorize_url,
    }
    given = {name: SecretStr(value) for name, value in said.items()}
    settings = load(_env_file=None, data_dir=tmp_path, channel_apps={"reddit": given})
    app = apps.of(settings, Channel.REDDIT)
    assert app is not None
    asked = dict(parse_qsl(urlsplit(consent.address(settings, app, TENANT, SOMEBODY)).query))
    assert asked["duration"] == "permanent"
    held = granted(settings, app)
    assert held.credentials["refresh_token"]
    assert held.scopes == app.consent.scopes
    with httpx.Client(timeout=30) as http:
        opened = CONNECTORS[Channel.REDDIT].connect(held.credentials, Wire(http=http, endpoint=app.endpoint))
        assert isinstance(opened, FindsAccounts)
        assert [each.id for each in opened.accounts()] == [each.id for each in accounts_of(Channel.REDDIT)]


def test_an_app_at_buffer_asks_for_what_lasts_and_proves_its_code(sandbox: Sandbox, tmp_path: Path) -> None:
    found = endpoint(Channel.BUFFER, sandbox.address)
    said = {
        **{name: CREDENTIALS[Channel.BUFFER][name] for name in ("client_id", "client_secret")},
        "base_url": found.base_url,
        "token_url": found.token_url,
        "authorize_url": found.authorize_url,
    }
    given = {name: SecretStr(value) for name, value in said.items()}
    settings = load(_env_file=None, data_dir=tmp_path, channel_apps={"buffer": given})
    app = apps.of(settings, Channel.BUFFER)
    assert app is not None
    asked = dict(parse_qsl(urlsplit(consent.address(settings, app, TENANT, SOMEBODY)).query))
    assert (asked["prompt"], asked["code_challenge_method"]) == ("consent", "S256")
    assert "offline_access" in asked["scope"].split()
    held = granted(settings, app)
    assert held.credentials["refresh_token"]
    assert held.credentials["expires_at"] > now().timestamp()
    with httpx.Client(timeout=30) as http:
        opened = CONNECTORS[Channel.BUFFER].connect(held.credentials, Wire(http=http, endpoint=app.endpoint))
        assert isinstance(opened, Publishes)
        assert [each.id for each in opened.places()] == [each.id for each in places_of(Channel.BUFFER)]


def granted(settings: Settings, app: App, *, unticked: str = "") -> Granted:
    address = consent.address(settings, app, TENANT, SOMEBODY)
    page, _, query = address.partition("?")
    asked = dict(parse_qsl(query))
    asked["scope"] = " ".join(scope for scope in asked["scope"].split() if scope != unticked)
    told = consented(f"{page}?{urlencode(asked)}")
    asking = consent.asked_by(settings, TENANT, SOMEBODY, told["state"], now())
    with httpx.Client(timeout=30) as http:
        return consent.granted(settings, app, asking, told["code"], http)


def test_what_a_code_gave_is_exchanged_for_what_lasts(at_meta: tuple[Settings, App]) -> None:
    settings, app = at_meta
    held = granted(settings, app).credentials
    ends_in = held["expires_at"] - now().timestamp()
    assert 59 * DAY < ends_in <= 60 * DAY
    assert not held.get("refresh_token")
    with httpx.Client(timeout=30) as http:
        opened = CONNECTORS[Channel.META].connect(held, Wire(http=http, endpoint=app.endpoint))
        assert isinstance(opened, FindsAccounts)
        assert [each.id for each in opened.accounts()] == [each.id for each in accounts_of(Channel.META)]


def test_what_people_unticked_is_not_said_to_be_granted(at_meta: tuple[Settings, App]) -> None:
    settings, app = at_meta
    scopes = granted(settings, app, unticked="pages_manage_posts").scopes
    assert set(app.consent.scopes) - set(scopes) == {"pages_manage_posts"}
    assert set(app.consent.scopes) <= set(granted(settings, app).scopes)


def test_metas_refusal_is_told_in_its_own_words(at_meta: tuple[Settings, App]) -> None:
    settings, app = at_meta
    address = consent.address(settings, app, TENANT, SOMEBODY)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    asking = consent.asked_by(settings, TENANT, SOMEBODY, state, now())
    with httpx.Client(timeout=30) as http, pytest.raises(AuthRevoked) as refused:
        consent.granted(settings, app, asking, "made-up-code", http)
    assert (refused.value.code, refused.value.what) == (
        "100",
        "The code is unknown, used or was given for another address.",
    )
    assert APP["client_secret"] not in str(refused.value)
