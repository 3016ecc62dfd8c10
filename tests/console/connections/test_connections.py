"""Connections as pages and as API: led to a provider and back, tested, used for what is wanted, and forgotten."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, expect
from pydantic import SecretStr
from sqlalchemy import select

from connectors import CONNECTORS
from connectors.face import Channel
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.bitly import GROUPS
from connectors.sandbox.meta import APP
from connectors.sandbox.places import places_of
from connectors.sandbox.world import accounts_of
from console.app import create_app
from marketing_pipelines.connections import apps, consent
from store import records
from store.clock import now
from store.records import billing_events, connections, hooks
from store.records.accounts import AccountStatus, AdAccount
from store.records.audit_log import AuditEntry
from store.records.billing_events import NewEvent
from store.records.connections import Connection, ConnectionStatus
from store.records.people import MemberRole
from store.records.schema import TenantId, UserId
from store.settings import Role, Service, Settings
from tests.console.conftest import served
from tests.console.providers import apps_at, consented, token
from tests.console.visitors import PASSWORD, Forms, Person

People = dict[MemberRole, Person]


def way(forms: Forms, path: str = "/connections", channel: Channel = Channel.GOOGLE_ADS) -> str:
    """Where the page leads somebody who connects the channel."""
    leads = re.compile(rf'href="(http://127\.0\.0\.1:\d+/{channel}/authorize\?[^"]+)"')
    found = leads.search(forms.get(path).text)
    assert found
    return found[1].replace("&amp;", "&")


def led_back(forms: Forms, told: Any) -> httpx.Response:
    return forms.client.get("/connections/callback", params=told)


def connected(forms: Forms) -> int:
    answer = led_back(forms, consented(way(forms)))
    assert answer.status_code == 303, answer.text
    return int(re.findall(r"\d+", answer.headers["location"])[0])


def kept(house: Settings, number: int) -> Connection:
    with records.session(house, Role.PIPELINES) as session:
        return session.get_one(Connection, number)


def opened(house: Settings, number: int) -> dict[str, Any]:
    with records.session(house, Role.PIPELINES) as session:
        return connections.opened(session, house, session.get_one(Connection, number))


def secrets_of(credentials: dict[str, Any]) -> list[str]:
    """Everything but the app's own name, which goes into the address."""
    return [
        str(value)
        for name, value in credentials.items()
        if name != "client_id" and isinstance(value, str) and value
    ]


def accounts_read(house: Settings, tenant: TenantId) -> dict[str, AccountStatus]:
    with records.session(house, Role.PIPELINES) as session:
        rows = session.scalars(select(AdAccount).where(AdAccount.tenant_id == tenant))
        return {row.account_id: row.status for row in rows}


def audited(house: Settings, tenant: TenantId) -> list[str]:
    with records.session(house, Role.OWNER) as session:
        mine = select(AuditEntry.action).where(
            AuditEntry.tenant_id == tenant, AuditEntry.entity.in_(["connection", "ad_account"])
        )
        return list(session.scalars(mine.order_by(AuditEntry.seq)))


