"""Places: the pages, profiles and rooms that are published to, chosen from what the provider names."""

import re

import pytest
from sqlalchemy import select

from connectors.face import Channel
from connectors.sandbox.places import places_of
from connectors.sandbox.world import accounts_of
from store import records
from store.records.accounts import AdAccount
from store.records.audit_log import AuditEntry
from store.records.people import MemberRole
from store.records.places import Place
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.connections.test_connections import connected
from tests.console.providers import token
from tests.console.visitors import Forms, Person

FIRST = places_of(Channel.META)[0]
NAMED = {"network": FIRST.network.value, "place": FIRST.id}


def meta(forms: Forms) -> int:
    answer = forms.post_signed("/connections/new/meta", access_token=token(Channel.META))
    return int(re.findall(r"\d+", answer.headers["location"])[0])


def published_to(house: Settings, tenant: TenantId) -> list[tuple[str, str, bool]]:
    with records.session(house, Role.PIPELINES) as session:
        rows = session.scalars(select(Place).where(Place.tenant_id == tenant).order_by(Place.id))
        return [(row.network, row.place_id, row.left_at is None) for row in rows]


def test_places_are_found_chosen_left_and_chosen_again(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = meta(forms)
    looked = forms.post_signed(f"/connections/{number}/look").text
    assert all(place.name in looked and place.id in looked for place in places_of(Channel.META))
    assert forms.post_signed(f"/connections/{number}/places", **NAMED).status_code == 303
    assert published_to(house, admin.tenant) == [("facebook", FIRST.id, True)]
    assert "is published to" in forms.post_signed(f"/connections/{number}/look").text
    with admin.api() as api:
        [listed] = [each for each in api.get("/connectors").json()["items"] if each["type"] == "meta"]
    assert listed["connections"][0]["places"] == [
        {"network": "facebook", "place_id": FIRST.id, "name": FIRST.name}
    ]
    offered = forms.get("/actions/new/social_post").text
    assert f'<option value="{FIRST.id}">Facebook: {FIRST.name}</option>' in offered
    assert forms.post_signed(f"/connections/{number}/places/leave", **NAMED).status_code == 303
    assert published_to(house, admin.tenant) == [("facebook", FIRST.id, False)]
    assert FIRST.id not in forms.get("/actions/new/social_post").text
    forms.post_signed(f"/connections/{number}/places", **NAMED)
    assert published_to(house, admin.tenant) == [("facebook", FIRST.id, True)]
    with records.session(house, Role.OWNER) as session:
        told = select(AuditEntry.action).where(
            AuditEntry.tenant_id == admin.tenant, AuditEntry.entity == "place"
        )
        assert list(session.scalars(told.order_by(AuditEntry.seq))) == ["choose", "leave", "choose"]


@pytest.mark.parametrize(
    "said",
    [
        {"network": "facebook", "place": "4711"},
        {"network": "linkedin", "place": FIRST.id},
        {"network": "myspace", "place": FIRST.id},
        {"network": "facebook", "place": "<script>"},
        {"network": "", "place": ""},
    ],
)
def test_only_what_the_provider_names_can_be_published_to(
    house: Settings, admin: Person, said: dict[str, str]
) -> None:
    forms = admin.forms()
    number = meta(forms)
    refused = forms.post_signed(f"/connections/{number}/places", **said)
    assert refused.status_code == 422
    assert "<script>" not in refused.text
    assert published_to(house, admin.tenant) == []


def test_others_connections_are_nothing_here(admin: Person, strangers: dict[MemberRole, Person]) -> None:
    number = meta(admin.forms())
    theirs = strangers[MemberRole.ADMIN].forms()
    assert theirs.post_signed(f"/connections/{number}/places", **NAMED).status_code == 404
    assert theirs.post_signed(f"/connections/{number}/places/leave", **NAMED).status_code == 404


def test_what_is_disconnected_publishes_nowhere(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = meta(forms)
    forms.post_signed(f"/connections/{number}/disconnect")
    assert forms.post_signed(f"/connections/{number}/places", **NAMED).status_code == 409
    assert published_to(house, admin.tenant) == []


def test_what_an_account_reckons_in_is_the_providers_word(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    number = connected(forms)
    account = next(each for each in accounts_of(Channel.GOOGLE_ADS) if each.currency == "JPY")
    forms.post_signed(f"/connections/{number}/accounts", account=account.id, name="Ours", currency="EUR")
    with records.session(house, Role.PIPELINES) as session:
        row = session.scalars(select(AdAccount).where(AdAccount.tenant_id == admin.tenant)).one()
    assert (row.currency, row.time_zone) == ("JPY", account.time_zone)
    assert (
        f'<option value="{account.id}">Google ads: Ours JPY</option>'
        in forms.get("/actions/new/ad_change").text
    )
