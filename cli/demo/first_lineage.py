"""Materialises the demo's history once, as a person would in the Dagster UI."""

from datetime import timedelta

from cli import dagster_ui
from store.clock import now
from store.settings import Service, Settings

HISTORY = timedelta(days=30)
ENDS_WITHIN = 600.0


def materialise(house: Settings) -> None:
    """Runs the whole lineage for the days of the demo's history."""
    today = now().date()
    dagster_ui.run_job(house.port(Service.DAGSTER), "lineage_job", today - HISTORY, today, ENDS_WITHIN)
