"""The registry keeps its word: whatever a channel declares it can do, it does."""

import httpx
import pytest

from connectors import CONNECTORS, channels_with, insights_reader, mail_sender
from connectors.billing import TellsBilling
from connectors.conversions import TakesConversions
from connectors.errors import Invalid
from connectors.face import Capability, Channel, ReadsInsights, SendsMail, TakesWebHooks, Wire
from connectors.publishing import Publishes
from connectors.sandbox import CREDENTIALS
from connectors.short_links import ShortensLinks
from connectors.texting import SendsTexts

GIVEN = {**CREDENTIALS, Channel.SMTP: {"host": "127.0.0.1", "port": "2525", "tls": "none"}}


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_a_connector_that_keeps_its_promises(channel: Channel):
    with httpx.Client() as http:
        connection = CONNECTORS[channel].connect(GIVEN[channel], Wire(http=http))
    assert connection.channel is channel
    assert connection.title
    assert (Capability.INSIGHTS in connection.capabilities) == isinstance(connection, ReadsInsights)
    assert (Capability.MAIL in connection.capabilities) == isinstance(connection, SendsMail)
    assert (Capability.CHAT in connection.capabilities) <= isinstance(connection, Publishes)
    assert (Capability.WEBHOOKS in connection.capabilities) == isinstance(connection, TakesWebHooks)
    assert (Capability.TEXTS in connection.capabilities) == isinstance(connection, SendsTexts)
    assert (Capability.CONVERSIONS in connection.capabilities) == isinstance(connection, TakesConversions)
    assert (Capability.BILLING in connection.capabilities) == isinstance(connection, TellsBilling)
    assert (Capability.LINKS in connection.capabilities) == isinstance(connection, ShortensLinks)


def test_channels_by_what_they_can_do():
    assert channels_with(Capability.INSIGHTS) == (
        Channel.GOOGLE_ADS,
        Channel.META,
        Channel.LINKEDIN,
        Channel.TIKTOK,
        Channel.REDDIT,
        Channel.X,
    )
    assert channels_with(Capability.MAIL) == (Channel.SMTP, Channel.SENDGRID)
    assert channels_with(Capability.CHAT) == (Channel.SLACK,)
    assert channels_with(Capability.WEBHOOKS) == (Channel.CMS,)
    assert channels_with(Capability.TEXTS) == (Channel.SMS,)
    assert channels_with(Capability.CONVERSIONS) == (Channel.GOOGLE_ADS, Channel.META)
    assert channels_with(Capability.BILLING) == (Channel.STRIPE,)
    assert channels_with(Capability.LINKS) == (Channel.BITLY,)


def test_a_channel_is_not_asked_for_what_it_cannot_do():
    with httpx.Client() as http:
        with pytest.raises(Invalid):
            mail_sender(Channel.META, GIVEN[Channel.META], Wire(http=http))
        with pytest.raises(Invalid):
            insights_reader(Channel.SMTP, GIVEN[Channel.SMTP], Wire(http=http))
