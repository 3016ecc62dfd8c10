"""What the command line asks of the Dagster webserver, which may be too busy to answer."""

from collections.abc import Iterator
from datetime import date

import pytest
from dagster_graphql.schema import create_schema
from graphql import parse, validate

from cli import dagster_ui
from cli.dagster_ui import RunFailed
from tests.cli.webserver import CUT_OFF, LAUNCHED, SILENT, Webserver, events, status
from tests.conftest import free_port_base

DAY = date(2026, 3, 10)


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[int]:
    server = Webserver(request.param)
    yield server.port
    server.close()


def run(port: int, within: float = 60) -> None:
    dagster_ui.run_job(port, "lineage_job", DAY, DAY, within)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_ui, "POLL_EVERY", 0.01)


@pytest.mark.parametrize(
    "answering", [[LAUNCHED, status("STARTED"), SILENT, CUT_OFF, status("SUCCESS")]], indirect=True
)
def test_a_question_that_is_not_answered_is_asked_again(answering: int) -> None:
    run(answering)


STEP = {
    "stepKey": "dbt_models",
    "error": {
        "message": "Error occurred",
        "errorChain": [{"error": {"message": "\x1b[31mCode: 60.\x1b[0m Unknown table\n"}}],
    },
}
PAGES = [events([{}, STEP], more=True), events([{"message": "Steps failed: dbt_models", "error": None}])]


@pytest.mark.parametrize(
    "answering", [[LAUNCHED, status("STARTED"), status("FAILURE"), *PAGES]], indirect=True
)
def test_a_run_that_fails_is_told_with_where_to_look_and_what_went_wrong(answering: int) -> None:
    with pytest.raises(RunFailed) as told:
        run(answering)
    assert str(told.value).splitlines() == [
        f"lineage_job is FAILURE: look at http://127.0.0.1:{answering}/runs/r1",
        "dbt_models: Code: 60. Unknown table",
    ]


@pytest.mark.parametrize(
    "answering",
    [[LAUNCHED, status("FAILURE"), events([{"message": "The worker was killed", "error": None}])]],
    indirect=True,
)
def test_a_run_whose_process_died_is_told_in_the_runs_own_words(answering: int) -> None:
    with pytest.raises(RunFailed, match=r"The worker was killed$"):
        run(answering)


@pytest.mark.parametrize("answering", [[LAUNCHED, status("FAILURE"), SILENT]], indirect=True)
def test_what_went_wrong_is_left_out_when_the_webserver_does_not_tell(answering: int) -> None:
    with pytest.raises(RunFailed, match=r"/runs/r1$"):
        run(answering)


@pytest.mark.parametrize("answering", [[LAUNCHED, SILENT]], indirect=True)
def test_nobody_waits_for_ever(answering: int) -> None:
    with pytest.raises(RunFailed, match="is UNKNOWN"):
        run(answering, within=0.1)


def runs(*ids: str) -> dict[str, object]:
    return {"runsOrError": {"results": [{"id": run_id} for run_id in ids]}}


@pytest.mark.parametrize(
    "answering",
    [[lost, SILENT, runs(), runs("r1"), status("STARTED"), status("SUCCESS")] for lost in (SILENT, CUT_OFF)],
    indirect=True,
)
def test_a_launch_that_was_not_answered_is_not_repeated_but_found(answering: int) -> None:
    run(answering)


@pytest.mark.parametrize("answering", [[SILENT, runs()]], indirect=True)
def test_a_run_that_never_came_about_is_told(answering: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_ui, "LAUNCHED_WITHIN", 0.3)
    with pytest.raises(RunFailed, match="was not launched: the Dagster UI went silent"):
        run(answering)


def test_a_house_that_is_down_is_told_at_once() -> None:
    with pytest.raises(RunFailed, match=r"the Dagster UI does not answer .*refused"):
        run(free_port_base())


def test_what_is_asked_is_what_dagster_answers() -> None:
    """Dagster's own schema, so that no query names a field that is not there."""
    schema = create_schema().graphql_schema
    asked = [text for name, text in vars(dagster_ui).items() if name.isupper() and "{" in str(text)]
    assert len(asked) == 9
    assert [(text, validate(schema, parse(text))) for text in asked] == [(text, []) for text in asked]
