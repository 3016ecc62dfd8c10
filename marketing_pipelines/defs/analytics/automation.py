"""Exports are made by runs that people ask for, and deleted when their time is over."""

import dagster as dg

from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of, work
from marketing_pipelines.defs.resources import SettingsResource
from store.records.requested_runs import RunKind


@dg.op(description="Asks the marts, and writes a CSV or an XLSX; killed and begun again, it leaves one file.")
def make_export(context: dg.OpExecutionContext, config: Requested, house: SettingsResource) -> None:
    from marketing_pipelines.analytics import exporting

    work(context, house.settings(), config.request, exporting.make)


@dg.job(
    name=job_of(RunKind.MAKE_EXPORT),
    tags=TAGS,
    description="A report as a file that somebody asked for. Started by the sensor requested_runs.",
)
def make_export_job() -> None:
    make_export()


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Deletes the files of exports whose time is over. It asks for no run.",
)
def expired_exports(house: SettingsResource) -> dg.SkipReason:
    from marketing_pipelines.analytics import exporting

    deleted = exporting.let_go_of_expired(house.settings())
    return dg.SkipReason(f"{deleted} files of exports were deleted.")
