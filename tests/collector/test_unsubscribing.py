"""Leaving: one press and no question, also while Postgres is away; and nobody leaves by being looked at."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import records, unsubscribe_tokens
from store.records import contacts
from store.records.contacts import Contact
from store.records.schema import ContactId, TenantId
from store.settings import Role, Service, Settings
from store.unsubscribe_tokens import LENGTH, Leaving, NotAToken, read, token
from tests.collector.conftest import Collector, Site, environment, running_collector
from tests.collector.relay import relay_to
from tests.conftest import wait_until

KEY = b"k" * 32
numbers = st.integers(0, 2**63 - 1)


@given(numbers, numbers, numbers)
def test_a_token_says_who_leaves(tenant: int, contact: int, action: int) -> None:
    leaving = Leaving(TenantId(tenant), ContactId(contact), action)
    made = token(KEY, leaving)
    assert len(made) == LENGTH
    assert read(KEY, made) == leaving


@given(st.integers(0, LENGTH - 1), st.characters(codec="ascii"))
def test_a_token_that_was_touched_is_none(place: int, other: str) -> None:
    made = token(KEY, Leaving(TenantId(7), ContactId(8), 9))
    touched = made[:place] + other + made[place + 1 :]
    if touched != made:
        try:
            # The last letter carries two bits that stand for nothing.
            assert place == LENGTH - 1
            assert read(KEY, touched) == Leaving(TenantId(7), ContactId(8), 9)
        except (NotAToken, AssertionError):
            with pytest.raises(NotAToken):
                read(KEY, touched)


@pytest.mark.parametrize("shown", ["", "x" * LENGTH, "ä" * LENGTH, "x" * 10_000, "/" * LENGTH])
def test_noise_is_no_token(shown: str) -> None:
    with pytest.raises(NotAToken):
        read(KEY, shown)


def test_another_key_made_no_token_of_ours() -> None:
    with pytest.raises(NotAToken):
        read(b"l" * 32, token(KEY, Leaving(TenantId(7), ContactId(8))))


def reader(settings: Settings, site: Site, name: str) -> tuple[ContactId, str]:
    """A contact and the token that stands in its mail."""
    with records.session(settings, Role.OWNER) as session:
        contact = ContactId(contacts.ensure(session, site.tenant, f"{name}@{site.slug}.example").id)
    key = settings.derived(unsubscribe_tokens.PURPOSE)
    return contact, token(key, Leaving(site.tenant, contact, 5))


def has_left(settings: Settings, contact: ContactId) -> bool:
    with records.session(settings, Role.OWNER) as session:
        return session.get_one(Contact, contact).unsubscribed_at is not None


def test_looking_changes_nothing_and_one_press_ends_it(
    collector: Collector, settings: Settings, site: Site
) -> None:
    contact, shown = reader(settings, site, "ann")
    for look in (collector.http.get(f"/u/{shown}"), collector.http.get(f"/u/{shown}")):
        assert (look.status_code, look.headers["cache-control"]) == (200, "private, no-store")
        assert '<form method="post">' in look.text
        assert "set-cookie" not in look.headers
        assert "form-action 'self'" in look.headers["content-security-policy"]
    assert collector.http.head(f"/u/{shown}").status_code == 200
    pressed = collector.http.post(
        f"/u/{shown}", content=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"}, follow_redirects=False,
    )  # fmt: skip
    assert pressed.status_code == 200
    assert "You are unsubscribed" in pressed.text
    wait_until("the end of marketing", lambda: has_left(settings, contact), 20)
    assert collector.http.post(f"/u/{shown}").status_code == 200
    assert collector.metric('collector_unsubscribes_total{outcome="shown"}') == 3


def test_only_those_who_press_have_left(collector: Collector, settings: Settings, site: Site) -> None:
    """The second press is applied after everything that came before it."""
    looked, only_looked = reader(settings, site, "bob")
    pressed, by_press = reader(settings, site, "cat")
    collector.http.get(f"/u/{only_looked}")
    collector.http.post(f"/u/{by_press}")
    wait_until("the one who pressed", lambda: has_left(settings, pressed), 20)
    assert not has_left(settings, looked)


def test_a_broken_token_says_so(collector: Collector, settings: Settings, site: Site) -> None:
    contact, shown = reader(settings, site, "dan")
    for broken in (shown[:-3], shown[:-5] + "AAAAA", "x", "../../etc/passwd", "%00"):
        for answer in (collector.http.get(f"/u/{broken}"), collector.http.post(f"/u/{broken}")):
            assert answer.status_code == 404
    assert not has_left(settings, contact)
    assert collector.http.put(f"/u/{shown}").status_code == 405


def test_leaving_while_postgres_is_away_is_applied_when_it_is_back(
    settings: Settings, site: Site, tmp_path: Path
) -> None:
    contact, shown = reader(settings, site, "eve")
    port = settings.port(Service.POSTGRES)
    with relay_to(port) as wire:
        given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug)
        given["DATABASE_URL"] = given["DATABASE_URL"].replace(f":{port}/", f":{wire.port}/")
        with running_collector(given) as collector:
            wire.cut()
            assert collector.http.post(f"/u/{shown}").status_code == 200
            event = collector.collect({"event": "lead"}).json()["results"][0]
            assert event["status"] == "ok"
            wait_until(
                "ClickHouse to be loaded all the same",
                lambda: collector.metric('collector_shipped_rows_total{sink="events"}') >= 1,
                30,
            )
            assert not has_left(settings, contact)
            wire.mend()
            wait_until("the end of marketing", lambda: has_left(settings, contact), 60)
