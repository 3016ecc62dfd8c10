"""The one question, put to whichever provider the call claims to come from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import httpx

from collector.hooks import (
    google_ads,
    mailgun,
    meta,
    postmark,
    proofs,
    pubsub,
    sendgrid,
    ses,
    slack,
    standard,
    stripe,
    twilio,
)
from collector.hooks.calls import Call, NotGenuine, UnusableSecret, Verified
from collector.hooks.fetching import PATIENCE_SECONDS
from collector.hooks.providers import Provider

# The largest batches are SendGrid's, of some 800 KB.
LARGEST_BODY = 2 * 1024 * 1024

_BY_SECRET: Mapping[Provider, Callable[[Call, str], Verified]] = MappingProxyType(
    {
        Provider.SENDGRID: sendgrid.verify,
        Provider.POSTMARK: postmark.verify,
        Provider.MAILGUN: mailgun.verify,
        Provider.STRIPE: stripe.verify,
        Provider.META: meta.verify,
        Provider.GOOGLE: google_ads.verify,
        Provider.SLACK: slack.verify,
        Provider.TWILIO: twilio.verify,
        Provider.STANDARD: standard.verify,
    }
)
_FORM_OF_SECRET: Mapping[Provider, Callable[[str], object]] = MappingProxyType(
    {
        Provider.SENDGRID: sendgrid.key_of,
        Provider.SES: ses.topic_of,
        Provider.POSTMARK: proofs.token_of,
        Provider.META: meta.secret_of,
        Provider.GOOGLE: proofs.token_of,
        Provider.PUBSUB: pubsub.expected_of,
        Provider.TWILIO: twilio.secret_of,
        Provider.STANDARD: standard.key_of,
    }
)


class Authorities:
    """Amazon and Google, whose keys are published and not kept here."""

    def __init__(self, http: httpx.AsyncClient, patience: float = PATIENCE_SECONDS) -> None:
        self.certificates = ses.SigningCertificates(http, patience)
        self.google_keys = pubsub.GoogleKeys(http, patience)


async def verify(provider: Provider, call: Call, secret: str, authorities: Authorities) -> Verified:
    """What the call says about itself, if the provider with this secret has made it; NotGenuine if not.

    CannotVerifyNow is raised when Amazon or Google could not be asked. Trying another secret is cheap.
    """
    if not secret.strip():
        raise UnusableSecret(f"No secret is kept for {provider}.")
    if len(call.body) > LARGEST_BODY:
        raise NotGenuine(f"The body is over {LARGEST_BODY} bytes, which no provider sends.")
    match provider:
        case Provider.SES:
            return await ses.verify(call, secret, authorities.certificates)
        case Provider.PUBSUB:
            return await pubsub.verify(call, secret, authorities.google_keys)
        case _:
            return _BY_SECRET[provider](call, secret)


def check_secret(provider: Provider, secret: str) -> None:
    """Raises UnusableSecret, with what is to be entered instead, before such a secret is kept."""
    if not secret.strip() or secret != secret.strip():
        raise UnusableSecret("The secret is empty, or has blanks around it.")
    if form_of := _FORM_OF_SECRET.get(provider):
        form_of(secret)
