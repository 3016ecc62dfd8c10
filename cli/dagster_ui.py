"""What the command line asks of the Dagster webserver, over its GraphQL."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import uuid4

POLL_EVERY = 1.0
# The first run that is asked for loads the whole project into the webserver.
LAUNCHED_WITHIN = 60.0
ASKED_AS = "mp/asked_as"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

LOCATION_QUERY = """
{ workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError {
  __typename ... on PythonError { message } } } } } }
"""
DAEMON_QUERY = "{ instance { daemonHealth { allDaemonStatuses { required healthy } } } }"


def location_problem(port: int) -> str | None:
    """Why the Dagster UI cannot show the project yet; None when it can."""
    try:
        entries = _graphql(port, LOCATION_QUERY)["workspaceOrError"]["locationEntries"]
    except (URLError, OSError, KeyError, ValueError) as error:
        return f"the webserver does not answer yet ({type(error).__name__})"
    loaded = [entry["locationOrLoadError"] for entry in entries if entry["locationOrLoadError"]]
    for entry in loaded:
        if entry["__typename"] == "PythonError":
            return entry["message"]
    return None if loaded else "the project is still loading"


def daemon_healthy(port: int) -> bool:
    """Whether every daemon that the instance needs has given a sign of life."""
    try:
        statuses = _graphql(port, DAEMON_QUERY)["instance"]["daemonHealth"]["allDaemonStatuses"]
    except (URLError, OSError, KeyError, ValueError):
        return False
    return all(status["healthy"] for status in statuses if status["required"])


LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
LAUNCHED_QUERY = """
query ($key: String!, $value: String!) { runsOrError(filter: {tags: [{key: $key, value: $value}]}) {
  ... on Runs { results { id } } } }
"""
RUN_QUERY = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
EVENTS_QUERY = """
query ($id: ID!, $cursor: String) { logsForRun(runId: $id, afterCursor: $cursor) { ... on EventConnection {
  cursor
  hasMore
  events {
    ... on ExecutionStepFailureEvent { stepKey error { message errorChain { error { message } } } }
    ... on RunFailureEvent { message error { message } } } } } }
"""

METADATA = """
query ($id: ID!) { runOrError(runId: $id) { ... on Run { assetMaterializations { metadataEntries {
  label
  ... on IntMetadataEntry { intValue }
  ... on FloatMetadataEntry { floatValue }
  ... on MarkdownMetadataEntry { mdStr } } } } } }
"""
_VALUES = ("intValue", "floatValue", "mdStr")

INTERRUPTED = """
query ($before: Float!) { runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING], updatedBefore: $before}) {
  ... on Runs { results { id } } } }
"""
TERMINATE = """
mutation ($ids: [String!]!) { terminateRuns(runIds: $ids, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) {
  __typename } }
"""


class RunFailed(Exception):
    """A run that was asked for did not succeed; the text says which and where to look."""


def run_job(
    port: int, job: str, first_day: date, last_day: date, within: float, assets: Sequence[str] = ()
) -> str:
    """Runs a job for a range of days, or the named assets of it, waits for its success and gives the run's id."""
    selector: dict[str, Any] = {
        "repositoryLocationName": "marketing_pipelines",
        "repositoryName": "__repository__",
        "jobName": job,
    }
    if assets:
        selector["assetSelection"] = [{"path": asset.split("/")} for asset in assets]
    asked_as = uuid4().hex
    tags = {
        "dagster/asset_partition_range_start": first_day.isoformat(),
        "dagster/asset_partition_range_end": last_day.isoformat(),
        ASKED_AS: asked_as,
    }
    params = {
        "selector": selector,
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    }
    run = _launched(port, job, params, asked_as)
    _until_success(port, job, run, within)
    return run


