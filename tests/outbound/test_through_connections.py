"""What leaves through a tenant's own connections: once, as it was signed, and looked for where an answer got lost."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.face import Capability, Channel
from connectors.publishing import Network
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.places import places_of
from connectors.sandbox.world import accounts_of
from marketing_pipelines.outbound.kinds.face import NotReady
from store import records
from store.audit import Actor, ActorKind
from store.records import accounts, actions, connections, places
from store.records.action_states import State
from store.records.actions import ActionType
from store.records.schema import ConnectionId
from store.settings import Role
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import Office, wait_for

__all__ = ["sandbox"]

SOMEBODY = Actor(ActorKind.OPERATOR, "test")
TRACKED = "https://shop.example/coats?utm_source=x&utm_medium=social"
ADS = (
    Channel.GOOGLE_ADS,
    Channel.META,
    Channel.LINKEDIN,
    Channel.TIKTOK,
    Channel.REDDIT,
    Channel.X,
)
AIMED = {Channel.LINKEDIN: {"countries": ["DE"], "language": "de", "highest_bid": "8.00"}}

by_platform = pytest.mark.parametrize("channel", ADS)


@pytest.fixture(autouse=True)
def _today(sandbox: Sandbox) -> None:
    sandbox.now = datetime.now(UTC)


def connect(
    office: Office, sandbox: Sandbox, channel: Channel, *, off: Capability | None = None
) -> ConnectionId:
    """Everything of the sandbox's provider that there is to be used."""
    with records.session(office.settings, Role.PIPELINES) as session:
        row = connections.connect(
            session, office.settings, SOMEBODY, office.tenant, channel, f"Our {channel}", CREDENTIALS[channel],
            options=dataclasses.asdict(endpoint(channel, sandbox.address)),
        )  # fmt: skip
        for each in accounts_of(channel):
            accounts.read_from_now_on(
                session, SOMEBODY, row, each.id, each.name, currency=each.currency, time_zone=each.time_zone
            )
        for place in places_of(channel):
            places.publish_to(session, SOMEBODY, row, place.network, place.id, place.name)
        if off:
            connections.switch(session, SOMEBODY, row, [off])
        return ConnectionId(row.id)


def account(channel: Channel, currency: str = "EUR") -> str:
    return next(each.id for each in accounts_of(channel) if each.currency == currency)


def of_our_own(office: Office, sandbox: Sandbox, channel: Channel) -> dict[str, str]:
    """How a change names a campaign that we have made."""
    office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(channel))
    office.send()
    [made] = sandbox.accepted(channel)
    return {"platform": channel.value, "account": account(channel), "campaign": str(made["id"])}


def a_campaign(channel: Channel, **changed: Any) -> dict[str, Any]:
    return {
        "platform": channel.value,
        "account": account(channel),
        "change": "create",
        "name": "Winter coats",
        "daily_budget": "25.50",
        **AIMED.get(channel, {}),
        **changed,
    }


def manifest(office: Office, action_id: Any) -> dict[str, Any]:
    with office.console() as session:
        version = actions.current_version(session, office.now(action_id))
    assert version is not None
    return version.manifest


def outcome_of(office: Office, action_id: Any) -> str:
    [told] = office.column("select outcome from deliveries where action_id = :id", action_id)
    return told


@by_platform
def test_a_campaign_is_made_paused_as_it_was_signed(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    number = connect(office, sandbox, channel)
    action_id = office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(channel))
    assert manifest(office, action_id)["connection"].endswith(f"through connection {number}")
    office.send()
    office.send()
    [made] = [each for each in sandbox.accepted(channel) if each["kind"] == "create"]
    assert (made["account"], made["is_running"], made["budget_micros"]) == (
        account(channel),
        False,
        25_500_000,
    )
    assert made["name"].startswith("Winter coats [mp:")
    assert office.now(action_id).outcome == {"mode": channel.value, "sent": 1}
    assert outcome_of(office, action_id) == f"made, paused: {made['id']}"


