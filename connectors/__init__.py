"""The registry: every channel that can be connected, one entry each.

A new channel is a member of `Channel`, a module with a class of the same face, an entry here and a
contract test.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connectors.bitly import Bitly
from connectors.buffer import Buffer
from connectors.cms import Cms
from connectors.errors import Invalid
from connectors.face import Capability, Channel, Connector, ReadsInsights, SendsMail, Wire
from connectors.google_ads import GoogleAds
from connectors.linkedin import LinkedIn
from connectors.meta import Meta
from connectors.publishing import Network, PostLimits
from connectors.reddit import Reddit
from connectors.sendgrid import SendGrid
from connectors.slack import Slack
from connectors.sms import Sms
from connectors.smtp import Smtp
from connectors.stripe import Stripe
from connectors.tiktok import TikTok
from connectors.tiktok_account import TikTokAccount
from connectors.x import X
from connectors.youtube import YouTube

CONNECTORS: Mapping[Channel, type[Connector]] = MappingProxyType(
    {
        connector.channel: connector
        for connector in (
            GoogleAds,
            Meta,
            LinkedIn,
            TikTok,
            TikTokAccount,
            Reddit,
            YouTube,
            X,
            Buffer,
            Smtp,
            SendGrid,
            Sms,
            Slack,
            Cms,
            Stripe,
            Bitly,
        )
    }
)

# How long a post may be and what it may carry, by where it is read.
POST_LIMITS: Mapping[Network, PostLimits] = MappingProxyType(
    {
        network: limits
        for connector in CONNECTORS.values()
        for network, limits in getattr(connector, "post_limits", {}).items()
    }
)


def channels_with(capability: Capability) -> tuple[Channel, ...]:
    """The channels that can do one thing, in the order of the registry."""
    return tuple(channel for channel, connector in CONNECTORS.items() if capability in connector.capabilities)


def insights_reader(channel: Channel, credentials: Mapping[str, Any], wire: Wire) -> ReadsInsights:
    """Open a channel to read what its advertising did."""
    connection = CONNECTORS[channel].connect(credentials, wire)
    if not isinstance(connection, ReadsInsights):
        raise Invalid(what="this channel has no insights", where=channel, field="channel")
    return connection


def mail_sender(channel: Channel, credentials: Mapping[str, Any], wire: Wire) -> SendsMail:
    """Open a channel to send mail; close it when the run is over."""
    connection = CONNECTORS[channel].connect(credentials, wire)
    if not isinstance(connection, SendsMail):
        raise Invalid(what="this channel carries no mail", where=channel, field="channel")
    return connection