def _launched(port: int, job: str, params: dict[str, Any], asked_as: str) -> str:
    """Asks once: a second run beside the first would take its place in every pool."""
    try:
        launched = _graphql(port, LAUNCH, LAUNCHED_WITHIN, params=params)["launchRun"]
    except URLError as error:
        raise RunFailed(f"{job} could not be launched: the Dagster UI does not answer ({error})") from None
    except OSError as error:
        if (run := _launched_all_the_same(port, asked_as)) is None:
            raise RunFailed(f"{job} was not launched: the Dagster UI went silent ({error})") from None
        return run
    if launched["__typename"] != "LaunchRunSuccess":
        raise RunFailed(f"{job} could not be launched: {launched.get('message', launched['__typename'])}")
    return launched["run"]["runId"]


def _launched_all_the_same(port: int, asked_as: str) -> str | None:
    """The run whose launch was not answered, as soon as the webserver shows it."""
    deadline = time.monotonic() + LAUNCHED_WITHIN
    while time.monotonic() < deadline:
        with suppress(OSError):
            runs = _graphql(port, LAUNCHED_QUERY, key=ASKED_AS, value=asked_as)["runsOrError"]
            if found := runs.get("results"):
                return found[0]["id"]
        time.sleep(POLL_EVERY)
    return None


def said_of(port: int, run: str) -> dict[str, Any]:
    """The metadata that a run of one asset gave with its days."""
    events = _graphql(port, METADATA, id=run)["runOrError"]["assetMaterializations"]
    return {
        entry["label"]: next((entry[name] for name in _VALUES if name in entry), None)
        for event in events
        for entry in event["metadataEntries"]
    }


def end_interrupted_runs(port: int, before: datetime) -> int:
    """Marks runs that an earlier house took down with it: they would hold their slots for hours; gives their number."""
    runs = _graphql(port, INTERRUPTED, before=before.timestamp())["runsOrError"].get("results", [])
    if runs:
        _graphql(port, TERMINATE, ids=[run["id"] for run in runs])
    return len(runs)


def _until_success(port: int, job: str, run: str, within: float) -> None:
    deadline = time.monotonic() + within
    while (status := _status(port, run)) != "SUCCESS":
        if status in {"FAILURE", "CANCELED"} or time.monotonic() > deadline:
            told = f"{job} is {status}: look at http://127.0.0.1:{port}/runs/{run}"
            raise RunFailed("\n".join([told, *_what_went_wrong(port, run)]))
        time.sleep(POLL_EVERY)


def _what_went_wrong(port: int, run: str) -> list[str]:
    """The steps that failed and their errors; else what the run itself says."""
    events = list(_failures(port, run))
    steps = [f"{event['stepKey']}: {_error(event['error'])}" for event in events if "stepKey" in event]
    return steps or [event["message"] for event in events]


def _failures(port: int, run: str) -> Iterator[dict[str, Any]]:
    cursor, more = None, True
    while more:
        try:
            page = _graphql(port, EVENTS_QUERY, id=run, cursor=cursor)["logsForRun"]
        except OSError:
            return
        yield from (event for event in page.get("events", []) if event)
        cursor, more = page.get("cursor"), page.get("hasMore", False)


def _error(error: dict[str, Any] | None) -> str:
    """The innermost cause, which is what a person can do something about."""
    if error is None:
        return "no error was kept"
    chain = [link["error"]["message"] for link in error["errorChain"]]
    return _COLOURS.sub("", (chain or [error["message"]])[-1]).strip()


def _status(port: int, run: str) -> str:
    """A webserver that is too busy to answer says nothing about the run, which goes on."""
    try:
        return _graphql(port, RUN_QUERY, id=run)["runOrError"]["status"]
    except OSError:
        return "UNKNOWN"


def _graphql(port: int, query: str, answers_within: float = 10, **variables: Any) -> dict[str, Any]:
    """An OSError where there is no answer, or only a part of one."""
    request = Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urlopen(request, timeout=answers_within) as answer:  # noqa: S310 (our own webserver on loopback)
            return json.load(answer)["data"]
    except HTTPException as broken:
        raise ConnectionError(f"its answer was cut off: {broken!r}") from broken