@by_platform
def test_pausing_budgets_and_running_are_signed_each_by_itself(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    there = of_our_own(office, sandbox, channel)
    for change in (
        {"change": "budget", "daily_budget": "12.00"},
        {"change": "run", "daily_budget": "12.00"},
        {"change": "pause"},
    ):
        office.approved(type=ActionType.AD_CHANGE, payload={**there, **change})
        office.send()
    told = [(each["kind"], each["budget_micros"]) for each in sandbox.accepted(channel)]
    assert told == [
        ("create", 25_500_000),
        ("budget", 12_000_000),
        ("run", 12_000_000),
        ("pause", 12_000_000),
    ]


@by_platform
def test_a_campaign_that_may_spend_more_than_was_signed_is_not_let_run(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    there = of_our_own(office, sandbox, channel)
    action_id = office.approved(
        type=ActionType.AD_CHANGE, payload={**there, "change": "run", "daily_budget": "25.49"}
    )
    office.send()
    assert [each["kind"] for each in sandbox.accepted(channel)] == ["create"]
    assert office.now(action_id).state is State.FAILED
    assert "may spend 25.5 a day, and 25.49 was signed" in outcome_of(office, action_id)


def test_a_budget_that_is_nobodys_own_is_not_let_run(office: Office, sandbox: Sandbox) -> None:
    """LinkedIn's standing campaigns hold two ad sets with a budget each."""
    connect(office, sandbox, Channel.LINKEDIN)
    number = accounts_of(Channel.LINKEDIN)[0].campaigns[0].id
    there = {"platform": "linkedin", "account": account(Channel.LINKEDIN), "campaign": number}
    action_id = office.approved(
        type=ActionType.AD_CHANGE, payload={**there, "change": "run", "daily_budget": "900.00"}
    )
    office.send()
    assert sandbox.accepted(Channel.LINKEDIN) == []
    assert "has no daily budget of its own" in outcome_of(office, action_id)


@by_platform
def test_an_answer_that_got_lost_is_looked_for_and_nothing_is_made_twice(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    account_id, number = account(channel), accounts_of(channel)[0].campaigns[0].id
    there = {"platform": channel.value, "account": account_id, "campaign": number}
    action_id = None
    for lost in range(6):
        sandbox.forget()
        action_id = office.approved(type=ActionType.AD_CHANGE, payload={**there, "change": "pause"})
        if lost:
            sandbox.order(channel, "slow", times=lost, delay_seconds=0.001)
        sandbox.order(channel, "accepted_then_silent")
        office.send()
        if outcome_of(office, action_id).startswith("its answer was lost; it is as it was to be"):
            break
    assert action_id is not None
    assert [each["kind"] for each in sandbox.accepted(channel)] == ["pause"]
    assert office.now(action_id).state is State.SUCCEEDED


@by_platform
def test_a_worker_killed_after_the_provider_accepted_makes_no_second_campaign(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    action_id = office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(channel))

    def is_made() -> bool:
        made = [each for each in sandbox.accepted(channel) if each["kind"] == "create"]
        if not made:
            sandbox.order(channel, "slow", times=1, delay_seconds=0.2)
        return bool(made)

    with office.sender() as worker:
        wait_for(is_made)
        worker.kill()
    office.let_leases_lapse(action_id)
    office.send()
    assert len([each for each in sandbox.accepted(channel) if each["kind"] == "create"]) == 1
    assert office.now(action_id).state in {State.SUCCEEDED, State.PARTIALLY_FAILED}


@by_platform
def test_money_in_another_currency_is_said_and_not_compared(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    in_yen = a_campaign(channel, account=account(channel, "JPY"), daily_budget="4000")
    if "highest_bid" in in_yen:
        in_yen["highest_bid"] = "900"
    action_id = office.draft(type=ActionType.AD_CHANGE, payload=in_yen)
    office.submit(action_id)
    signed = manifest(office, action_id)
    assert signed["cost"]["currency"] == "JPY"
    assert [each["code"] for each in signed["findings"]] == ["foreign_currency"]
    capped = office.draft(type=ActionType.AD_CHANGE, payload=in_yen, budget_cap=1000)
    with pytest.raises(NotReady, match="cannot be compared"):
        office.submit(capped)


@by_platform
def test_an_account_that_is_not_among_the_connected_is_refused(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    action_id = office.draft(type=ActionType.AD_CHANGE, payload=a_campaign(channel, account="4711"))
    with pytest.raises(NotReady, match="account: is none of those that are connected"):
        office.submit(action_id)


@by_platform
def test_what_is_switched_off_goes_as_far_as_a_rehearsal(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    connect(office, sandbox, channel, off=Capability.ADS)
    action_id = office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(channel))
    office.send()
    assert sandbox.accepted(channel) == []
    assert office.now(action_id).outcome == {"mode": "mock", "simulated": 1}


@by_platform
def test_a_dry_run_asks_the_provider_for_nothing(office: Office, sandbox: Sandbox, channel: Channel) -> None:
    connect(office, sandbox, channel)
    action_id = office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(channel), dry_run=True)
    office.send()
    assert sandbox.requests(channel) == 0
    assert office.now(action_id).outcome == {"mode": "dry_run", "simulated": 1}


@by_platform
def test_what_was_disconnected_after_the_signature_does_not_go(
    office: Office, sandbox: Sandbox, channel: Channel
) -> None:
    number = connect(office, sandbox, channel)
    action_id = office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(channel))
    with records.session(office.settings, Role.PIPELINES) as session:
        connections.disconnect(session, SOMEBODY, session.get_one(connections.Connection, number))
    office.send()
    assert sandbox.accepted(channel) == []
    assert "no longer handed over" in str(office.now(action_id).outcome)


POSTS = [
    (Network.FACEBOOK, Channel.META),
    (Network.INSTAGRAM, Channel.META),
    (Network.LINKEDIN, Channel.LINKEDIN),
    (Network.TIKTOK, Channel.TIKTOK_ACCOUNT),
    (Network.REDDIT, Channel.REDDIT),
    (Network.YOUTUBE, Channel.YOUTUBE),
    (Network.X, Channel.X),
    (Network.BUFFER, Channel.BUFFER),
]
by_network = pytest.mark.parametrize(("network", "channel"), POSTS)


def a_post(sandbox: Sandbox, network: Network, **changed: Any) -> dict[str, Any]:
    place = next(each for channel in Channel for each in places_of(channel) if each.network is network)
    media = {
        Network.INSTAGRAM: {"image": f"{sandbox.address}/_sandbox/picture.jpg"},
        Network.TIKTOK: {"image": f"{sandbox.address}/_sandbox/picture.jpg"},
        Network.YOUTUBE: {
            "image": f"{sandbox.address}/_sandbox/video.mp4",
            "made_for_kids": False,
            "synthetic": False,
        },
    }
    return {
        "network": network.value,
        "text": "New coats (and boots).",
        "place": place.id,
        **media.get(network, {}),
        **changed,
    }


@by_network
def test_a_post_appears_where_and_as_it_was_signed(
    office: Office, sandbox: Sandbox, network: Network, channel: Channel
) -> None:
    connect(office, sandbox, channel)
    payload = a_post(sandbox, network)
    action_id = office.approved(type=ActionType.SOCIAL_POST, payload=payload)
    office.send()
    [shown] = [each for each in sandbox.accepted(channel) if each["kind"] == "post"]
    assert (shown["place"], shown["text"]) == (payload["place"], "New coats (and boots).")
    assert office.now(action_id).outcome == {"mode": channel.value, "sent": 1}
    assert outcome_of(office, action_id).startswith("published: ")


@by_network
def test_a_post_whose_answer_got_lost_is_found_where_it_appeared(
    office: Office, sandbox: Sandbox, network: Network, channel: Channel
) -> None:
    """Every answer of the run is lost in turn, until one run loses none."""
    connect(office, sandbox, channel)
    for lost in range(1, 8):
        action_id = office.approved(
            type=ActionType.SOCIAL_POST, payload=a_post(sandbox, network, text=f"Number {lost}")
        )
        sandbox.forget()
        if lost > 1:
            sandbox.order(channel, "slow", times=lost - 1, delay_seconds=0.001)
        sandbox.order(channel, "accepted_then_silent")
        office.send()
        shown = [each["text"] for each in sandbox.accepted(channel) if each["kind"] == "post"]
        assert shown.count(f"Number {lost}") <= 1
        if office.now(action_id).state is State.SUCCEEDED:
            assert shown.count(f"Number {lost}") == 1


@pytest.mark.parametrize(
    ("changed", "amount"),
    [({}, "0.015"), ({"link": TRACKED}, "0.20"), ({"text": "More at example.com"}, "0.20")],
)
def test_what_a_post_costs_stands_in_what_is_signed(
    office: Office, sandbox: Sandbox, changed: dict[str, str], amount: str
) -> None:
    connect(office, sandbox, Channel.X)
    payload = a_post(sandbox, Network.X, **changed)
    action_id = office.draft(type=ActionType.SOCIAL_POST, payload=payload)
    office.submit(action_id)
    signed = manifest(office, action_id)
    assert (signed["cost"]["amount"], signed["cost"]["currency"]) == (amount, "USD")
    assert f"{amount} USD for a post" in signed["cost"]["basis"]
    assert signed["findings"] == []


def test_where_several_are_connected_one_is_named(office: Office, sandbox: Sandbox) -> None:
    connect(office, sandbox, Channel.META)
    payload = {**a_post(sandbox, Network.FACEBOOK)}
    del payload["place"]
    action_id = office.draft(type=ActionType.SOCIAL_POST, payload=payload)
    with pytest.raises(NotReady, match=r"place: say which one: 333000111 \(Lindgrün\), 333000222"):
        office.submit(action_id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"link": "https://shop.example/coats"}, "link"),
        ({"text": "Look: https://shop.example/coats"}, "text"),
    ],
)
def test_a_link_that_does_not_say_where_it_was_is_refused(
    office: Office, sandbox: Sandbox, change: dict[str, str], field: str
) -> None:
    connect(office, sandbox, Channel.META)
    action_id = office.draft(type=ActionType.SOCIAL_POST, payload=a_post(sandbox, Network.FACEBOOK, **change))
    with pytest.raises(NotReady, match=f"{field}: https://shop.example/coats does not say where it was"):
        office.submit(action_id)
    tracked = office.draft(
        type=ActionType.SOCIAL_POST, payload=a_post(sandbox, Network.FACEBOOK, link=TRACKED)
    )
    office.submit(tracked)


def test_a_connection_that_broke_says_so_and_tells_the_house(office: Office, sandbox: Sandbox) -> None:
    number = connect(office, sandbox, Channel.META)
    action_id = office.approved(type=ActionType.AD_CHANGE, payload=a_campaign(Channel.META))
    sandbox.order(Channel.META, "expired_token", times=10)
    office.send()
    with records.session(office.settings, Role.PIPELINES) as session:
        row = session.get_one(connections.Connection, number)
        assert row.status is connections.ConnectionStatus.NEEDS_RECONNECT
    assert office.now(action_id).state is not State.SUCCEEDED
    assert [each for each in sandbox.accepted(Channel.META) if each["kind"] == "create"] == []
