"""Seeding that is killed again and again: what is there in the end is there once."""

import subprocess
import sys
from typing import Any

import pytest

from cli.demo import shop
from store import events, records
from store.records.tenants import by_slug
from store.settings import Role, Settings
from tests.conftest import environment_of, wait_until

SEED = "from cli.demo import seed; from store import settings; seed.seed(settings.current())"
KILLS = 5
WAREHOUSE = """
select
    (select count() from raw.events where tenant_id = {tenant:Int64}) as events,
    (select uniqExact(event_id) from raw.events where tenant_id = {tenant:Int64}) as event_ids,
    (select count() from raw.feed_entries where tenant_id = {tenant:Int64}) as entries,
    (select uniqExact(feed_id, entry_id) from raw.feed_entries where tenant_id = {tenant:Int64}) as entry_ids,
    (select count() from raw.story_members where tenant_id = {tenant:Int64}) as members,
    (select uniqExact(feed_id, entry_id) from raw.story_members where tenant_id = {tenant:Int64}) as assigned,
    (select count() from raw.feed_readings where tenant_id = {tenant:Int64}) as readings,
    (select uniqExact(feed_id, read_at) from raw.feed_readings where tenant_id = {tenant:Int64}) as read
"""


@pytest.mark.faults
def test_a_killed_seed_goes_on_where_it_was(demo_house: Settings) -> None:
    assert demo_house.database_url
    environment = environment_of(demo_house) | {"DATABASE_URL": demo_house.database_url.get_secret_value()}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", SEED], env=environment)

    for kill in range(KILLS):
        reached = kill * 400 + 100
        seeding = start()
        wait_until(
            f"{reached} entries", lambda reached=reached: found(demo_house).get("entries", 0) > reached
        )
        seeding.kill()
        assert seeding.wait() < 0, "it was done before it was killed"
    assert start().wait() == 0
    there = found(demo_house)
    assert there["entries"] > KILLS * 400
    assert there["events"] == there["event_ids"]
    assert there["entries"] == there["entry_ids"] == there["members"] == there["assigned"]
    assert there["readings"] == there["read"]


def found(house: Settings) -> dict[str, Any]:
    with records.session(house, Role.PIPELINES) as session:
        tenant = by_slug(session, shop.TENANT)
    if tenant is None:
        return {}
    with events.connect(house) as client:
        return events.read_for_tenant(client, tenant.id, WAREHOUSE).row(0, named=True)
