"""Runs and signs of life: what Dagster says is read with little patience and believed as little as it must be."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from dagster_graphql.schema import create_schema
from graphql import parse, validate

from console.app import create_app
from console.watching import dagster_runs
from marketing_pipelines.defs.requests.asked import job_of
from store import records
from store.records import gate, requested_runs
from store.records.gate import WatcherKind
from store.records.people import MemberRole
from store.records.requested_runs import RunKind
from store.records.schema import TenantId, UserId
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.queries import counted
from tests.console.visitors import Person, everyone

HOSTILE = "</td><script>alert(1)</script>"
RUN = "0a1b2c3d-0000-4000-8000-000000000001"


def a_run(number: str, status: str = "SUCCESS", **tags: Any) -> dict[str, Any]:
    return {
        "id": number, "status": status, "creationTime": 1.8e9, "startTime": 1.8e9 + 1, "endTime": 1.8e9 + 64,
        "tags": [{"key": key.replace("_", "/"), "value": str(value)} for key, value in tags.items()],
    }  # fmt: skip


def told(
    *runs: dict[str, Any], healthy: bool = True, on: str = "RUNNING", job: str = "feed_entries_job"
) -> bytes:
    """What the webserver answers: one job with these runs."""
    return json.dumps(
        {
            "data": {
                "instance": {
                    "daemonHealth": {
                        "allDaemonStatuses": [
                            {
                                "daemonType": "SENSOR",
                                "required": True,
                                "healthy": healthy,
                                "lastHeartbeatTime": 1.8e9,
                            },
                            {
                                "daemonType": "BACKFILL",
                                "required": False,
                                "healthy": None,
                                "lastHeartbeatTime": None,
                            },
                        ]
                    }
                },
                "repositoryOrError": {
                    "__typename": "Repository",
                    "jobs": [{"name": job, "runs": list(runs)}, {"name": "quiet_job", "runs": []}],
                    "sensors": [{"name": "alerts", "sensorState": {"status": on, "ticks": []}}],
                    "schedules": [{"name": "nightly", "scheduleState": {"status": "RUNNING"}}],
                },
            }
        }
    ).encode()


def ask(house: Settings, reader: Person, kind: RunKind = RunKind.FETCH_FEEDS) -> int:
    with records.session(house, Role.CONSOLE, tenant=reader.tenant) as session:
        return requested_runs.ask(session, reader.tenant, UserId(reader.id), kind).id


def done(house: Settings, reader: Person, run: str, outcome: dict[str, int]) -> None:
    """Somebody asked for something, and a run did it."""
    asked = ask(house, reader)
    with records.session(house, Role.PIPELINES) as session:
        taken = requested_runs.take(session, asked, run)
        assert taken
        requested_runs.finish(session, taken, outcome)


class Webserver:
    """Answers /graphql with whatever a test wants Dagster to say."""

    def __init__(self) -> None:
        self.says, self.status, self.drips = told(), 200, False
        self.asked: list[dict[str, Any]] = []
        around = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                around.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(around.status)
                self.end_headers()
                pieces = [b" "] * 60 if around.drips else [around.says]
                for piece in pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(0.2 if around.drips else 0)

            def log_message(self, format: str, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def webserver() -> Iterator[Webserver]:
    running = Webserver()
    yield running
    running.server.shutdown()


@contextmanager
def console_beside(house: Settings, tenant: TenantId, address: str) -> Iterator[dict[MemberRole, Person]]:
    """People of a console that asks this webserver."""
    beside = house.model_copy(update={"dagster_webserver_url": address})
    with served(create_app(beside)) as site:
        yield everyone(house, site, tenant)


def test_the_question_is_one_that_dagster_understands() -> None:
    schema = create_schema().graphql_schema
    assert validate(schema, parse(dagster_runs.QUERY)) == []


def test_jobs_say_how_they_went_and_lead_to_the_dagster_ui(
    house: Settings, tenant: TenantId, webserver: Webserver
) -> None:
    webserver.says = told(a_run(RUN, "FAILURE"), a_run(RUN.replace("1", "2")))
    with console_beside(house, tenant, webserver.address) as people:
        page = people[MemberRole.ANALYST].forms().get("/runs").text
    assert "Feed entries job" in page
    assert "Failed" in page
    assert "1 min" in page
    assert f"/runs/{RUN}" in page
    assert "has not run yet" in page
    assert "Dagster&#39;s daemon" in page
    assert "All of its threads are well" in page
    assert [asked["query"].lstrip().split()[0] for asked in webserver.asked] == ["query"]


def test_what_another_tenant_asked_for_is_left_out(
    house: Settings, tenant: TenantId, webserver: Webserver
) -> None:
    theirs, ours = RUN.replace("1", "7"), RUN.replace("1", "8")
    webserver.says = told(a_run(theirs, mp_tenant=tenant + 1), a_run(ours, mp_tenant=tenant))
    with console_beside(house, tenant, webserver.address) as people:
        page = people[MemberRole.ADMIN].forms().get("/runs").text
    assert ours in page
    assert theirs not in page


@pytest.mark.parametrize(
    "says",
    [
        b"", b"<html>not found</html>", b"[]", b'{"data": null}', b'{"errors": [{"message": "x"}]}',
        b'{"data": {"repositoryOrError": {"__typename": "PythonError"}}}',
        told().replace(b'"jobs": [', b'"jobs": [7, '),
        b" " * (dagster_runs.MOST_BYTES + 1),
    ],
    ids=["nothing", "a page", "a list", "null", "errors", "a project that does not load", "a wrong job", "too much"],
)  # fmt: skip
def test_what_is_no_answer_of_dagsters_is_said_and_nothing_else_suffers(
    house: Settings, tenant: TenantId, webserver: Webserver, says: bytes
) -> None:
    webserver.says = says
    with console_beside(house, tenant, webserver.address) as people:
        answer = people[MemberRole.ADMIN].forms().get("/runs")
    assert answer.status_code == 200
    assert "The Dagster UI does not answer" in answer.text
    assert "What people asked for" in answer.text


def test_hostile_names_and_moments_are_text(house: Settings, tenant: TenantId, webserver: Webserver) -> None:
    run = a_run(f"../../{HOSTILE}", HOSTILE) | {"creationTime": 1e300, "startTime": -1e300, "endTime": 1e300}
    webserver.says = told(run, on=HOSTILE, job=HOSTILE)
    with console_beside(house, tenant, webserver.address) as people:
        answer = people[MemberRole.ADMIN].forms().get("/runs")
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert "Switched off: alerts" in answer.text


@pytest.mark.parametrize("how", ["away", "refusing", "dripping"])
def test_a_webserver_that_is_away_or_slow_holds_nobody_up(
    house: Settings, tenant: TenantId, webserver: Webserver, how: str
) -> None:
    webserver.status, webserver.drips = (502 if how == "refusing" else 200), how == "dripping"
    address = "http://127.0.0.1:9" if how == "away" else webserver.address
    with console_beside(house, tenant, address) as people:
        answer = people[MemberRole.ADMIN].forms().get("/runs")
    assert "The Dagster UI does not answer" in answer.text
    assert "Sending does not need it" in answer.text


def test_a_silent_daemon_and_a_sensor_that_is_off_say_what_to_do(
    house: Settings, tenant: TenantId, webserver: Webserver
) -> None:
    webserver.says = told(healthy=False, on="STOPPED")
    with console_beside(house, tenant, webserver.address) as people:
        page = people[MemberRole.ADMIN].forms().get("/runs").text
    assert "Silent: Sensor." in page
    assert "Switched off: alerts." in page
    assert page.count("What to do:") >= 2


def test_requested_runs_say_who_asked_and_what_became_of_it(
    house: Settings, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    for reader in (marketer, strangers[MemberRole.ADMIN]):
        done(house, reader, f"run of {reader.tenant}", {"feeds": 7, "entries": 1234})
    ask(house, marketer, RunKind.VERIFY_AUDIT)
    page = marketer.forms().get("/runs").text
    assert "Read the feeds" in page
    assert "feeds: 7, entries: 1,234" in page
    assert "Waiting for a run" in page
    assert "Marketer of" in page
    assert f"run%20of%20{marketer.tenant}" in page
    assert f"run%20of%20{strangers[MemberRole.ADMIN].tenant}" not in page


def test_the_gate_says_when_it_looked_last(house: Settings, marketer: Person) -> None:
    with records.session(house, Role.PIPELINES) as session:
        gate.watch(session, "a sensor", WatcherKind.SENSOR)
    page = marketer.forms().get("/runs").text
    assert "Looks for approved work all the time." in page


def test_more_requests_take_no_more_statements(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()

    def asked(count: int) -> None:
        for _ in range(count):
            done(house, marketer, "a run", {})

    asked(1)
    with counted(house) as few:
        forms.get("/runs")
    asked(30)
    with counted(house) as many:
        page = forms.get("/runs").text
    assert len(many) == len(few)
    assert 'rel="next"' in page


def test_every_kind_of_request_has_its_job_and_its_words() -> None:
    from console.frame import wording
    from marketing_pipelines.defs.requests.automation import requested_runs as sensor

    assert {job_of(kind) for kind in RunKind} == {job.name for job in sensor.jobs}
    assert set(wording.REQUESTED) == set(RunKind)
