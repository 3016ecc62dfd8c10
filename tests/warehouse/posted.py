"""Rows of raw.posts by hand: a place, and the posts in it, as they were read at a moment."""

from datetime import datetime
from typing import Any

from tests.warehouse.conftest import World


def place(world: World, when: datetime, **given: Any) -> dict[str, Any]:
    """The shop's page, of which nothing is told but that it was read."""
    return {
        "tenant_id": world.tenant,
        "channel": "meta",
        "network": "facebook",
        "place_id": "7",
        "place_name": "Shop",
        "date_day": when.date(),
        "post_id": "",
        "post_url": "",
        "published_at": when,
        "beginning": "",
        "followers": None,
        "impressions": None,
        "reactions": None,
        "fetched_at": when,
        **given,
    }


def post(
    world: World, when: datetime, number: str, since: datetime, impressions: int, reactions: int
) -> dict[str, Any]:
    return place(
        world,
        when,
        post_id=number,
        post_url=f"https://www.facebook.com/{number}",
        published_at=since,
        beginning="Coats",
        impressions=impressions,
        reactions=reactions,
    )
