"""Whatever channel has accounts tells which ones a connection may see, and with that whether it holds."""

import pytest

from connectors import CONNECTORS
from connectors.errors import AuthRevoked, Transient, UnexpectedAnswer
from connectors.face import Channel, FindsAccounts, FoundAccount
from connectors.sandbox.world import accounts_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox
from tests.connectors.test_insights_contract import made_up

CHANNELS = [channel for channel, connector in CONNECTORS.items() if hasattr(connector, "accounts")]

pytestmark = pytest.mark.parametrize("channel", CHANNELS)


def finder(sandbox: Sandbox, channel: Channel, **changed: str) -> FindsAccounts:
    found = sandbox.reader(channel, http=None, **changed)
    assert isinstance(found, FindsAccounts)
    return found


def test_the_accounts_are_the_providers_own(sandbox: Sandbox, channel: Channel):
    zones = {
        known.id: "UTC" if channel is Channel.LINKEDIN else known.time_zone for known in accounts_of(channel)
    }
    assert finder(sandbox, channel).accounts() == [
        FoundAccount(id=known.id, name=known.name, currency=known.currency, time_zone=zones[known.id])
        for known in accounts_of(channel)
    ]


def test_who_shows_a_wrong_token_sees_nothing(sandbox: Sandbox, channel: Channel):
    with pytest.raises(AuthRevoked) as revoked:
        finder(sandbox, channel, **made_up(channel)).accounts()
    assert "made-up-token" not in repr(revoked.value)


def test_passing_trouble_is_waited_out(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "server_error", times=2)
    assert finder(sandbox, channel).accounts()
    assert len(sandbox.waits) == 2


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"{"])
def test_an_answer_that_is_none_is_told(channel: Channel, body: bytes):
    keys = (
        "access_token",
        "developer_token",
        "consumer_key",
        "consumer_secret",
        "ads_token",
        "ads_token_secret",
    )
    given: dict[str, str] = dict.fromkeys(keys, "x")
    with answering((200, body)) as wire:
        opened = CONNECTORS[channel].connect(given, wire)
        assert isinstance(opened, FindsAccounts)
        with pytest.raises((UnexpectedAnswer, Transient)):
            opened.accounts()
