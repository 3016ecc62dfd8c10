"""A campaign that brings its recipients along: what is taken, what is refused, and how large it may be."""

import json
from typing import Any

import pytest

from store.records.people import MemberRole
from tests.console.visitors import Person

BROUGHT: dict[str, Any] = {"title": "News", "message": "Hello.", "recipient_emails": ["ann@example.com"]}


def test_a_hundred_thousand_addresses_are_answered_at_once(marketer: Person) -> None:
    addresses = [f"somebody.with.a.long.name.{n}@department.example.com" for n in range(100_000)]
    with marketer.api() as api:
        answer = api.post("/campaigns", json=BROUGHT | {"name": "All of them", "recipient_emails": addresses})
        assert answer.status_code == 201, answer.text
        assert answer.json()["name"] == "All of them"
        assert answer.json()["intake"]["lines"] == 100_000
        assert answer.json()["intake"]["state"] == "waiting"
        one_more = api.post("/campaigns", json=BROUGHT | {"recipient_emails": [*addresses, "x"]})
        assert (one_more.status_code, one_more.json()["errors"][0]["field"]) == (422, "recipient_emails")


def test_only_a_new_campaign_may_be_large(marketer: Person) -> None:
    large = {"name": "x", "objective": "x" * 2**20}
    with marketer.api() as api:
        assert api.post("/campaigns", json=large).status_code == 422
        for refused in (
            api.post("/projects", json=large),
            api.put("/campaigns/1", json=large),
            api.post("/campaigns", json={"name": "x" * 9 * 2**20}),
        ):
            assert refused.status_code == 413, refused.request.url


@pytest.mark.parametrize(
    "said",
    [
        {"title": "News"},
        {"title": "News", "message": "Hello."},
        {"name": "x", "message": "Hello.", "recipient_emails": ["a@example.com"]},
        BROUGHT | {"recipient_emails": []},
        BROUGHT | {"recipient_emails": "ann@example.com"},
        BROUGHT | {"recipient_emails": [1] * 50_000},
        BROUGHT | {"title": "two\nlines"},
        BROUGHT | {"title": " "},
        BROUGHT | {"title": "x" * 201},
        BROUGHT | {"message": " "},
        BROUGHT | {"message": "null \0"},
        {},
    ],
)
def test_half_a_list_is_refused(marketer: Person, said: dict[str, Any]) -> None:
    with marketer.api() as api:
        refused = api.post("/campaigns", json=said)
    assert refused.status_code == 422, refused.text
    assert len(refused.json()["errors"]) < 10


def test_lines_that_cannot_even_be_stored_are_lines_all_the_same(marketer: Person) -> None:
    lines = ["null \0", "half \ud800", "x" * 10_000, "ann@example.com"]
    with marketer.api() as api:
        answer = api.post(
            "/campaigns",
            content=json.dumps(BROUGHT | {"recipient_emails": lines}),
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code == 201, answer.text
    assert answer.json()["intake"]["lines"] == 4


def test_another_tenants_request_is_none(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    with people[MemberRole.ADMIN].api() as api, strangers[MemberRole.MARKETER].api() as stranger:
        request = stranger.post("/campaigns", json=BROUGHT).json()["intake"]["request_id"]
        assert api.get(f"/requested-runs/{request}").status_code == 404
        assert stranger.get(f"/requested-runs/{request}").json()["kind"] == "take_in_recipients"
