"""What people ask for over the API is done by a run that Dagster shows, and the API tells how it went."""

from typing import Any

import dagster as dg

from marketing_pipelines.defs.campaigns.automation import take_in_recipients_job
from marketing_pipelines.defs.requests.automation import requested_runs
from store.settings import Settings
from tests.console.visitors import Person
from tests.outbound.office import house_resource


def asked_for(house: Settings, request: int) -> dg.RunRequest | None:
    """The run that the sensor wants for a request, if it wants one."""
    context = dg.build_sensor_context(resources={"house": house_resource(house)})
    tick = requested_runs.evaluate_tick(context)
    found = [each for each in tick.run_requests or [] if each.tags["mp/request"] == str(request)]
    return found[0] if found else None


def run(house: Settings, asked: dg.RunRequest, *jobs: dg.JobDefinition) -> dg.ExecuteInProcessResult:
    """The run, as the daemon would start it."""
    definitions = dg.Definitions(
        jobs=jobs, resources={"house": house_resource(house)}, executor=dg.in_process_executor
    )
    assert asked.job_name
    job = definitions.resolve_job_def(asked.job_name)
    return job.execute_in_process(run_config=asked.run_config, tags=asked.tags, raise_on_error=False)


def told(result: dg.ExecuteInProcessResult, op: str) -> dict[str, Any]:
    """What the run shows of its outcome."""
    [output] = [
        event.step_output_data
        for event in result.all_events
        if event.is_successful_output and event.node_name == op
    ]
    return {name: value.value for name, value in output.metadata.items()}


BROUGHT = {
    "title": "Spring is here",
    "message": "Hello,\n\ncome and see.",
    "recipient_emails": ["ann@example.com", "ben@example.com", "nobody", "ANN@example.com"],
}


def test_recipients_that_come_with_a_campaign_are_taken_in(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        answer = api.post("/campaigns", json=BROUGHT)
        assert answer.status_code == 201, answer.text
        campaign = answer.json()
        assert campaign["name"] == "Spring is here"
        assert (campaign["intake"]["state"], campaign["intake"]["lines"]) == ("waiting", 4)
        request = campaign["intake"]["request_id"]
        asked = asked_for(house, request)
        assert asked
        assert (asked.job_name, asked.tags["mp/tenant"]) == ("take_in_recipients_job", str(marketer.tenant))
        result = run(house, asked, take_in_recipients_job)
        assert result.success
        shown = told(result, "take_in_recipients")
        assert (shown["new"], shown["repeated"], shown["invalid"]) == (2, 1, 1)
        assert asked_for(house, request) is None

        intake = api.get(f"/campaigns/{campaign['id']}").json()["intake"]
        assert (intake["state"], intake["new"], intake["taken"]) == ("done", 2, 4)
        assert [problem["line"] for problem in intake["problems"]] == [3]
        assert api.get("/campaigns").json()["items"][0]["intake"] == intake
        draft = api.get(f"/actions/{intake['action_id']}").json()
        assert draft["payload"] == {
            "groups": [intake["group_id"]],
            "subject": "Spring is here",
            "body": "Hello,\n\ncome and see.",
        }
        assert (draft["state"], draft["author_id"]) == ("draft", marketer.id)
        members = api.get(f"/groups/{intake['group_id']}/recipients").json()["items"]
        assert [member["email"] for member in members] == ["ann@example.com", "ben@example.com"]
        followed = api.get(f"/requested-runs/{request}").json()
        assert (followed["state"], followed["run_id"]) == ("done", result.run_id)
        assert followed["outcome"]["new"] == 2


def test_an_intake_that_fails_says_why_and_so_does_its_run(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json=BROUGHT | {"recipient_emails": ["x", "y"]}).json()
        asked = asked_for(house, campaign["intake"]["request_id"])
        assert asked
        result = run(house, asked, take_in_recipients_job)
        assert not result.success
        intake = api.get(f"/campaigns/{campaign['id']}").json()["intake"]
    assert (intake["state"], intake["action_id"]) == ("failed", None)
    assert intake["reason"] == "None of the 2 lines is a mail address."


def test_a_second_run_for_the_same_finds_nothing_to_do(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json=BROUGHT).json()
        asked = asked_for(house, campaign["intake"]["request_id"])
        assert asked
        assert run(house, asked, take_in_recipients_job).success
        again = run(house, asked, take_in_recipients_job)
        assert again.success
        assert set(told(again, "take_in_recipients")) == {"request"}
        assert len(api.get("/actions").json()["items"]) == 1
