"""What people ask for over the API is done by a run that Dagster shows, and the API tells how it went."""

from uuid import uuid4

import dagster as dg

from marketing_pipelines.defs.campaigns.automation import take_in_recipients_job
from store.settings import Settings
from tests.console.requested import asked_for, run, told
from tests.console.visitors import Person

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


def test_a_request_whose_run_is_on_its_way_is_not_asked_for_again(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        request = api.post("/campaigns", json=BROUGHT).json()["intake"]["request_id"]
    asked = asked_for(house, request)
    assert asked
    coming = dg.DagsterRun(
        job_name="take_in_recipients_job",
        run_id=str(uuid4()),
        status=dg.DagsterRunStatus.STARTING,
        tags=dict(asked.tags),
    )
    instance = dg.DagsterInstance.ephemeral()
    instance.add_run(coming)
    assert asked_for(house, request, instance) is None
    instance = dg.DagsterInstance.ephemeral()
    instance.add_run(coming.with_status(dg.DagsterRunStatus.FAILURE))
    assert asked_for(house, request, instance), "one that never came is asked for again"
