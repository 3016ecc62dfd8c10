"""Seeding against the real stores: everything is there, a second time adds nothing."""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from cli.demo import past_news, people, seed, shop
from cli.demo.news.outlets import OUTLETS
from connectors import sandbox
from marketing_pipelines.trends import scoring
from marketing_pipelines.trends.velocity import Label
from store import events, records, secrets
from store.records import actions, audit_log, connections
from store.records.accounts import AdAccount
from store.records.action_states import State
from store.records.actions import Action
from store.records.collector_keys import CollectorKey, KeyKind
from store.records.connections import Connection
from store.records.feeds import Feed
from store.records.links import Link
from store.records.people import MemberRole, role_in, user_with
from store.records.schema import UserId
from store.records.tenants import Tenant, by_slug
from store.settings import Environment, Role, Service, Settings, SettingsError

WAREHOUSE = """
select
    (select count() from raw.events where tenant_id = {tenant:Int64}) as events,
    (select uniqExact(event_id) from raw.events where tenant_id = {tenant:Int64}) as event_ids,
    (select uniqExact(toDate(received_at)) from raw.events where tenant_id = {tenant:Int64}) as days,
    (select count() from raw.feed_entries where tenant_id = {tenant:Int64}) as entries,
    (select uniqExact(feed_id, entry_id) from raw.feed_entries where tenant_id = {tenant:Int64}) as entry_ids,
    (select uniqExact(feed_id) from raw.feed_entries where tenant_id = {tenant:Int64}) as feeds,
    (select count() from raw.story_members where tenant_id = {tenant:Int64}) as members,
    (select uniqExact(feed_id, entry_id) from raw.story_members where tenant_id = {tenant:Int64}) as assigned,
    (select count() from raw.feed_readings where tenant_id = {tenant:Int64}) as readings
"""

DELAYS = """
select
    published_at,
    dateDiff('second', published_at, first_seen_at) as seconds
from raw.feed_entries
where tenant_id = {tenant:Int64}
"""
OUTCOMES = """
select
    feed_id,
    read_at,
    toString(outcome) as outcome
from raw.feed_readings
where tenant_id = {tenant:Int64}
order by read_at
"""


@pytest.fixture(scope="module")
def seeded(demo_house: Settings) -> Settings:
    assert not seed.is_complete(demo_house)
    seed.seed(demo_house)
    return demo_house


def the_tenant(house: Settings) -> Tenant:
    with records.session(house, Role.PIPELINES) as session:
        found = by_slug(session, shop.TENANT)
    assert found
    return found


def in_postgres(house: Settings) -> dict[str, int]:
    """How many rows each table has."""
    with records.session(house, Role.OWNER) as session:
        return {
            table.name: session.execute(text(f"select count(*) from {table.name}")).scalar_one()
            for table in records.Record.metadata.sorted_tables
        }


def in_clickhouse(house: Settings) -> dict[str, Any]:
    with events.connect(house) as client:
        return events.read_for_tenant(client, the_tenant(house).id, WAREHOUSE).row(0, named=True)


def test_thirty_days_are_in_the_warehouse(seeded: Settings) -> None:
    found = in_clickhouse(seeded)
    assert found["events"] > 15_000
    assert found["event_ids"] == found["events"]
    assert found["days"] >= 30
    assert found["feeds"] == len(OUTLETS)
    assert found["entries"] == found["entry_ids"] == found["assigned"] > 1_500
    assert found["readings"] == len(OUTLETS) * len(
        list(past_news.reading_times(the_tenant(seeded).created_at))
    )
    assert seed.is_complete(seeded)


def test_a_second_time_adds_nothing(seeded: Settings) -> None:
    rows, facts = in_postgres(seeded), in_clickhouse(seeded)
    seed.seed(seeded)
    assert in_postgres(seeded) == rows
    assert in_clickhouse(seeded) == facts


def test_a_reading_that_was_interrupted_is_brought_once(seeded: Settings) -> None:
    """Whatever of it was there already: its entries, their stories, or all but the note that it was read."""
    tenant, facts = the_tenant(seeded), in_clickhouse(seeded)
    published = past_news.published(seeded, tenant.id, tenant.created_at)
    readings = list(past_news.readings(published, tenant.created_at))
    with events.connect(seeded) as client:
        for reading in (readings[0], readings[-2], readings[-1]):
            past_news.bring(seeded, client, tenant.id, reading)
    assert in_clickhouse(seeded) == facts


def test_entries_were_seen_soon_after_they_were_published(seeded: Settings) -> None:
    with events.connect(seeded) as client:
        found = events.read_for_tenant(client, the_tenant(seeded).id, DELAYS)
    assert found["seconds"].is_between(0, 48 * 3600).all()
    often_since = the_tenant(seeded).created_at - past_news.READ_OFTEN_FOR
    recent = [seconds for at, seconds in found.iter_rows() if at > often_since]
    assert len(recent) > 500
    assert max(recent) <= 12 * 3600


def test_the_feed_that_fails_now_and_then_was_busy_and_recovered(seeded: Settings) -> None:
    with events.connect(seeded) as client:
        found = events.read_for_tenant(client, the_tenant(seeded).id, OUTCOMES)
    (failing,) = (outlet.name for outlet in OUTLETS if outlet.fails_at is not None)
    with records.session(seeded, Role.PIPELINES) as session:
        names = {feed.id: feed.name for feed in session.scalars(select(Feed))}
    busy = found.filter(outcome="busy")
    assert {names[feed] for feed in busy["feed_id"]} == {failing}
    assert len(busy) >= 12
    # The last reading was in the middle of an hour, maybe of the same one.
    of_it = found.filter(feed_id=busy["feed_id"][0]).head(-1)
    after = of_it["outcome"].shift(-1).filter(of_it["outcome"] == "busy").drop_nulls()
    assert set(after) <= {"read", "unchanged"}


