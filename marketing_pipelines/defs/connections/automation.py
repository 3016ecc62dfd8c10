"""Every month the credentials of all connections are sealed with a new key; what the settings connect is connected at any time."""

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource


@dg.op(
    description="Seals the credentials of all connections with a new key and drops the former ones; audited."
)
def rotate_secrets(context: dg.OpExecutionContext, house: SettingsResource) -> None:
    from marketing_pipelines.connections import rotation
    from store.audit import Actor, ActorKind

    rotated = rotation.rotate(house.settings(), Actor(ActorKind.RUN, context.run.run_id))
    context.log.info("%d connections sealed anew, %d keys dropped", rotated.resealed, rotated.keys_dropped)
    if rotated.unreadable:
        context.log.error("These did not open and have to be connected again: %s", rotated.unreadable)


@dg.job(description="Changes the key that credentials are sealed with, as `mp secrets rotate` does.")
def secrets_rotation_job() -> None:
    rotate_secrets()


secrets_rotation = dg.ScheduleDefinition(
    name="secrets_rotation",
    job=secrets_rotation_job,
    cron_schedule="15 4 1 * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="On the first of every month, a quarter past four.",
)


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Connects what the settings of the house name (BITLY_TOKEN, BUFFER_TOKEN) for its default tenant. It asks for no run.",
)
def house_connections(house: SettingsResource) -> dg.SkipReason:
    from marketing_pipelines.connections import of_the_house

    return dg.SkipReason(of_the_house.keep_up(house.settings()))
