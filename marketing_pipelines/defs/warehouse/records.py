"""The dimensions that dbt reads from Postgres, as assets that people change in the console."""

import dagster as dg

DIMENSIONS = {
    "tenants": "Tenants, with their time zone and currency.",
    "campaigns": "Campaigns as marketers write them in the console.",
    "links": "Short links, where they lead and under which channel they count.",
    "experiments": "Experiments and their state.",
    "variants": "The variants of each experiment; the bandit moves their weights.",
    "feeds": "The feeds each tenant reads, and how the last reading went.",
    "conversion_goals": "What counts as a conversion, what it is worth and how far back a touch earns credit.",
    "measurements": "How visits become sessions and how attribution models share out the credit.",
    "identity_splits": "People's decisions that a device is not somebody's, over what events say.",
}

records = [
    dg.AssetSpec(
        ["records", table],
        description=description,
        group_name="records",
        owners=["team:data"],
        kinds={"postgres"},
        metadata={"dagster/table_name": f"records.public.{table}"},
    )
    for table, description in DIMENSIONS.items()
]
