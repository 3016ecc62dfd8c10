"""Clicks on links of another house stand in a mart of their own, with the campaign that their targets name."""

from datetime import timedelta
from typing import Any

import pytest

from store import events
from store.settings import Settings
from tests.warehouse.conftest import FIRST, World, at, dbt, found, make_world, put

pytestmark = pytest.mark.timeout(300)

MODELS = ("stg_campaigns", "stg_link_clicks", "outside_link_daily")
DAY = timedelta(days=1)


def followed(world: World, days: int, link: str, clicks: int, query: str, **given: Any) -> dict[str, Any]:
    day = FIRST + days * DAY
    return {
        "tenant_id": world.tenant,
        "channel": "bitly",
        "group_id": "Bk1",
        "group_name": "Shop",
        "link_id": f"bit.ly/{link}",
        "link": f"https://bit.ly/{link}",
        "long_url": f"https://shop.example/{query}",
        "title": "Poster",
        "created_at": at(FIRST, "00:00"),
        "date_day": day,
        "clicks": clicks,
        "fetched_at": at(day, "23:00"),
        **given,
    }


@pytest.fixture(scope="module")
def world(house: Settings) -> World:
    made = make_world(house)
    with events.connect(house) as client:
        put(
            client,
            "raw.link_clicks",
            [
                followed(made, 0, "a", 12, "?utm_source=poster&utm_campaign=Spring"),
                followed(made, 1, "a", 7, "?utm_source=poster&utm_campaign=Spring"),
                followed(made, 1, "b", 3, "?utm_campaign=summer%20sale#top"),
                followed(made, 1, "c", 2, ""),
                followed(made, 1, "d", 5, "?utm_campaign=", channel="another"),
            ],
        )
    dbt(house, "build", "-s", *MODELS)
    return made


def test_clicks_stand_with_the_campaign_that_their_target_names(house: Settings, world: World) -> None:
    columns = "date_day, channel, link_id, clicks, campaign_id, campaign_name"
    assert found(house, world, "marts.outside_link_daily", "date_day, link_id", columns).rows() == [
        (FIRST, "bitly", "bit.ly/a", 12, world.campaign, "Spring"),
        (FIRST + DAY, "bitly", "bit.ly/a", 7, world.campaign, "Spring"),
        (FIRST + DAY, "bitly", "bit.ly/b", 3, 0, ""),
        (FIRST + DAY, "bitly", "bit.ly/c", 2, 0, ""),
    ]
