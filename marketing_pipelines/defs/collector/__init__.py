"""What the collector writes without Dagster: the start of the lineage."""
