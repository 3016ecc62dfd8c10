"""Connections: sealed for one row, opened by nobody else, sealed anew by rotation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text

from store import records
from store.audit import Actor, ActorKind
from store.master_keys import KeptHere
from store.records import connections
from store.records.audit_log import AuditEntry
from store.records.connections import Connection, ConnectionStatus, Unreadable
from store.records.schema import ConnectionId, TenantId
from store.records.sealing_keys import SealingKey
from store.settings import Role, Settings, load
from tests.store.vault import TOKEN, vault

SOMEBODY = Actor(ActorKind.USER, "1")
SECRET = {"access_token": "geheim-ü", "refresh_token": "geheimer"}


@dataclass
class House:
    settings: Settings
    tenant: TenantId

    def connect(self, credentials: dict[str, Any] = SECRET, settings: Settings | None = None) -> ConnectionId:
        with records.session(self.settings, Role.CONSOLE, tenant=self.tenant) as session:
            given = settings or self.settings
            row = connections.connect(session, given, SOMEBODY, self.tenant, "meta", "A grant", credentials)
            return ConnectionId(row.id)

    def opened(self, number: ConnectionId, settings: Settings | None = None) -> dict[str, Any]:
        with records.session(self.settings, Role.PIPELINES) as session:
            return connections.opened(session, settings or self.settings, session.get_one(Connection, number))

    def row(self, number: ConnectionId) -> Connection:
        with records.session(self.settings, Role.PIPELINES) as session:
            return session.get_one(Connection, number)

    def rotate(self, settings: Settings | None = None) -> connections.Rotated:
        with records.session(self.settings, Role.PIPELINES) as session:
            return connections.rotate(session, settings or self.settings, SOMEBODY)

    def sealing_keys(self) -> list[SealingKey]:
        with records.session(self.settings, Role.PIPELINES) as session:
            return list(session.scalars(select(SealingKey).order_by(SealingKey.id)))

    def audited(self, action: str) -> list[dict[str, Any]]:
        with records.session(self.settings, Role.OWNER) as session:
            mine = select(AuditEntry.after).where(
                AuditEntry.tenant_id == self.tenant, AuditEntry.action == action
            )
            return list(session.scalars(mine.order_by(AuditEntry.seq)))

    def with_key(self, **given: Any) -> Settings:
        """The same house under another master key."""
        return load(
            _env_file=None, data_dir=self.settings.data_dir, port_base=self.settings.port_base, **given
        )


@pytest.fixture
def house_of_one(house: Settings, tenant: TenantId) -> Iterator[House]:
    """What other tests have connected is gone, so that a rotation is counted right."""
    with records.session(house, Role.OWNER) as session:
        session.execute(text("delete from connections"))
    yield House(house, tenant)
    with records.session(house, Role.OWNER) as session:
        session.execute(text("delete from connections"))
        session.execute(text("delete from sealing_keys"))


def test_what_was_sealed_opens_again_and_stands_nowhere_in_the_clear(house_of_one: House):
    number = house_of_one.connect()
    assert house_of_one.opened(number) == SECRET
    assert b"geheim" not in house_of_one.row(number).credentials_sealed
    assert house_of_one.audited("connect") == [{"channel": "meta", "scopes": []}]


def test_it_opens_in_no_other_row(house_of_one: House):
    first, second = house_of_one.connect(), house_of_one.connect({"access_token": "another"})
    with records.session(house_of_one.settings, Role.PIPELINES) as session:
        session.get_one(Connection, second).credentials_sealed = house_of_one.row(first).credentials_sealed
    with pytest.raises(Unreadable, match="connect it again"):
        house_of_one.opened(second)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(100)])
def test_it_opens_for_no_forgery(house_of_one: House, sealed: bytes):
    number = house_of_one.connect()
    with records.session(house_of_one.settings, Role.PIPELINES) as session:
        session.get_one(Connection, number).credentials_sealed = sealed
    with pytest.raises(Unreadable):
        house_of_one.opened(number)


def test_it_says_when_a_person_has_to_grant_anew(house_of_one: House):
    year, day = 4_102_444_800, 4_102_358_400
    for_ever = house_of_one.row(house_of_one.connect({**SECRET, "expires_at": day}))
    assert for_ever.ends_at is None
    renewable = house_of_one.row(
        house_of_one.connect({**SECRET, "expires_at": day, "refresh_expires_at": year})
    )
    assert renewable.ends_at == datetime.fromtimestamp(year, UTC)
    for_once = house_of_one.row(house_of_one.connect({"access_token": "x", "expires_at": day}))
    assert for_once.ends_at == datetime.fromtimestamp(day, UTC)


def test_rotation_seals_all_anew_and_drops_the_former_keys(house_of_one: House):
    numbers = [house_of_one.connect({"access_token": f"t{n}"}) for n in range(3)]
    before = {number: house_of_one.row(number).credentials_sealed for number in numbers}
    (former,) = house_of_one.sealing_keys()
    rotated = house_of_one.rotate()
    assert (rotated.resealed, list(rotated.unreadable), rotated.keys_dropped) == (3, [], 1)
    (key,) = house_of_one.sealing_keys()
    assert key.id > former.id
    for n, number in enumerate(numbers):
        assert house_of_one.row(number).credentials_sealed != before[number]
        assert house_of_one.opened(number) == {"access_token": f"t{n}"}
    assert house_of_one.audited("rotate") == [{"connections": 3, "key": key.id}]


def test_rotation_brings_all_under_a_new_master_key(house_of_one: House):
    number = house_of_one.connect()
    old = house_of_one.settings.root_secret.decode()
    alone = house_of_one.with_key(secret_key="x" * 40)
    with pytest.raises(Unreadable, match="FORMER_MASTER_KEYS"):
        house_of_one.opened(number, alone)
    house_of_one.rotate(house_of_one.with_key(secret_key="x" * 40, former_master_keys=old))
    assert [key.master for key in house_of_one.sealing_keys()] == [KeptHere(b"x" * 40).name]
    assert house_of_one.opened(number, alone) == SECRET


def test_rotation_moves_the_master_key_into_vault(house_of_one: House):
    number = house_of_one.connect()
    with vault() as running:
        settings = house_of_one.with_key(vault_addr=running.address, vault_token=TOKEN)
        house_of_one.rotate(settings)
        assert house_of_one.opened(number, settings) == SECRET
        assert [key.master for key in house_of_one.sealing_keys()] == ["vault:transit/marketing-pipelines"]
    with pytest.raises(Unreadable, match="FORMER_MASTER_KEYS"):
        house_of_one.opened(number)


def test_what_does_not_open_is_named_and_stops_no_rotation(house_of_one: House):
    good, bad = house_of_one.connect(), house_of_one.connect()
    with records.session(house_of_one.settings, Role.PIPELINES) as session:
        session.get_one(Connection, bad).credentials_sealed = bytes(50)
    rotated = house_of_one.rotate()
    assert (rotated.resealed, list(rotated.unreadable)) == (1, [bad])
    assert house_of_one.opened(good) == SECRET
    row = house_of_one.row(bad)
    assert row.status is ConnectionStatus.NEEDS_RECONNECT
    assert row.last_error is not None
    assert "connect it again" in row.last_error


def test_a_rotation_that_is_cut_off_has_changed_nothing(house_of_one: House):
    number = house_of_one.connect()
    before = house_of_one.row(number).credentials_sealed
    with records.session(house_of_one.settings, Role.PIPELINES) as session:
        connections.rotate(session, house_of_one.settings, SOMEBODY)
        session.rollback()
    assert house_of_one.row(number).credentials_sealed == before
    assert len(house_of_one.sealing_keys()) == 1
    assert house_of_one.opened(number) == SECRET


def test_who_is_disconnected_holds_nothing_any_more(house_of_one: House):
    number = house_of_one.connect()
    with records.session(house_of_one.settings, Role.CONSOLE, tenant=house_of_one.tenant) as session:
        row = connections.named(session, house_of_one.tenant, number)
        assert row is not None
        connections.disconnect(session, SOMEBODY, row)
    row = house_of_one.row(number)
    assert (row.status, row.credentials_sealed, row.sealed_with) == (ConnectionStatus.DISCONNECTED, b"", None)
    with pytest.raises(Unreadable, match="holds no credentials"):
        house_of_one.opened(number)
    assert house_of_one.rotate().resealed == 0


def test_the_edge_and_the_watch_read_no_credentials(house_of_one: House):
    house_of_one.connect()
    for role in (Role.EDGE, Role.WATCH, Role.DIMENSIONS):
        for query in (
            select(func.count(Connection.credentials_sealed)),
            select(func.count(SealingKey.wrapped)),
        ):
            with (
                pytest.raises(Exception, match="permission denied"),
                records.session(house_of_one.settings, role) as session,
            ):
                session.scalar(query)
