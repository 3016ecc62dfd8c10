"""The dbt models. Attribution stands between them: what reads its credits is built by a run of its own."""

import json
import os
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets
from dagster_dbt.core.dbt_event_iterator import DbtEventIterator

from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.warehouse.dbt import PROJECT, WarehouseTranslator, environment

# Two builds of one table at a time would replace each other's days.
POOL = "warehouse"
AFTER_ATTRIBUTION = "tag:after_attribution"
TRANSLATOR = WarehouseTranslator()


class Rebuild(dg.Config):
    """How much to build: by default what is new, and the days that late events changed."""

    full_refresh: bool = False
    first_day: str = ""
    last_day: str = ""

    def arguments(self) -> list[str]:
        """Unit tests prove the SQL before it ships; they have no business in a run."""
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        if self.full_refresh:
            arguments.append("--full-refresh")
        if self.first_day and self.last_day:
            days = {"rebuild_from": self.first_day, "rebuild_to": self.last_day}
            arguments += ["--vars", json.dumps(days)]
        return arguments


@dbt_assets(
    name="warehouse",
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    exclude=AFTER_ATTRIBUTION,
    dagster_dbt_translator=TRANSLATOR,
    pool=POOL,
)
def warehouse(
    context: dg.AssetExecutionContext, config: Rebuild, dbt: DbtCliResource, house: SettingsResource
) -> Iterator[Any]:
    yield from _build(context, config, dbt, house)


@dbt_assets(
    name="warehouse_after_attribution",
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    select=AFTER_ATTRIBUTION,
    dagster_dbt_translator=TRANSLATOR,
    pool=POOL,
)
def warehouse_after_attribution(
    context: dg.AssetExecutionContext, config: Rebuild, dbt: DbtCliResource, house: SettingsResource
) -> Iterator[Any]:
    yield from _build(context, config, dbt, house)


def _build(
    context: dg.AssetExecutionContext, config: Rebuild, dbt: DbtCliResource, house: SettingsResource
) -> Iterator[Any]:
    """dbt finds its connection in the environment, so that no password is ever an argument.

    What it writes beside the tables lies in one folder, which the pool keeps to one run at a time: a folder a run
    would fill the disk, and lose the parsed project, which the next run reads instead of parsing anew.
    """
    settings = house.settings()
    os.environ.update(environment(settings))
    target = settings.data_dir.absolute() / "dbt"
    invocation = dbt.cli(config.arguments(), context=context, target_path=target)
    for event in invocation.stream():
        # Asked for the whole stream at once, the library waits for dbt in a loop that takes a whole core.
        yield from DbtEventIterator(iter([event]), invocation).fetch_column_metadata()
