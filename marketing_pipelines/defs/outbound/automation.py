"""The gate: two sensors that take turns to wait for approved work, and the one job that sends.

A tick ends at a fixed phase of the clock, half a period apart for the two sensors, so that the pause which
the daemon makes after a tick never comes for both at once.
"""

import time

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource

SEND_TAGS = {"mp/gate": "send"}


@dg.op(
    description="Sends what is approved and due, then waits a while for more, so that most actions meet it warm."
)
def send_approved_actions(context: dg.OpExecutionContext, house: SettingsResource) -> None:
    from marketing_pipelines.outbound import executor

    settings = house.settings()
    left = executor.execute(settings, context.run_id)
    for state, count in left.items():
        context.log.info("%d slices left their action %s", count, state)
    if left:
        metadata = {state.value: count for state, count in left.items()}
        context.log_event(dg.AssetMaterialization("sends", metadata=metadata))


@dg.job(
    tags=SEND_TAGS,
    executor_def=dg.in_process_executor,
    description="The only job that sends; started by the gate's sensors.",
)
def send_approved_actions_job() -> None:
    send_approved_actions()


def tick(settings_resource: SettingsResource, name: str, phase: float) -> dg.SensorResult | dg.SkipReason:
    """Waits for due work until this sensor's turn is over, and asks for a run as soon as there is some."""
    from marketing_pipelines.outbound import gate
    from marketing_pipelines.outbound.pulse import standstill

    settings = settings_resource.settings()
    period = settings.gate_tick_seconds
    left = period - (time.time() + phase * period) % period
    asked = gate.wait_for_work(settings, name, until=time.monotonic() + left)
    if asked is None:
        return dg.SkipReason(standstill(settings) or "Nothing that may go is due.")
    tags = {**SEND_TAGS, "mp/tenant": str(asked.tenant), "mp/action": str(asked.action)}
    ahead = {**SEND_TAGS, "mp/ahead": "somebody reads what they may sign, or something falls due"}
    request = dg.RunRequest(run_key=asked.run_key, tags=tags if asked.action else ahead)
    return dg.SensorResult(run_requests=[request])


@dg.sensor(
    job=send_approved_actions_job,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches for approved work; its twin watches while it pauses.",
)
def gate_sensor_a(house: SettingsResource) -> dg.SensorResult | dg.SkipReason:
    return tick(house, "gate_sensor_a", phase=0.0)


@dg.sensor(
    job=send_approved_actions_job,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches for approved work; its twin watches while it pauses.",
)
def gate_sensor_b(house: SettingsResource) -> dg.SensorResult | dg.SkipReason:
    return tick(house, "gate_sensor_b", phase=0.5)
