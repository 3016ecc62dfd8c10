"""A stand-in for every provider's API: `python -m connectors.sandbox --port 8790`."""

from types import MappingProxyType

from connectors.face import Channel, Endpoint
from connectors.sandbox import (
    bitly,
    buffer,
    cms,
    google_ads,
    linkedin,
    meta,
    meta_graph,
    reddit,
    sendgrid,
    slack,
    sms,
    stripe,
    tiktok,
    tiktok_account,
    x,
    youtube,
)
from connectors.sandbox.app import create_app

CREDENTIALS = MappingProxyType(
    {
        Channel.GOOGLE_ADS: google_ads.CREDENTIALS,
        Channel.META: meta.CREDENTIALS,
        Channel.LINKEDIN: linkedin.CREDENTIALS,
        Channel.TIKTOK: tiktok.CREDENTIALS,
        Channel.TIKTOK_ACCOUNT: tiktok_account.CREDENTIALS,
        Channel.REDDIT: reddit.CREDENTIALS,
        Channel.X: x.CREDENTIALS,
        Channel.SENDGRID: sendgrid.CREDENTIALS,
        Channel.SMS: sms.CREDENTIALS,
        Channel.SLACK: slack.CREDENTIALS,
        Channel.CMS: cms.CREDENTIALS,
        Channel.YOUTUBE: youtube.CREDENTIALS,
        Channel.STRIPE: stripe.CREDENTIALS,
        Channel.BITLY: bitly.CREDENTIALS,
        Channel.BUFFER: buffer.CREDENTIALS,
    }
)
"""What opens the sandbox's accounts, by channel."""

_VERSIONS = {
    Channel.GOOGLE_ADS: google_ads.VERSION,
    Channel.META: meta_graph.VERSION,
    Channel.LINKEDIN: linkedin.VERSION,
    Channel.TIKTOK: tiktok.VERSION,
    Channel.TIKTOK_ACCOUNT: tiktok_account.VERSION,
    Channel.REDDIT: reddit.VERSION,
    Channel.X: x.VERSION,
    Channel.SENDGRID: sendgrid.VERSION,
    Channel.SMS: sms.VERSION,
    Channel.SLACK: slack.VERSION,
    Channel.CMS: cms.VERSION,
    Channel.YOUTUBE: youtube.VERSION,
    Channel.STRIPE: stripe.VERSION,
    Channel.BITLY: bitly.VERSION,
    Channel.BUFFER: buffer.VERSION,
}


def endpoint(channel: Channel, address: str) -> Endpoint:
    """Where a channel finds its provider's stand-in at the sandbox's address ("http://127.0.0.1:8790")."""
    base_url = f"{address.rstrip('/')}/{channel}"
    return Endpoint(
        base_url=base_url,
        version=_VERSIONS[channel],
        token_url=f"{base_url}/token",
        authorize_url=f"{base_url}/authorize",
    )


__all__ = ["CREDENTIALS", "create_app", "endpoint"]
