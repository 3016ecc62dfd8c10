"""One asset a channel: how the posts in its places do, as their networks tell it now."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from marketing_pipelines.defs.insights.assets import GROUP, OWNERS
from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource

if TYPE_CHECKING:
    from marketing_pipelines.insights.places import PlaceRead

places = dg.AssetSpec(
    ["records", "places"],
    description="The pages and profiles that each tenant publishes to, with the connection of each.",
    group_name="records",
    owners=OWNERS,
    kinds={"postgres"},
)


def posts_asset(channel: str, title: str) -> dg.AssetsDefinition:
    """The asset of one channel."""
    key = dg.AssetKey(["posts", channel])

    @dg.asset(
        key=key,
        deps=[places],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"python", "clickhouse", channel.replace("_", "")},
        description=(
            f"What {title} counts of each post of the last 90 days, and who follows each place, as it stands now. Networks "
            "tell nothing of days that are over: each day keeps its last reading, and what a day brought is the difference "
            "to the reading before. A place that fails says so and keeps what was read before."
        ),
        metadata={"dagster/table_name": "raw.posts"},
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=25), warn_window=timedelta(hours=13)
        ),
        pool=f"insights_{channel}",
        check_specs=[
            dg.AssetCheckSpec(
                "every_place_was_read", asset=key, description="Every place that is published to was read."
            )
        ],
    )
    def posts(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
        from connectors.face import Channel
        from marketing_pipelines.insights.places import read_places

        return _result(read_places(house.settings(), Channel(channel), run_id=context.run.run_id))

    return posts


def _result(read: "Sequence[PlaceRead]") -> dg.MaterializeResult:
    failing = [place for place in read if place.error]
    rows = [
        [
            place.tenant_id,
            place.network,
            place.name,
            place.posts,
            _or_empty(place.followers),
            _or_empty(place.error),
        ]
        for place in read
    ]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(place.posts for place in read if not place.error),
            "places_ok": len(read) - len(failing),
            "places_failing": len(failing),
            "places": table(["tenant", "network", "place", "posts", "followers", "why not"], rows),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_place_was_read",
                passed=not failing,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"failing": ", ".join(f"{each.network}: {each.name}" for each in failing) or "none"},
            )
        ],
    )


def _or_empty(told: int | str | None) -> int | str:
    return "" if told is None else told


meta = posts_asset("meta", "Meta")
linkedin = posts_asset("linkedin", "LinkedIn")
tiktok_account = posts_asset("tiktok_account", "TikTok")
reddit = posts_asset("reddit", "Reddit")
youtube = posts_asset("youtube", "YouTube")
x = posts_asset("x", "X")
buffer = posts_asset("buffer", "Buffer")
POSTS = (meta, linkedin, tiktok_account, reddit, youtube, x, buffer)