def test_scores_of_past_days_can_be_replayed(seeded: Settings) -> None:
    created_at = the_tenant(seeded).created_at
    labels = Counter[str]()
    with events.connect(seeded) as client:
        for days in range(1, 9):
            day = (created_at - timedelta(days=days)).date()
            moment = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
            scores = scoring.score_as_of(client, moment).filter(tenant_id=the_tenant(seeded).id)
            labels.update(scores["label"])
    assert set(labels) == set(Label)


def test_the_five_roles_can_sign_in(seeded: Settings) -> None:
    tenant = the_tenant(seeded).id
    shown = seed.log_ins(seeded)
    assert list(shown) == ["admin", "marketer", "approver", "analyst", "viewer"]
    with records.session(seeded, Role.OWNER) as session:
        for role, log_in in shown.items():
            user = user_with(session, log_in["email"], log_in["password"])
            assert user
            assert role_in(session, UserId(user.id), tenant) == MemberRole(role)


def test_the_keys_are_those_that_are_shown(seeded: Settings) -> None:
    shown = seed.keys(seeded)
    with records.session(seeded, Role.EDGE) as session:
        keys = {key.kind: key for key in session.scalars(select(CollectorKey))}
    assert keys[KeyKind.BROWSER].public_key == shown["browser_key"]
    assert seeded.address(Service.DEMO_SITE) in keys[KeyKind.BROWSER].origins
    server = keys[KeyKind.SERVER]
    assert server.public_key == shown["server_key"]
    assert server.secret_sealed
    opened = secrets.decrypt(
        seeded.derived("collector-keys"), server.secret_sealed, bound_to=server.public_key
    )
    assert opened == shown["server_secret"]


def test_the_ad_accounts_open_the_sandbox(seeded: Settings) -> None:
    with records.session(seeded, Role.PIPELINES) as session:
        accounts = list(session.scalars(select(AdAccount)))
        assert {account.account_id for account in accounts} == {each.id for each in shop.AD_ACCOUNTS}
        for account in accounts:
            connection = session.get_one(Connection, account.connection_id)
            channel = next(each.channel for each in shop.AD_ACCOUNTS if each.id == account.account_id)
            assert account.channel == connection.channel == channel
            assert connections.opened(session, seeded, connection) == sandbox.CREDENTIALS[channel]
            assert connection.options == asdict(sandbox.endpoint(channel, seeded.address(Service.SANDBOX)))


def test_two_mails_wait_for_a_person_and_none_is_approved(seeded: Settings) -> None:
    tenant = the_tenant(seeded).id
    with records.session(seeded, Role.PIPELINES) as session:
        found = list(session.scalars(select(Action).order_by(Action.id)))
        assert sorted(action.state for action in found) == [State.DRAFT] * 2 + [State.PENDING_APPROVAL] * 2
        for action in found:
            version = actions.current_version(session, action)
            assert (version is not None) == (action.state is State.PENDING_APPROVAL)
            if version:
                assert version.manifest["connection"] == f"127.0.0.1:{seeded.port(Service.DEMO_SMTP)}"
                assert (
                    len(actions.frozen_audience(session, action))
                    == version.manifest["recipients"]["count"]
                    > 0
                )
        assert audit_log.verify(session, tenant) is None


def test_moved_ports_are_followed(seeded: Settings) -> None:
    moved = seeded.model_copy(update={"public_collector_host": "http://t.example"})
    elsewhere = moved.model_copy(update={"port_base": seeded.port_base + 1000})
    # The engines stay where they are; only what the demo points at moves.
    stores = {
        "database_url": seeded.database_url,
        "clickhouse_url": type(seeded.secret_key)(seeded.clickhouse_address()),
    }
    elsewhere = elsewhere.model_copy(update=stores)
    assert not seed.is_complete(elsewhere)
    rows, facts = in_postgres(seeded), in_clickhouse(seeded)
    seed.seed(elsewhere)
    assert seed.is_complete(elsewhere)
    assert in_postgres(seeded) == rows
    assert in_clickhouse(seeded) == facts
    site = elsewhere.address(Service.DEMO_SITE)
    with records.session(seeded, Role.PIPELINES) as session:
        assert all(link.target_url.startswith(f"{site}/") for link in session.scalars(select(Link)))
        assert all(feed.url.startswith(f"{site}/feeds/") for feed in session.scalars(select(Feed)))
    seed.seed(seeded)
    assert seed.is_complete(seeded)


def test_production_has_no_demo(seeded: Settings) -> None:
    production = seeded.model_copy(update={"environment": Environment.PRODUCTION})
    for refused in (seed.seed, seed.log_ins, seed.keys):
        with pytest.raises(SettingsError, match="production"):
            refused(production)


def test_passwords_follow_from_the_installation(seeded: Settings) -> None:
    other = seeded.model_copy(update={"secret_key": type(seeded.secret_key)("another root")})
    assert people.password(other, MemberRole.ADMIN) != people.password(seeded, MemberRole.ADMIN)
