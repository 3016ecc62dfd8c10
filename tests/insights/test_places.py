"""How posts do, read from the sandbox over real HTTP, kept by the day, and seen by Dagster."""

from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import update

from connectors.face import Capability, Channel
from connectors.publishing import Network
from connectors.retries import Patience
from connectors.sandbox.places import PLACES
from marketing_pipelines.defs.insights import automation
from marketing_pipelines.defs.insights.posts import POSTS
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.insights import places
from marketing_pipelines.insights.places import PlaceRead
from store import events, records
from store.records.connections import Connection, ConnectionStatus
from store.records.places import Place
from store.settings import Role
from tests.days import today
from tests.insights.advertiser import CARRIED_BY, Advertiser

NETWORKS = (
    Network.FACEBOOK,
    Network.INSTAGRAM,
    Network.LINKEDIN,
    Network.TIKTOK,
    Network.REDDIT,
    Network.YOUTUBE,
    Network.X,
    Network.BUFFER,
)
CHANNELS = CARRIED_BY
PLACE = {network: next(place.id for place in PLACES if place.network is network) for network in NETWORKS}
STORED = """
select * except (run_id, fetched_at)
from raw.posts
where tenant_id = {tenant:Int64}
order by date_day, network, place_id, post_id
"""


def read(advertiser: Advertiser, channel: Channel, at: datetime | None = None) -> list[PlaceRead]:
    patience = Patience(attempts=2, sleep=advertiser.sandbox.waits.append)
    every = places.read_places(advertiser.settings, channel, run_id="test", at=at, patience=patience)
    return [each for each in every if each.tenant_id == advertiser.tenant]


def stored(advertiser: Advertiser) -> list[dict[str, Any]]:
    return events.read_for_tenant(advertiser.clickhouse, advertiser.tenant, STORED).to_dicts()


@pytest.mark.parametrize("network", NETWORKS)
def test_every_post_of_a_place_is_kept_beside_the_place_itself(
    advertiser: Advertiser, network: Network
) -> None:
    advertiser.publish_to(network, PLACE[network])
    [told] = read(advertiser, CHANNELS[network])
    assert (told.network, told.error) == (network, None)
    of_place, *posts = stored(advertiser)
    assert (of_place["post_id"], of_place["followers"]) == ("", told.followers)
    assert len(posts) == told.posts > 0
    assert {row["date_day"] for row in posts} == {today()}
    assert all(row["post_id"] and row["raw_hash"] and row["published_at"] for row in posts)
    assert sum(row["reactions"] or 0 for row in posts) > 0


def test_a_day_keeps_its_last_reading_and_the_next_one_stands_beside_it(advertiser: Advertiser) -> None:
    advertiser.publish_to(Network.LINKEDIN, PLACE[Network.LINKEDIN])
    read(advertiser, Channel.LINKEDIN)
    first = stored(advertiser)
    read(advertiser, Channel.LINKEDIN)
    assert stored(advertiser) == first, "nothing has happened since"
    tomorrow = advertiser.sandbox.now + timedelta(days=1)
    advertiser.sandbox.now = tomorrow
    read(advertiser, Channel.LINKEDIN, tomorrow)
    both = stored(advertiser)
    assert both[: len(first)] == first, "a day that is over stays as it was read"
    assert {row["date_day"] for row in both} == {today(), today() + timedelta(days=1)}


def test_a_place_that_fails_keeps_what_was_read_and_stops_no_other(advertiser: Advertiser) -> None:
    advertiser.publish_to(Network.FACEBOOK, PLACE[Network.FACEBOOK])
    read(advertiser, Channel.META)
    before = stored(advertiser)
    advertiser.publish_to(Network.INSTAGRAM, "17841499999999999")
    good, bad = read(advertiser, Channel.META)
    assert (good.error, bool(bad.error), bad.posts) == (None, True, 0)
    assert stored(advertiser) == before


def test_a_grant_that_was_taken_back_is_the_connections_trouble(advertiser: Advertiser) -> None:
    number = advertiser.publish_to(
        Network.FACEBOOK, PLACE[Network.FACEBOOK], secrets={"access_token": "stale"}
    )
    [told] = read(advertiser, Channel.META)
    assert told.error
    assert "stale" not in told.error
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        assert session.get_one(Connection, number).status is ConnectionStatus.NEEDS_RECONNECT


@pytest.mark.parametrize("why", ["left", "switched off", "disconnected"])
def test_what_nobody_wants_read_is_not_read(advertiser: Advertiser, why: str) -> None:
    number = advertiser.publish_to(Network.FACEBOOK, PLACE[Network.FACEBOOK])
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        match why:
            case "left":
                mine = update(Place).where(Place.tenant_id == advertiser.tenant)
                session.execute(mine.values(left_at=advertiser.sandbox.now))
            case "switched off":
                session.get_one(Connection, number).switched_off = [Capability.INSIGHTS]
            case _:
                session.get_one(Connection, number).status = ConnectionStatus.DISCONNECTED
    asked = advertiser.sandbox.requests(Channel.META)
    assert read(advertiser, Channel.META) == []
    assert advertiser.sandbox.requests(Channel.META) == asked


@pytest.mark.usefixtures("house_of_runs")
def test_dagster_shows_each_place_and_warns_of_those_that_fail(advertiser: Advertiser) -> None:
    advertiser.publish_to(Network.FACEBOOK, PLACE[Network.FACEBOOK])
    advertiser.publish_to(Network.INSTAGRAM, "17841499999999999")
    [meta] = [asset for asset in POSTS if asset.key.path[-1] == "meta"]
    done = dg.materialize([meta], resources={"house": SettingsResource()})
    [made] = done.asset_materializations_for_node("posts__meta")
    assert (made.metadata["places_ok"].value, made.metadata["places_failing"].value) == (1, 1)
    assert f"Place {PLACE[Network.FACEBOOK]}" in str(made.metadata["places"].value)
    [check] = done.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("every_place_was_read", False)


def test_both_are_looked_at_four_times_a_day_and_last_before_midnight() -> None:
    for schedule in (automation.posts_four_times_a_day, automation.ads_four_times_a_day):
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        minute, hours, *_ = str(schedule.cron_schedule).split()
        assert (len(hours.split(",")), hours.split(",")[-1], int(minute) <= 30) == (4, "23", True)
