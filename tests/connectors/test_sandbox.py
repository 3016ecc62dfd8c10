"""The stand-in itself: deterministic, strict where the provider is, and runnable as a program."""

import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime

import httpx
import pytest

from connectors.face import Channel
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.performance import World
from connectors.sandbox.world import ACCOUNTS
from tests.connectors.running_sandbox import Sandbox

SINCE, UNTIL = date(2026, 9, 1), date(2026, 9, 30)


def world(seed: int = 7) -> World:
    return World(seed, lambda: datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)
def test_a_seed_is_a_world(account):
    assert world().total(account, SINCE, UNTIL) == world().total(account, SINCE, UNTIL)
    assert world(8).total(account, SINCE, UNTIL) != world().total(account, SINCE, UNTIL)


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)
def test_a_month_is_plausible(account):
    month = world().total(account, SINCE, UNTIL)
    assert 0.005 < month.clicks / month.impressions < 0.08
    assert 0.01 < month.conversions / month.clicks < 0.1
    assert 1 < month.conversions_value_micros / month.spend_micros < 20
    smallest_coin = 10 ** (6 - account.decimals)
    assert month.spend_micros % smallest_coin == 0
    assert month.conversions_value_micros % smallest_coin == 0


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)
def test_three_campaigns_of_two_ad_groups_of_two_ads(account):
    assert [len(campaign.ad_groups) for campaign in account.campaigns] == [2, 2, 2]
    ads = [ad for campaign in account.campaigns for group in campaign.ad_groups for ad in group.ads]
    assert len({ad.id for ad in ads}) == len(ads) == 12


@pytest.mark.parametrize(
    "trouble",
    [
        {},
        {"channel": "myspace", "fault": "slow"},
        {"channel": "meta", "fault": "moody"},
        {"channel": "meta", "fault": "slow", "times": 0},
        {"channel": "meta", "fault": "slow", "delay_seconds": -1},
        {"channel": "meta", "fault": "slow", "surprise": 1},
    ],
)
def test_the_dial_refuses_what_it_does_not_know(sandbox: Sandbox, trouble: dict[str, object]):
    answer = sandbox.http.post(f"{sandbox.address}/_sandbox/faults", json=trouble)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_waits_for_the_requests_that_it_is_for(sandbox: Sandbox):
    sandbox.order(Channel.META, "server_error", at="GET */act_*/insights")
    sandbox.order(Channel.META, "rate_limited", at="POST *")
    assert list(sandbox.reader(Channel.META).insights("555000111", SINCE, SINCE))
    left = sandbox.http.get(f"{sandbox.address}/_sandbox/faults").json()
    assert (sandbox.waits, left["meta"]) == ([0.5], 1)


def test_the_dial_can_be_cleared(sandbox: Sandbox):
    sandbox.order(Channel.META, "server_error", times=10)
    sandbox.http.delete(f"{sandbox.address}/_sandbox/faults").raise_for_status()
    assert list(sandbox.reader(Channel.META).insights("555000111", SINCE, SINCE))
    assert sandbox.waits == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("DROP TABLE campaign", "UNEXPECTED_INPUT"),
        (
            "SELECT campaign.id FROM keyword WHERE segments.date BETWEEN '2026-09-01' AND '2026-09-02'",
            "BAD_RESOURCE",
        ),
        (
            "SELECT metrics.video_views FROM campaign WHERE segments.date BETWEEN '2026-09-01' AND '2026-09-02'",
            "FIELD",
        ),
        (
            "SELECT campaign.id FROM campaign WHERE segments.date BETWEEN '2026-09-31' AND '2026-09-02'",
            "INVALID_VALUE",
        ),
    ],
)
def test_google_refuses_a_query_in_its_own_words(sandbox: Sandbox, query: str, code: str):
    given = CREDENTIALS[Channel.GOOGLE_ADS]
    answer = sandbox.http.post(
        f"{sandbox.address}/google_ads/v25/customers/1112223333/googleAds:searchStream",
        json={"query": query},
        headers={
            "authorization": f"Bearer {given['access_token']}",
            "developer-token": given["developer_token"],
        },
    )
    assert answer.status_code == 400
    assert code in answer.text


def test_it_runs_as_a_program():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "connectors.sandbox", "--port", str(port)]
    with subprocess.Popen(command) as process:
        try:
            assert healthy(address, process)
            assert httpx.get(f"{address}/_sandbox/requests").json() == {}
        finally:
            process.terminate()
    assert process.returncode is not None


def healthy(address: str, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(600):
        if process.poll() is not None:
            return False
        try:
            return httpx.get(f"{address}/_sandbox/health").json() == {"ready": True}
        except httpx.TransportError:
            time.sleep(0.05)
    return False
