"""The Dagster project as a whole: it loads in a fresh process, nothing vanished, and every asset is presentable."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from cli.house import ROOT

SNAPSHOT = Path(__file__).with_name("graph.json")
PRINT_GRAPH = """
import json, sys
from marketing_pipelines.definitions import defs
repository = defs.get_repository_def()
graph = repository.asset_graph
print(json.dumps({
    "assets": {
        key.to_user_string(): sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        for key in sorted(graph.get_all_asset_keys())
    },
    "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
    "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
    "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
}, indent=2))
"""


@pytest.fixture(scope="module")
def graph() -> dict[str, Any]:
    """Assets with their parents, jobs, schedules and sensors, as a fresh process finds them."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PRINT_GRAPH],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_nothing_came_or_vanished_unnoticed(graph: dict[str, Any]) -> None:
    """A module of defs/ that mixes loose assets with a `@definitions` function loses the loose ones silently."""
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(graph, indent=2) + "\n")
    assert graph == json.loads(SNAPSHOT.read_text()), (
        "if this is meant: UPDATE_SNAPSHOTS=1 make test ARGS=tests/defs"
    )


def test_the_lineage_is_one_graph(graph: dict[str, Any]) -> None:
    neighbours: dict[str, set[str]] = {key: set(parents) for key, parents in graph["assets"].items()}
    for key, parents in graph["assets"].items():
        for parent in parents:
            neighbours[parent].add(key)
    reached, frontier = set[str](), ["raw_events"]
    while frontier:
        key = frontier.pop()
        if key not in reached:
            reached.add(key)
            frontier += neighbours[key]
    assert set(neighbours) - reached == set()


@pytest.fixture(scope="module")
def asset_graph() -> Any:
    from marketing_pipelines.definitions import defs

    assert isinstance(defs, dg.Definitions)
    return defs.get_repository_def().asset_graph


def test_every_asset_says_what_it_is_whose_and_of_what_kind(asset_graph: Any) -> None:
    for key in asset_graph.get_all_asset_keys():
        node = asset_graph.get(key)
        name = key.to_user_string()
        assert node.description, f"{name} has no description"
        assert node.group_name != "default", f"{name} is in no group"
        assert node.owners, f"{name} has no owner"
        kinds = [tag for tag in node.tags if tag.startswith("dagster/kind/")]
        assert kinds, f"{name} has no kind"


def test_everything_that_can_run_runs_by_itself(asset_graph: Any) -> None:
    """By a condition, a schedule or a sensor: nobody has to press a button."""
    from marketing_pipelines.definitions import defs

    repository = defs.get_repository_def()
    jobs = {schedule.job_name for schedule in repository.schedule_defs} | {
        target.job_name
        for sensor in repository.sensor_defs
        for target in sensor.targets
        if repository.has_job(target.job_name)
    }
    asked_for = {key for job in jobs for key in repository.get_job(job).asset_layer.executable_asset_keys}
    idle = [
        key.to_user_string()
        for key in asset_graph.executable_asset_keys
        if asset_graph.get(key).automation_condition is None and key not in asked_for
    ]
    assert idle == []


def test_what_people_read_has_freshness_policies_and_checks(asset_graph: Any) -> None:
    marts = [key for key in asset_graph.executable_asset_keys if asset_graph.get(key).group_name == "marts"]
    assert marts
    for key in marts:
        assert asset_graph.get(key).freshness_policy is not None, key.to_user_string()
        assert asset_graph.get(key).check_keys, key.to_user_string()
