"""What the settings name is connected for the default tenant, once, and stays as people have left it."""

from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from connectors.face import Channel
from marketing_pipelines.connections import of_the_house
from marketing_pipelines.defs.connections import automation
from store import records
from store.records import connections
from store.records.connections import Connection, ConnectionStatus
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.insights.advertiser import SOMEBODY, Advertiser


def named(advertiser: Advertiser, buffer: str = "", bitly: str = "") -> Settings:
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        slug = session.get_one(Tenant, advertiser.tenant).slug
    tokens = {"buffer_token": SecretStr(buffer), "bitly_token": SecretStr(bitly)}
    given: dict[str, Any] = {**tokens, "default_tenant": slug}
    return advertiser.settings.model_copy(update=given)


def rows(advertiser: Advertiser) -> list[Connection]:
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        return connections.listed(session, advertiser.tenant)


def opened(advertiser: Advertiser, row: Connection) -> dict[str, Any]:
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        return connections.opened(session, advertiser.settings, row)


def test_a_token_is_connected_once_and_sealed(advertiser: Advertiser) -> None:
    settings = named(advertiser, "a-token")
    told = [of_the_house.keep_up(settings) for _ in range(3)]
    [row] = rows(advertiser)
    assert (row.channel, row.name, row.status) == (Channel.BUFFER, "Buffer", ConnectionStatus.CONNECTED)
    assert opened(advertiser, row) == {"access_token": "a-token"}
    assert of_the_house.keeps(row)
    assert told[0].startswith("Buffer is connected for ")
    assert told[1:] == ["Buffer is connected."] * 2
    assert "a-token" not in " ".join(told) + str(row.options)


def test_another_token_takes_its_place(advertiser: Advertiser) -> None:
    of_the_house.keep_up(named(advertiser, "a-token"))
    [row] = rows(advertiser)
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        connections.mark_broken(session.get_one(Connection, row.id), ValueError("taken back"))
    of_the_house.keep_up(named(advertiser, "a-token"))
    [broken] = rows(advertiser)
    assert broken.status is ConnectionStatus.NEEDS_RECONNECT
    of_the_house.keep_up(named(advertiser, "another-token"))
    [row] = rows(advertiser)
    assert (row.status, row.last_error) == (ConnectionStatus.CONNECTED, None)
    assert opened(advertiser, row) == {"access_token": "another-token"}


def test_what_somebody_has_disconnected_stays_so(advertiser: Advertiser) -> None:
    settings = named(advertiser, "a-token")
    of_the_house.keep_up(settings)
    [row] = rows(advertiser)
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        connections.disconnect(session, SOMEBODY, session.get_one(Connection, row.id))
    assert of_the_house.keep_up(settings) == "Somebody has disconnected Buffer, and it stays so."
    [row] = rows(advertiser)
    assert row.status is ConnectionStatus.DISCONNECTED
    assert not of_the_house.keeps(row)


def test_what_people_connect_stands_beside_it(advertiser: Advertiser) -> None:
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        theirs = connections.connect(
            session,
            advertiser.settings,
            SOMEBODY,
            advertiser.tenant,
            Channel.BUFFER,
            "Mine",
            {"access_token": "theirs"},
        )
    of_the_house.keep_up(named(advertiser, "a-token"))
    first, second = rows(advertiser)
    assert (first.id, opened(advertiser, first)) == (theirs.id, {"access_token": "theirs"})
    assert not of_the_house.keeps(first)
    assert of_the_house.keeps(second)


def test_each_channel_is_connected_by_its_own_token(advertiser: Advertiser) -> None:
    settings = named(advertiser, buffer="a-token", bitly="another-token")
    told = of_the_house.keep_up(settings)
    assert "Bitly is connected for" in told
    assert "Buffer is connected for" in told
    held = {row.channel: opened(advertiser, row)["access_token"] for row in rows(advertiser)}
    assert held == {Channel.BUFFER: "a-token", Channel.BITLY: "another-token"}
    of_the_house.keep_up(settings)
    assert len(rows(advertiser)) == 2


@pytest.mark.parametrize("slug", ["", "nobody-of-that-name"])
def test_without_a_tenant_it_waits(advertiser: Advertiser, slug: str) -> None:
    settings = named(advertiser, "a-token").model_copy(update={"default_tenant": slug})
    assert "DEFAULT_TENANT" in of_the_house.keep_up(settings)
    assert rows(advertiser) == []


def test_without_a_token_nothing_is_connected(advertiser: Advertiser) -> None:
    of_the_house.keep_up(named(advertiser, ""))
    assert rows(advertiser) == []


def test_a_sensor_looks_after_it_and_asks_for_no_run() -> None:
    sensor = automation.house_connections
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 60
