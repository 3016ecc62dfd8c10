"""What the Dagster webserver says of its runs, read over its GraphQL with little patience: it may be slow, away or another.

Runs belong to the house and not to a tenant. Who may open the Dagster UI sees here what it is named, how it went and how
long it took; a run that was asked for by another tenant is left out, and no run's configuration, tags or log is shown.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx
import msgspec

from console.door.sign_in import Visitor
from console.frame.wording import Label, Tone
from store.clock import now
from store.settings import Service, Settings

ANSWERS_WITHIN = 2.0
MOST_BYTES = 2 * 1024 * 1024
RUNS_A_JOB = 5
TENANT_TAG = "mp/tenant"
# What the project is called for Dagster: one location with one repository.
REPOSITORY = {"repositoryLocationName": "marketing_pipelines", "repositoryName": "__repository__"}
QUERY = """
query House($repository: RepositorySelector!, $each: Int!) {
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy lastHeartbeatTime } } }
  repositoryOrError(repositorySelector: $repository) {
    __typename
    ... on Repository {
      jobs { name runs(limit: $each) { id status creationTime startTime endTime tags { key value } } }
      sensors { name sensorState { status ticks(limit: 1) { timestamp status } } }
      schedules { name scheduleState { status } }
    }
  }
}
"""
STATES: Mapping[str, Label] = {
    "QUEUED": Label("Queued", Tone.QUIET),
    "NOT_STARTED": Label("Not started", Tone.QUIET),
    "STARTING": Label("Starting", Tone.WAITING),
    "STARTED": Label("Running", Tone.WAITING),
    "CANCELING": Label("Stopping", Tone.WAITING),
    "CANCELED": Label("Stopped", Tone.QUIET),
    "SUCCESS": Label("Done", Tone.GOOD),
    "FAILURE": Label("Failed", Tone.BAD),
}
# The job that Dagster names itself: assets that run by their own conditions.
JOB_NAMES = {"__ASSET_JOB": "Assets, by their own conditions"}


class Away(Exception):
    """The webserver does not answer, or not as Dagster would; says which."""


class Kind(StrEnum):
    SENSOR = "sensor"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Run:
    id: str
    state: Label
    asked_at: datetime
    took: timedelta | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job with its last runs, newest first."""

    name: str
    runs: Sequence[Run]


@dataclass(frozen=True, slots=True)
class Daemon:
    """One of the daemon's threads."""

    name: str
    is_well: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Clockwork:
    """A sensor or a schedule; `failed` is how its last tick ended."""

    kind: Kind
    name: str
    is_on: bool
    failed: bool
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class House:
    jobs: Sequence[Job]
    daemons: Sequence[Daemon]
    clockworks: Sequence[Clockwork]


class _Tag(msgspec.Struct):
    key: str
    value: str


class _Run(msgspec.Struct, rename="camel"):
    id: str
    status: str
    creation_time: float
    start_time: float | None
    end_time: float | None
    tags: list[_Tag]


class _Job(msgspec.Struct):
    name: str
    runs: list[_Run]


class _Tick(msgspec.Struct):
    timestamp: float
    status: str


class _State(msgspec.Struct):
    status: str
    ticks: list[_Tick] = []


class _Sensor(msgspec.Struct, rename="camel"):
    name: str
    sensor_state: _State


class _Schedule(msgspec.Struct, rename="camel"):
    name: str
    schedule_state: _State


class _Daemon(msgspec.Struct, rename="camel"):
    daemon_type: str
    required: bool
    healthy: bool | None
    last_heartbeat_time: float | None


class _Health(msgspec.Struct, rename="camel"):
    all_daemon_statuses: list[_Daemon]


class _Instance(msgspec.Struct, rename="camel"):
    daemon_health: _Health


class _Repository(msgspec.Struct):
    jobs: list[_Job]
    sensors: list[_Sensor]
    schedules: list[_Schedule]


class _Data(msgspec.Struct, rename="camel"):
    instance: _Instance
    repository_or_error: _Repository


class _Answer(msgspec.Struct):
    data: _Data


def of_house(visitor: Visitor) -> House:
    """Jobs with their last runs, the daemon's signs of life, sensors and schedules; raises Away."""
    body = _asked(visitor.settings, {"repository": REPOSITORY, "each": RUNS_A_JOB})
    try:
        data = msgspec.json.decode(body, type=_Answer).data
    except msgspec.MsgspecError:
        raise Away(
            "It answers, but not as the Dagster UI of this house does; it may still be loading."
        ) from None
    return House(_jobs(visitor, data), _daemons(data), _clockworks(data))


def _asked(settings: Settings, variables: Mapping[str, Any]) -> bytes:
    """The webserver's answer, of which no more is taken than a page has use for."""
    address = settings.dagster_webserver_url or f"http://127.0.0.1:{settings.port(Service.DAGSTER)}"
    deadline = time.monotonic() + ANSWERS_WITHIN
    body = bytearray()
    try:
        with (
            httpx.Client(timeout=ANSWERS_WITHIN, trust_env=False) as client,
            client.stream(
                "POST", f"{address.rstrip('/')}/graphql", json={"query": QUERY, "variables": variables}
            ) as answer,
        ):
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES or time.monotonic() > deadline:
                    raise Away("It takes too long, or says too much, to be waited for.")
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Away("It does not answer.") from None
    return bytes(body)


def _jobs(visitor: Visitor, data: _Data) -> list[Job]:
    """Those that ran last come first, and those that never did last."""
    jobs = [
        Job(
            JOB_NAMES.get(job.name, job.name),
            [_run(run) for run in job.runs if _concerns(visitor, run)],
        )
        for job in data.repository_or_error.jobs
    ]
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(jobs, key=lambda job: job.runs[0].asked_at if job.runs else never, reverse=True)


def _concerns(visitor: Visitor, run: _Run) -> bool:
    """Whose request a run works on is said by a tag; a run without one is the house's."""
    asked_by = {tag.value for tag in run.tags if tag.key == TENANT_TAG}
    return asked_by <= {str(visitor.tenant)}


def _run(run: _Run) -> Run:
    began = _moment(run.start_time)
    ended = _moment(run.end_time) or now()
    state = STATES.get(run.status, Label(run.status.capitalize()[:40], Tone.QUIET))
    asked_at = _moment(run.creation_time) or now()
    return Run(run.id, state, asked_at, max(ended - began, timedelta()) if began else None)


def _daemons(data: _Data) -> list[Daemon]:
    every = data.instance.daemon_health.all_daemon_statuses
    return [
        Daemon(_plain(it.daemon_type), bool(it.healthy), _moment(it.last_heartbeat_time))
        for it in every
        if it.required
    ]


def _clockworks(data: _Data) -> list[Clockwork]:
    sensors = [_clockwork(Kind.SENSOR, it.name, it.sensor_state) for it in data.repository_or_error.sensors]
    schedules = [
        _clockwork(Kind.SCHEDULE, it.name, it.schedule_state) for it in data.repository_or_error.schedules
    ]
    return [*sensors, *schedules]


def _clockwork(kind: Kind, name: str, state: _State) -> Clockwork:
    tick = state.ticks[0] if state.ticks else None
    return Clockwork(
        kind,
        name,
        state.status == "RUNNING",
        tick is not None and tick.status == "FAILURE",
        _moment(tick.timestamp) if tick else None,
    )


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _moment(seconds: float | None) -> datetime | None:
    """None also for what no clock says."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (ValueError, OverflowError, OSError):
        return None
