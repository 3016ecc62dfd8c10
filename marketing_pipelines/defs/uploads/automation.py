"""Uploads are added by runs that people ask for, and forgotten when nobody has confirmed them."""

import dagster as dg

from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of, work
from marketing_pipelines.defs.resources import SettingsResource
from store.records.requested_runs import RunKind


@dg.op(description="Adds the checked lines to raw.events; killed and begun again, each is there once.")
def add_upload(context: dg.OpExecutionContext, config: Requested, house: SettingsResource) -> None:
    from marketing_pipelines.uploads import adding

    work(context, house.settings(), config.request, adding.add)


@dg.job(
    name=job_of(RunKind.ADD_UPLOAD),
    tags=TAGS,
    description="Touches and sales that no page saw, as somebody confirmed them. Started by the sensor requested_runs.",
)
def add_upload_job() -> None:
    add_upload()


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Forgets the lines of lists that nobody has confirmed within a day. It asks for no run.",
)
def undecided_uploads(house: SettingsResource) -> dg.SkipReason:
    from marketing_pipelines.uploads import adding

    forgotten = adding.let_go_of_undecided(house.settings())
    return dg.SkipReason(f"Lists that nobody confirmed, and that are forgotten now: {forgotten}.")
