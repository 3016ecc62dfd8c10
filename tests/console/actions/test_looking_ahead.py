"""A new ad campaign is looked through by its platform when it is submitted: what that would refuse nobody is asked to sign."""

import dataclasses
from typing import Any

import httpx
import pytest

from connectors.face import Channel
from connectors.sandbox import CREDENTIALS, endpoint
from store import records
from store.audit import Actor, ActorKind
from store.records import accounts, connections
from store.settings import Role, Settings
from tests.console.visitors import Person

OPERATOR = Actor(ActorKind.OPERATOR, "test")
ACCOUNTS = {Channel.GOOGLE_ADS: "1112223333", Channel.META: "555000111", Channel.LINKEDIN: "500600100"}
AIMED = {"countries": ["DE"], "language": "de", "highest_bid": "3"}
CLOSED = "http://127.0.0.1:9"


def connect(house: Settings, person: Person, channel: Channel, address: str) -> None:
    options = dataclasses.asdict(endpoint(channel, address))
    with records.session(house, Role.OWNER) as session:
        row = connections.connect(
            session, house, OPERATOR, person.tenant, channel, "Ads", CREDENTIALS[channel], options=options
        )
        accounts.read_from_now_on(session, OPERATOR, row, ACCOUNTS[channel], "Shop", currency="EUR")


def submit(person: Person, channel: Channel, **said: Any) -> tuple[httpx.Response, dict[str, Any]]:
    """What is answered, and the action as it stands then."""
    payload = {
        "platform": channel.value,
        "account": ACCOUNTS[channel],
        "change": "create",
        "name": "Spring",
        "daily_budget": "40",
        **({} if channel is Channel.META else AIMED),
    }
    dry_run = said.pop("dry_run", False)
    with person.api() as api:
        wanted = {"type": "ad_change", "payload": payload | said, "dry_run": dry_run}
        number = api.post("/actions", json=wanted).raise_for_status().json()["id"]
        answer = api.post(f"/actions/{number}/submit")
        return answer, api.get(f"/actions/{number}").raise_for_status().json()


@pytest.mark.parametrize("channel", ACCOUNTS)
def test_a_good_one_is_submitted_and_nothing_is_made(
    house: Settings, providers: str, marketer: Person, channel: Channel
) -> None:
    connect(house, marketer, channel, providers)
    answer, action = submit(marketer, channel)
    assert answer.status_code == 200, answer.text
    assert (action["state"], action["findings"]) == ("pending_approval", [])
    accepted = httpx.get(f"{providers}/_sandbox/accepted", params={"channel": channel}).json()
    assert not any("Spring" in str(each) for each in accepted)


@pytest.mark.parametrize(
    ("channel", "wrong", "field"),
    [
        # Meta says in words alone what it is about.
        (Channel.META, {"daily_budget": "0.50"}, "change"),
        (Channel.GOOGLE_ADS, {"countries": ["XX"]}, "countries"),
        (Channel.LINKEDIN, {"countries": ["XX"]}, "countries"),
    ],
)
def test_what_its_platform_would_refuse_stays_a_draft_and_names_the_field(
    house: Settings, providers: str, marketer: Person, channel: Channel, wrong: dict[str, Any], field: str
) -> None:
    connect(house, marketer, channel, providers)
    answer, action = submit(marketer, channel, **wrong)
    assert (answer.status_code, action["state"]) == (422, "draft"), answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [f"payload.{field}"]


def test_a_platform_that_is_away_keeps_nobody_from_asking_and_that_stands_out(
    house: Settings, marketer: Person
) -> None:
    connect(house, marketer, Channel.META, CLOSED)
    answer, action = submit(marketer, Channel.META)
    assert (answer.status_code, action["state"]) == (200, "pending_approval"), answer.text
    [found] = action["findings"]
    assert found["code"] == "not_looked_through"
    assert "Meta" in found["text"]


def test_a_rehearsal_asks_nobody(house: Settings, marketer: Person) -> None:
    connect(house, marketer, Channel.META, CLOSED)
    _, action = submit(marketer, Channel.META, dry_run=True)
    assert (action["state"], action["findings"]) == ("pending_approval", [])


def test_without_a_connection_nobody_is_asked(marketer: Person) -> None:
    _, action = submit(marketer, Channel.META)
    assert (action["state"], action["findings"]) == ("pending_approval", [])
