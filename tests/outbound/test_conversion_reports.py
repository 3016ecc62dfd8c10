"""Conversions are told to the platform whose ad was clicked: each once, signed, or by a rule that was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.conversions import TakesConversions
from connectors.face import Capability, Channel
from connectors.sandbox.google_ads_conversions import gclid
from connectors.sandbox.world import accounts_of
from marketing_pipelines.outbound import standing
from marketing_pipelines.outbound.freeze import freeze
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.payloads import PayloadError
from marketing_pipelines.outbound.standing import NotCovered
from store import records
from store.records import actions, goals, standing_approvals
from store.records.action_states import State
from store.records.actions import ActionType
from store.records.schema import ActionId, StandingId
from store.settings import Role
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import Office
from tests.outbound.test_through_connections import connect

__all__ = ["sandbox"]

REPORTED = ActionType.CONVERSION_REPORT
CLICKS = {Channel.GOOGLE_ADS: "gclid", Channel.META: "fbclid"}
EVENTS = {Channel.GOOGLE_ADS: "Sale", Channel.META: "Purchase"}

by_platform = pytest.mark.parametrize("channel", CLICKS)


@pytest.fixture(autouse=True)
def _today(sandbox: Sandbox) -> None:
    sandbox.now = datetime.now(UTC)


def a_goal(office: Office) -> int:
    with records.session(office.settings, Role.OWNER) as session:
        return goals.headline(session, office.tenant).id


def target(sandbox: Sandbox, channel: Channel) -> str:
    opened = sandbox.connector(channel)
    assert isinstance(opened, TakesConversions)
    found = opened.conversion_targets(accounts_of(channel)[0].id)
    return next(each.id for each in found if each.is_open)


def a_report(office: Office, sandbox: Sandbox, channel: Channel, **changed: Any) -> dict[str, Any]:
    return {
        "platform": channel.value,
        "account": accounts_of(channel)[0].id,
        "target": target(sandbox, channel),
        "goal": a_goal(office),
        "event": EVENTS[channel],
        **changed,
    }


def a_conversion(channel: Channel, number: int = 1, **changed: Any) -> dict[str, Any]:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    return {
        "id": f"order-{number}",
        "at": at.isoformat(),
        "value": "12.50",
        "currency": accounts_of(channel)[0].currency,
        "click": CLICKS[channel],
        "click_id": gclid(at - timedelta(hours=3), f"a{number}"),
        "clicked_at": (at - timedelta(hours=3)).isoformat(),
        "page": "https://shop.example/thanks",
        "browser": "Mozilla/5.0 (X11; Linux x86_64) Chrome/150",
        **changed,
    }


def told(sandbox: Sandbox, channel: Channel) -> list[str]:
    """Which conversions the platform counts."""
    return [str(each["id"]) for each in sandbox.accepted(channel) if each["kind"] == "conversion"]


def outcomes(office: Office, action_id: ActionId) -> list[str]:
    return office.column("select outcome from deliveries where action_id = :id order by id", action_id)


@by_platform
def test_what_was_signed_is_told_once(office: Office, sandbox: Sandbox, channel: Channel) -> None:
    number = connect(office, sandbox, channel)
    wanted = [a_conversion(channel, n) for n in (1, 2)]
    action_id = office.approved(type=REPORTED, payload=a_report(office, sandbox, channel, conversions=wanted))
    with office.console() as session:
        version = actions.current_version(session, office.now(action_id))
    assert version is not None
    assert version.manifest["connection"].endswith(f"through connection {number}")
    assert version.manifest["recipients"]["count"] == 2
    office.send()
    office.send()
    assert told(sandbox, channel) == ["order-1", "order-2"]
    assert office.now(action_id).outcome == {"mode": channel.value, "sent": 2}
    assert outcomes(office, action_id) == ["was taken"] * 2


def test_what_a_platform_does_not_take_waits_for_a_person_and_the_others_are_told(
    office: Office, sandbox: Sandbox
) -> None:
    channel = Channel.GOOGLE_ADS
    connect(office, sandbox, channel)
    old = datetime.now(UTC) - timedelta(days=200)
    wanted = [
        a_conversion(channel, 1),
        a_conversion(channel, 2, at=old.isoformat(), clicked_at=old.isoformat()),
        a_conversion(channel, 3),
    ]
    action_id = office.approved(type=REPORTED, payload=a_report(office, sandbox, channel, conversions=wanted))
    office.send()
    assert told(sandbox, channel) == ["order-1", "order-3"]
    assert office.now(action_id).state is State.PARTIALLY_FAILED
    assert office.delivered(action_id) == {"sent": 2, "failed": 1}
    [reason] = [said for said in outcomes(office, action_id) if said != "was taken"]
    assert "90 days" in reason


def test_a_lost_answer_is_left_to_a_person_and_told_again_it_counts_once(
    office: Office, sandbox: Sandbox
) -> None:
    channel = Channel.GOOGLE_ADS
    connect(office, sandbox, channel)
    report = a_report(office, sandbox, channel, conversions=[a_conversion(channel)])
    action_id = office.approved(type=REPORTED, payload=report)
    sandbox.order(channel, "accepted_then_silent")
    office.send()
    assert office.delivered(action_id) == {"unknown": 1}
    again = office.approved(type=REPORTED, payload=report)
    office.send()
    assert told(sandbox, channel) == ["order-1"]
    assert outcomes(office, again) == ["was counted before"]


@by_platform
def test_a_rule_lets_its_reports_through_and_no_others(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    number = in_force(office, sandbox, channel)
    draw(office, number, a_report(office, sandbox, channel, conversions=[a_conversion(channel)]))
    office.send()
    assert told(sandbox, channel) == ["order-1"]
    for changed, why in (
        ({"event": "Lead"}, "another event"),
        ({"target": "999"}, "another target"),
    ):
        other = a_report(office, sandbox, channel, conversions=[a_conversion(channel, 9)]) | changed
        with pytest.raises(NotCovered, match=why):
            draw(office, number, other)
    with pytest.raises(NotCovered, match="for reports of conversions"):
        draw(office, number, a_report(office, sandbox, channel, most=5, until="2099-01-01"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, "give most and until, for a rule, or the conversions"),
        ({"most": 5}, "give most and until"),
        ({"most": 5, "until": "2099-01-01", "conversions": [a_conversion(Channel.META)]}, "give most and"),
        ({"conversions": [a_conversion(Channel.META)] * 2}, "order-1 is told twice"),
        ({"conversions": []}, "at least 1"),
        ({"conversions": [a_conversion(Channel.META, id="ann@example.com")]}, "pattern"),
        ({"conversions": [a_conversion(Channel.META, value="-1")]}, "greater than or equal"),
        ({"conversions": [a_conversion(Channel.META, click_id="a b")]}, "pattern"),
        ({"conversions": [a_conversion(Channel.META, email="ann@example.com")]}, "not permitted"),
    ],
)
def test_a_report_is_whole_or_refused(
    office: Office, sandbox: Sandbox, changed: dict[str, Any], why: str
) -> None:
    payload = a_report(office, sandbox, Channel.META, **changed)
    with pytest.raises(PayloadError) as refused:
        office.draft(type=REPORTED, payload=json.loads(json.dumps(payload)))
    assert why in str(refused.value)


def test_a_goal_of_somebody_else_is_none(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.META)
    payload = a_report(office, sandbox, Channel.META, conversions=[a_conversion(Channel.META)], goal=2**40)
    with pytest.raises(NotReady, match="there is no goal"):
        office.submit(office.draft(type=REPORTED, payload=payload))


def test_an_account_that_may_not_be_used_for_it_is_told_nothing(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.META, off=Capability.CONVERSIONS)
    payload = a_report(office, sandbox, Channel.META, conversions=[a_conversion(Channel.META)])
    action_id = office.approved(type=REPORTED, payload=payload)
    office.send()
    assert office.delivered(action_id) == {"simulated": 1}
    assert told(sandbox, Channel.META) == []


def test_a_draft_that_was_changed_behind_the_signature_is_not_told(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.META)
    payload = a_report(office, sandbox, Channel.META, conversions=[a_conversion(Channel.META)])
    action_id = office.approved(type=REPORTED, payload=payload)
    office.tamper(
        """update actions set payload = jsonb_set(payload, '{conversions,0,value}', '"99.00"') where id = :id""",
        action_id,
    )
    office.send()
    assert told(sandbox, Channel.META) == []
    assert office.now(action_id).state is not State.SUCCEEDED


def in_force(office: Office, sandbox: Sandbox, channel: Channel, most: int = 10) -> StandingId:
    until = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    rule = office.approved(type=REPORTED, payload=a_report(office, sandbox, channel, most=most, until=until))
    office.send()
    [number] = office.column("select id from standing_approvals where action_id = :id", rule)
    return StandingId(number)


def draw(office: Office, number: StandingId, payload: dict[str, Any]) -> None:
    action_id = office.draft(type=REPORTED, payload=payload, standing=number)
    with office.console() as session:
        action = office.locked(session, action_id)
        frozen = freeze(session, office.settings, action)
        version = actions.submit(session, action, frozen, office.by(office.author), by=office.author)
        standing.approve(session, action, version, office.by(office.author))
        assert standing_approvals.locked(session, office.tenant, number) is not None
