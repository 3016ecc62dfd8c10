"""The dbt command line as a resource."""

import dagster as dg

from marketing_pipelines.defs.warehouse.dbt import command_line


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(resources={"dbt": command_line()})