def test_somebody_is_led_to_the_provider_and_back(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    asked = dict(parse_qsl(urlsplit(way(forms)).query))
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "https://www.googleapis.com/auth/adwords"
    assert "client_secret" not in asked
    number = connected(forms)
    row = kept(house, number)
    assert (row.tenant_id, row.channel, row.status) == (
        admin.tenant,
        "google_ads",
        ConnectionStatus.CONNECTED,
    )
    assert row.scopes == ["https://www.googleapis.com/auth/adwords"]
    credentials = opened(house, number)
    assert credentials["access_token"].startswith("sandbox-access-")
    assert credentials["refresh_token"]
    assert credentials["developer_token"] == "sandbox-developer-token"
    page = forms.get(f"/connections/{number}?done=connected").text
    assert "Connected. Choose below which accounts are read." in page
    shown = page + forms.get("/connections").text
    assert not any(secret in shown for secret in secrets_of(credentials))
    assert audited(house, admin.tenant) == ["connect"]


def test_accounts_are_found_chosen_and_left(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = connected(forms)
    page = forms.post_signed(f"/connections/{number}/look").text
    for account in accounts_of(Channel.GOOGLE_ADS):
        assert account.name in page
        assert account.id in page
    assert "Tested" in page
    first = accounts_of(Channel.GOOGLE_ADS)[0]
    chosen = forms.post_signed(f"/connections/{number}/accounts", account=first.id, name=first.name)
    assert chosen.status_code == 303
    assert accounts_read(house, admin.tenant) == {first.id: AccountStatus.CONNECTED}
    assert "is read" in forms.post_signed(f"/connections/{number}/look").text
    forms.post_signed(f"/connections/{number}/accounts/leave", account=first.id)
    assert accounts_read(house, admin.tenant) == {first.id: AccountStatus.DISABLED}
    forms.post_signed(f"/connections/{number}/accounts", account=first.id, name=first.name)
    assert accounts_read(house, admin.tenant) == {first.id: AccountStatus.CONNECTED}
    assert audited(house, admin.tenant) == ["connect", "read", "leave", "read"]


@pytest.mark.parametrize("account", ["", "1 or 1", "<script>", "1" * 101, "../1"])
def test_an_account_that_is_no_number_is_told(admin: Person, account: str) -> None:
    forms = admin.forms()
    number = connected(forms)
    answer = forms.post_signed(f"/connections/{number}/accounts", account=account)
    assert answer.status_code == 422
    assert "Name one by its number" in answer.text
    assert "<script>" not in answer.text


def test_who_changes_their_mind_has_connected_nothing(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    page = led_back(forms, consented(way(forms), "deny"))
    assert page.status_code == 200
    assert "Nothing was connected. The user cancelled." in page.text
    assert audited(house, admin.tenant) == []


def test_a_way_back_serves_once_and_its_own_traveller_only(
    house: Settings, admin: Person, strangers: People
) -> None:
    forms = admin.forms()
    told = consented(way(forms))
    stranger = led_back(strangers[MemberRole.ADMIN].forms(), told)
    assert "This way back is not yours" in stranger.text
    assert led_back(forms, told).status_code == 303
    again = led_back(forms, told)
    assert "Nothing was connected" in again.text
    assert "used" in again.text
    assert audited(house, admin.tenant) == ["connect"]
    assert audited(house, strangers[MemberRole.ADMIN].tenant) == []


@pytest.mark.parametrize("changed", ["", "nonsense", "e30.AAAA", "A" * 999])
def test_a_state_that_is_not_ours_is_refused(admin: Person, changed: str) -> None:
    forms = admin.forms()
    told = {**consented(way(forms)), "state": changed}
    assert "Nothing was connected" in led_back(forms, told).text


def test_a_state_holds_for_a_quarter_of_an_hour(console_app: FastAPI, admin: Person) -> None:
    settings: Settings = console_app.state.settings
    app = apps.of(settings, Channel.GOOGLE_ADS)
    assert app is not None
    address = consent.address(settings, app, admin.tenant, UserId(admin.id))
    [state] = parse_qs(urlsplit(address).query)["state"]
    soon, late = now() + timedelta(minutes=14), now() + timedelta(minutes=16)
    asking = consent.asked_by(settings, admin.tenant, UserId(admin.id), state, soon)
    assert asking.channel is Channel.GOOGLE_ADS
    with pytest.raises(consent.NotConsented, match="quarter of an hour"):
        consent.asked_by(settings, admin.tenant, UserId(admin.id), state, late)


def test_what_does_not_work_any_more_is_connected_again(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = connected(forms)
    before = opened(house, number)
    with records.session(house, Role.PIPELINES) as session:
        connections.mark_broken(session.get_one(Connection, number), ValueError("withdrawn"))
    page = forms.get(f"/connections/{number}").text
    assert "withdrawn" in page
    assert "Has to be connected again" in page
    answer = led_back(forms, consented(way(forms, f"/connections/{number}")))
    assert answer.headers["location"] == f"/connections/{number}?done=connected"
    row = kept(house, number)
    assert (row.status, row.last_error) == (ConnectionStatus.CONNECTED, None)
    assert opened(house, number)["access_token"] != before["access_token"]
    assert audited(house, admin.tenant) == ["connect", "reconnect"]


def test_what_is_switched_off_stays_connected(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = connected(forms)
    assert forms.post_signed(f"/connections/{number}/switch").status_code == 303
    assert kept(house, number).switched_off == ["ads", "conversions", "insights"]
    forms.post_signed(f"/connections/{number}/switch", wanted="insights")
    assert kept(house, number).switched_off == ["ads", "conversions"]
    assert audited(house, admin.tenant) == ["connect", "switch", "switch"]


def test_what_is_disconnected_is_forgotten(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = connected(forms)
    forms.post_signed(f"/connections/{number}/disconnect")
    row = kept(house, number)
    assert (row.credentials_sealed, row.sealed_with, row.status) == (b"", None, ConnectionStatus.DISCONNECTED)
    assert "connect it again" in forms.post_signed(f"/connections/{number}/look").text
    refused = forms.post_signed(f"/connections/{number}/accounts", account="1")
    assert refused.status_code == 409


def test_typed_credentials_are_tried_before_they_are_kept(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    refused = forms.post_signed("/connections/new/meta", access_token="made-up-token")
    assert refused.status_code == 422
    assert "made-up-token" not in refused.text
    assert "connect the account again" in refused.text
    assert audited(house, admin.tenant) == []
    missing = forms.post_signed("/connections/new/meta", access_token=" ")
    assert missing.status_code == 422
    assert "is needed" in missing.text.lower()
    answer = forms.post_signed("/connections/new/meta", access_token=token(Channel.META))
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    assert opened(house, number)["access_token"] == token(Channel.META)
    page = forms.post_signed(f"/connections/{number}/look").text
    assert all(account.name in page for account in accounts_of(Channel.META))


def test_slack_is_connected_by_consent_and_shows_its_rooms(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    address = way(forms, channel=Channel.SLACK)
    scopes = ["channels:history", "channels:read", "chat:write", "groups:history", "groups:read"]
    assert sorted(dict(parse_qsl(urlsplit(address).query))["scope"].split(",")) == scopes
    answer = led_back(forms, consented(address))
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    row = kept(house, number)
    assert (row.channel, row.scopes, row.status) == ("slack", scopes, ConnectionStatus.CONNECTED)
    credentials = opened(house, number)
    assert credentials["refresh_token"]
    page = forms.get(f"/connections/{number}?done=connected").text
    assert "Accounts that are read" not in page
    looked = forms.post_signed(f"/connections/{number}/look").text
    assert all(room.name in looked and room.id in looked for room in places_of(Channel.SLACK))
    assert not any(secret in page + looked for secret in secrets_of(credentials))
    assert "0 accounts" not in forms.get("/connections").text


def test_a_code_that_slack_refuses_connects_nothing(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    told = consented(way(forms, channel=Channel.SLACK))
    page = led_back(forms, {**told, "code": "made-up"})
    assert "Nothing was connected" in page.text
    assert "invalid code" in page.text.lower()
    assert audited(house, admin.tenant) == []


def test_where_no_app_is_registered_a_token_can_be_typed(
    house: Settings, admin: Person, providers: str
) -> None:
    at_the_sandbox = {"slack": {"base_url": SecretStr(endpoint(Channel.SLACK, providers).base_url)}}
    with served(create_app(house.model_copy(update={"channel_apps": at_the_sandbox}))) as address:
        forms = Person(admin.id, admin.email, admin.role, admin.tenant, address).forms()
        assert "Bot User OAuth Token" in forms.get("/connections/new/slack").text
        refused = forms.post_signed("/connections/new/slack", access_token="made-up-token")
        assert refused.status_code == 422
        assert "made-up-token" not in refused.text
        answer = forms.post_signed("/connections/new/slack", access_token=token(Channel.SLACK))
        number = int(re.findall(r"\d+", answer.headers["location"])[0])
    assert opened(house, number) == {"access_token": token(Channel.SLACK)}
    assert audited(house, admin.tenant) == ["connect"]


def test_bitly_is_connected_by_consent_without_an_end_and_shows_its_groups(
    house: Settings, admin: Person
) -> None:
    forms = admin.forms()
    answer = led_back(forms, consented(way(forms, channel=Channel.BITLY)))
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    row = kept(house, number)
    assert (row.channel, row.scopes, row.ends_at) == ("bitly", [], None)
    assert "refresh_token" not in opened(house, number)
    looked = forms.post_signed(f"/connections/{number}/look").text
    assert all(name in looked and guid in looked for guid, name in GROUPS.items())
    assert not any(secret in looked for secret in secrets_of(opened(house, number)))


def test_a_token_of_bitly_that_opens_nothing_is_not_kept(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    refused = forms.post_signed("/connections/new/bitly", access_token="made-up-token")
    assert refused.status_code == 422
    assert "made-up-token" not in refused.text
    answer = forms.post_signed("/connections/new/bitly", access_token=token(Channel.BITLY))
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    assert opened(house, number) == {"access_token": token(Channel.BITLY)}


def test_an_account_for_texts_is_tried_before_it_is_kept(
    house: Settings, admin: Person, providers: str
) -> None:
    at_the_sandbox = {"sms": {"base_url": SecretStr(endpoint(Channel.SMS, providers).base_url)}}
    with served(create_app(house.model_copy(update={"channel_apps": at_the_sandbox}))) as address:
        forms = Person(admin.id, admin.email, admin.role, admin.tenant, address).forms()
        keys = CREDENTIALS[Channel.SMS]
        refused = forms.post_signed("/connections/new/sms", **{**keys, "key_secret": "made-up-secret"})
        assert refused.status_code == 422
        assert "made-up-secret" not in refused.text
        answer = forms.post_signed("/connections/new/sms", **keys)
        assert answer.status_code == 303, answer.text
        number = int(re.findall(r"\d+", answer.headers["location"])[0])
        assert keys["key_secret"] not in forms.get(f"/connections/{number}").text
    assert opened(house, number) == keys


def test_x_keeps_what_was_typed_beside_what_was_consented_to(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    answer = led_back(forms, consented(way(forms, channel=Channel.X)))
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    granted, scopes = opened(house, number), kept(house, number).scopes
    assert granted["refresh_token"]
    assert scopes == ["media.write", "offline.access", "tweet.read", "tweet.write", "users.read"]
    here = f"/connections/{number}"
    looked = forms.post_signed(f"{here}/look").text
    assert [place.id in looked for place in places_of(Channel.X)] == [True]
    assert not any(account.id in looked for account in accounts_of(Channel.X))

    beside = f"/connections/new/x?again={number}"
    assert beside in forms.get(here).text.replace("&amp;", "&")
    assert "API key of the app" in forms.get(beside).text
    keys = {name: CREDENTIALS[Channel.X][name] for name in (ask.name for ask in CONNECTORS[Channel.X].asks)}
    refused = forms.post_signed("/connections/new/x", **{**keys, "ads_token": "made-up"}, again=str(number))
    assert refused.status_code == 422
    assert forms.post_signed("/connections/new/x", **keys, again=str(number)).status_code == 303
    assert opened(house, number) == {**granted, **keys}
    assert kept(house, number).scopes == scopes
    looked = forms.post_signed(f"{here}/look").text
    assert all(it.id in looked for it in (*accounts_of(Channel.X), *places_of(Channel.X)))

    led_back(forms, consented(way(forms, here, Channel.X)))
    both = opened(house, number)
    assert {name: both[name] for name in keys} == keys
    assert both["access_token"] != granted["access_token"]


CMS = {"address": "https://cms.example/hooks/s3cr3t-path", "secret": f"whsec_{'a' * 32}"}


def test_a_web_hook_is_connected_without_sending_anything(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    assert "the first hook does that" in forms.get("/connections/new/cms").text
    answer = forms.post_signed("/connections/new/cms", **CMS)
    assert answer.status_code == 303, "nobody was asked: cms.example does not exist"
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    assert opened(house, number) == CMS
    page = forms.get(f"/connections/{number}?done=connected").text
    assert "it is tested by the first hook that is sent" in page
    assert "Test it" not in page
    looked = forms.post_signed(f"/connections/{number}/look").text
    assert kept(house, number).tested_at is None, "nothing was tested"
    overview = forms.get("/connections").text
    assert not any(value in page + looked + overview for value in CMS.values())
    forms.post_signed(f"/connections/{number}/switch")
    assert kept(house, number).switched_off == ["webhooks"]
    assert audited(house, admin.tenant) == ["connect", "switch"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"address": "http://cms.example/hooks"}, "must start with https://"),
        ({"address": "cms.example"}, "must be an address like"),
        ({"secret": "whsec_short"}, "openssl rand -base64 32"),
        ({"secret": " "}, "is needed"),
    ],
)
def test_a_web_hook_that_cannot_work_is_told_at_its_field(
    house: Settings, admin: Person, wrong: dict[str, str], told: str
) -> None:
    typed = {**CMS, **wrong}
    answer = admin.forms().post_signed("/connections/new/cms", **typed)
    assert answer.status_code == 422
    assert told in answer.text
    [name] = wrong
    assert f'href="#{name}"' in answer.text
    assert typed["address"] in answer.text, "nobody types it twice"
    assert CMS["secret"] not in answer.text
    assert audited(house, admin.tenant) == []


@pytest.mark.parametrize("channel", ["google_ads", "smtp"])
def test_what_nobody_types_has_no_form(admin: Person, channel: str) -> None:
    assert admin.forms().get(f"/connections/new/{channel}").status_code == 404


def test_programs_read_how_channels_stand(house: Settings, people: People) -> None:
    number = connected(people[MemberRole.ADMIN].forms())
    with people[MemberRole.VIEWER].api() as api:
        channels = {each["type"]: each for each in api.get("/connectors").raise_for_status().json()["items"]}
    assert channels["google_ads"]["way"] == "consent"
    assert channels["google_ads"]["authorize_url"] == "", "a viewer connects nothing"
    assert channels["meta"]["way"] == "typed"
    assert channels["smtp"] | {"connections": []} == channels["smtp"]
    [said] = channels["google_ads"]["connections"]
    assert (said["id"], said["status"], said["accounts"]) == (number, "connected", [])
    assert not any(secret in str(channels) for secret in secrets_of(opened(house, number)))


def test_a_program_of_the_same_person_brings_the_code(house: Settings, admin: Person, people: People) -> None:
    with admin.api() as api:
        items = api.get("/connectors").json()["items"]
        asked = {each["type"]: each["authorize_url"] for each in items}["google_ads"]
        told = dict(consented(asked))
        wrong = api.post("/connectors/meta/oauth/callback", json=told)
        assert wrong.status_code == 422
        answer = api.post("/connectors/google_ads/oauth/callback", json=told).raise_for_status().json()
    assert answer["status"] == "connected"
    assert opened(house, answer["id"])["access_token"]


def test_where_no_app_is_registered_the_page_says_what_to_do(house: Settings, admin: Person) -> None:
    with served(create_app(house)) as address:
        page = (
            Person(admin.id, admin.email, admin.role, admin.tenant, address).forms().get("/connections").text
        )
    assert "CHANNEL_APPS" in page
    assert "Connect Google Ads" not in page


def test_where_both_ways_lead_there_both_are_offered(house: Settings, admin: Person, providers: str) -> None:
    registered = apps_at(providers)
    registered["meta"] |= {name: SecretStr(value) for name, value in APP.items()}
    with served(create_app(house.model_copy(update={"channel_apps": registered}))) as address:
        forms = Person(admin.id, admin.email, admin.role, admin.tenant, address).forms()
        page = forms.get("/connections").text
        assert "/meta/authorize?" in page
        assert "type in a token" in page
        form = forms.get("/connections/new/meta")
        assert form.status_code == 200
        assert 'name="access_token"' in form.text
        answer = forms.post_signed("/connections/new/meta", access_token=token(Channel.META))
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    assert opened(house, number)["access_token"] == token(Channel.META)


@pytest.fixture
def at_home(house: Settings, providers: str) -> Iterator[str]:
    """A console that providers lead back to."""
    app = create_app(house.model_copy(update={"channel_apps": apps_at(providers)}))
    with served(app) as address:
        app.state.settings = app.state.settings.model_copy(update={"public_api_host": address})
        yield address


@pytest.mark.browser
def test_an_admin_connects_by_keyboard(at_home: str, admin: Person, browser: Browser) -> None:
    context = browser.new_context(base_url=at_home)
    page = context.new_page()
    page.goto("/connections")
    page.get_by_label("Email").fill(admin.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Connect Google Ads").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Google Ads (sandbox)")).to_be_visible()
    page.get_by_role("button", name="Allow").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Connected. Choose below which accounts are read.")
    page.get_by_role("button", name="Test it, and look for accounts").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Read it (Lindgrün Search Japan)").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Lindgrün Search Japan")).to_contain_text("Is read")
    context.close()


def stripe_secrets(house: Settings, tenant: TenantId) -> list[int | None]:
    """The connections whose secrets the collector takes calls by."""
    with records.session(house, Role.PIPELINES) as session:
        return [row.connection_id for row in hooks.living_secrets(session, tenant)]


def test_stripe_is_connected_by_what_it_signs_with_and_its_page_shows_what_it_told(
    house: Settings, admin: Person
) -> None:
    forms, secret = admin.forms(), f"whsec_{uuid.uuid4().hex}"
    form = forms.get("/connections/new/stripe").text
    assert "the first event does that" in form
    address = f"{house.address(Service.COLLECTOR)}/hooks/stripe"
    assert address in form, "Stripe wants it before it shows what it signs with"
    answer = forms.post_signed("/connections/new/stripe", signing_secret=secret)
    assert answer.status_code == 303, answer.text
    number = int(re.findall(r"\d+", answer.headers["location"])[0])
    assert stripe_secrets(house, admin.tenant) == [number]
    page = forms.get(f"/connections/{number}").text
    assert address in page
    assert "it is tested by the first event that comes" in page
    assert page.count("none yet") == 2
    assert secret not in page

    told(house, number, "invoice.paid", is_live=True)
    told(house, number, "customer.subscription.deleted", is_live=False)
    page = forms.get(f"/connections/{number}").text
    assert (
        page.index("invoice.paid") < page.index("in test mode") < page.index("customer.subscription.deleted")
    )
    assert "none yet" not in page

    forms.post_signed(f"/connections/{number}/switch")
    assert stripe_secrets(house, admin.tenant) == [], "what comes now, Stripe tells again later"
    forms.post_signed(f"/connections/{number}/switch", wanted="billing")
    assert stripe_secrets(house, admin.tenant) == [number]
    rolled = {"signing_secret": secret, "other_secret": f"whsec_{uuid.uuid4().hex}", "again": str(number)}
    assert forms.post_signed("/connections/new/stripe", **rolled).status_code == 303
    assert stripe_secrets(house, admin.tenant) == [number, number]
    forms.post_signed(f"/connections/{number}/disconnect")
    assert stripe_secrets(house, admin.tenant) == []
    assert address in forms.get(f"/connections/{number}").text


@pytest.mark.parametrize(
    ("typed", "field", "why"),
    [
        ({"signing_secret": "sk_live_0123456789abcdefghij"}, "signing_secret", "no key of the API"),
        ({"signing_secret": " "}, "signing_secret", "is needed"),
        ({"signing_secret": CMS["secret"], "other_secret": CMS["secret"]}, "other_secret", "the same"),
    ],
)
def test_what_stripe_does_not_sign_with_is_told_at_its_field(
    house: Settings, admin: Person, typed: dict[str, str], field: str, why: str
) -> None:
    answer = admin.forms().post_signed("/connections/new/stripe", **typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert why in answer.text
    assert audited(house, admin.tenant) == []
    assert stripe_secrets(house, admin.tenant) == []


def test_a_secret_is_of_one_connection_and_nothing_is_kept_of_another(house: Settings, admin: Person) -> None:
    forms, typed = admin.forms(), {"signing_secret": f"whsec_{uuid.uuid4().hex}"}
    assert forms.post_signed("/connections/new/stripe", **typed).status_code == 303
    again = forms.post_signed("/connections/new/stripe", **typed)
    assert again.status_code == 422
    assert "Another connection of stripe has this secret" in again.text
    assert audited(house, admin.tenant) == ["connect"]


def told(house: Settings, number: int, told_as: str, *, is_live: bool) -> None:
    event = NewEvent(
        event_id=f"evt_{uuid.uuid4().hex}", type=told_as, occurred_at=now(), received_at=now(), is_live=is_live,
        raw_hash=bytes(32),
    )  # fmt: skip
    with records.session(house, Role.PIPELINES) as session:
        assert billing_events.keep(session, session.get_one(Connection, number), event)
