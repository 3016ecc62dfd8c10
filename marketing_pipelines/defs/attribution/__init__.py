"""Attribution in Dagster."""
