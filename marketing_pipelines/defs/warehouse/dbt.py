"""The dbt project as Dagster sees it: where it lies, how it connects, how its models are described."""

import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject
from dagster_dbt.compat import DBT_PYTHON_VERSION

from store.settings import Settings

PROJECT = DbtProject(project_dir=Path(__file__).parents[3] / "dbt_project")
EXECUTABLE = Path(sys.executable).with_name("dbt")

EVERY_QUARTER_OF_AN_HOUR = "*/15 * * * *"
HTTP_PORT, HTTPS_PORT = 8123, 8443


class InstalledDbt(DbtCliResource):
    """The dbt of this environment, which says what it is without being started: each run is five seconds shorter."""

    @cached_property
    def _cli_version(self):
        return DBT_PYTHON_VERSION or super()._cli_version


def command_line() -> DbtCliResource:
    """The dbt that is installed beside this Python, whatever PATH says."""
    return InstalledDbt(project_dir=str(PROJECT.project_dir), dbt_executable=str(EXECUTABLE))


def environment(settings: Settings) -> dict[str, str]:
    """What profiles.yml reads to find ClickHouse, and for how long raw events are kept there."""
    address = urlsplit(settings.clickhouse_address())
    secure = address.scheme == "https"
    return {
        "DBT_CLICKHOUSE_HOST": address.hostname or "127.0.0.1",
        "DBT_CLICKHOUSE_PORT": str(address.port or (HTTPS_PORT if secure else HTTP_PORT)),
        "DBT_CLICKHOUSE_USER": unquote(address.username or "default"),
        "DBT_CLICKHOUSE_PASSWORD": unquote(address.password or ""),
        "DBT_CLICKHOUSE_SECURE": str(secure).lower(),
        "DBT_EVENTS_TTL_DAYS": str(settings.events_ttl_days),
    }


class WarehouseTranslator(DagsterDbtTranslator):
    """Gives models their layer as group, the sentence people read as description, and their rhythm.

    Staging follows the clock, since the collector writes without telling Dagster; all else follows staging.
    """

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("source."):
            return spec
        layer = self.get_resource_props(manifest, unique_id)["config"]["schema"]
        return spec.replace_attributes(
            group_name=layer,
            owners=["team:data"],
            tags={**spec.tags, "layer": layer},
            automation_condition=_rhythm(layer),
            freshness_policy=_freshness(layer),
        )

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["description"]


def _rhythm(layer: str) -> dg.AutomationCondition:
    if layer == "staging":
        ticked = dg.AutomationCondition.cron_tick_passed(EVERY_QUARTER_OF_AN_HOUR)
        return ticked & ~dg.AutomationCondition.in_progress()
    # Attribution is stored a day a partition, and days before the first visit are never filled.
    return dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def _freshness(layer: str) -> dg.FreshnessPolicy | None:
    if layer != "marts":
        return None
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=1), warn_window=timedelta(hours=2))
