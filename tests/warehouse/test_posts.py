"""From how posts stand to what a day brought: what has come since the reading before, and nothing that was there before."""

from datetime import datetime, timedelta

import pytest

from store import events
from store.settings import Settings
from tests.warehouse.conftest import FIRST, World, at, dbt, found, make_world, put
from tests.warehouse.posted import place, post

pytestmark = pytest.mark.timeout(300)

MODELS = ("stg_posts", "stg_places", "stg_deliveries", "organic_performance", "place_daily")
DAY = timedelta(days=1)


def on_day(days: int) -> datetime:
    """The last reading of a day."""
    return at(FIRST + days * DAY, "23:30")


@pytest.fixture(scope="module")
def world(house: Settings) -> World:
    made = make_world(house)
    long_ago, lately = at(FIRST - 30 * DAY, "08:00"), at(FIRST + DAY, "23:45")
    with events.connect(house) as client:
        put(
            client,
            "raw.posts",
            [
                place(made, on_day(0), followers=100),
                post(made, on_day(0), "7_1", long_ago, 1000, 10),
                place(made, on_day(1), followers=103),
                post(made, on_day(1), "7_1", long_ago, 1010, 9),
                # Nobody could read it on the third day; a post appeared after the last reading, on the day before.
                place(made, on_day(3), followers=110),
                post(made, on_day(3), "7_1", long_ago, 1040, 9),
                post(made, on_day(3), "7_2", lately, 70, 6),
            ],
        )
        put(
            client,
            "raw.deliveries",
            [
                {
                    "tenant_id": made.tenant,
                    "action_id": 5,
                    "campaign_id": made.campaign,
                    "recipient_key": "target",
                    "state": "sent",
                    "outcome": "published: https://www.facebook.com/7_2",
                    "occurred_at": lately,
                }
            ],
        )
    dbt(house, "build", "-s", *MODELS)
    return made


def test_a_day_brings_what_has_come_since_the_reading_before(house: Settings, world: World) -> None:
    columns = (
        "post_id, date_day, impressions, reactions, saves, total_impressions, is_new, action_id, campaign_id"
    )
    assert found(house, world, "marts.organic_performance", "post_id, date_day", columns).rows() == [
        ("7_1", FIRST, None, None, None, 1000, False, 0, 0),
        ("7_1", FIRST + DAY, 10, -1, None, 1010, False, 0, 0),
        ("7_1", FIRST + 3 * DAY, 30, 0, None, 1040, False, 0, 0),
        ("7_2", FIRST + 3 * DAY, 70, 6, None, 70, True, 5, world.campaign),
    ]


def test_a_place_brings_what_its_posts_do_and_who_came_to_follow_it(house: Settings, world: World) -> None:
    columns = "date_day, followers, followers_delta, posts, posts_published, impressions, reactions, saves"
    assert found(house, world, "marts.place_daily", "date_day", columns).rows() == [
        (FIRST, 100, None, 1, 0, None, None, None),
        (FIRST + DAY, 103, 3, 1, 0, 10, -1, None),
        (FIRST + 3 * DAY, 110, 7, 2, 1, 100, 6, None),
    ]
