"""The public edge as assets that Dagster watches and others write."""

import dagster as dg

OWNERS = ["team:data"]
GROUP = "collector"

pixel = dg.AssetSpec(
    "pixel",
    description="The script on web pages that tells the collector what visitors look at and do, as far as they agreed to it.",
    group_name=GROUP,
    owners=OWNERS,
    kinds={"javascript"},
)

short_links = dg.AssetSpec(
    "short_links",
    description="The collector's redirects. Each click on a short link is counted before the visitor is sent on.",
    deps=[dg.AssetKey(["records", "links"])],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python"},
)

raw_events = dg.AssetSpec(
    "raw_events",
    description=(
        "Everything the collector took in: page views, clicks, leads, purchases and whatever else pages and servers "
        "send. An event is here once it is safe on disk, and nothing is dropped silently."
    ),
    deps=[pixel, short_links],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse"},
    metadata={"dagster/table_name": "raw.events"},
)

raw_rejected = dg.AssetSpec(
    "raw_rejected",
    description="What the collector refused, each with its reason, so that a broken integration shows.",
    deps=[pixel, short_links],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse"},
    metadata={"dagster/table_name": "raw.rejected"},
)
