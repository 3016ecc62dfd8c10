"""The providers whose calls can be verified, and what people need to know to set each of them up."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Provider(StrEnum):
    """As it stands in the address of the hook."""

    SENDGRID = "sendgrid"
    SES = "ses"
    POSTMARK = "postmark"
    MAILGUN = "mailgun"
    STRIPE = "stripe"
    META = "meta"
    GOOGLE = "google"
    PUBSUB = "pubsub"
    SLACK = "slack"
    TWILIO = "twilio"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class About:
    """What the documentation says of one provider."""

    name: str
    credential: str
    found: str
    how_to: str
    proof: str
    repeats: str


ABOUT: Mapping[Provider, About] = MappingProxyType(
    {
        Provider.SENDGRID: About(
            name="SendGrid",
            credential="the verification key (a public key, one line of base64)",
            found="Settings → Mail Settings → Event Webhooks, once Signed Event Webhook is on",
            how_to="Enter the hook's address as the Post URL, turn Signed Event Webhook on, and copy the key it shows.",
            proof="ECDSA P-256 with SHA-256 over timestamp and body",
            repeats="Refused when older than 5 minutes; the call has no id, each event in it has its own.",
        ),
        Provider.SES: About(
            name="Amazon SES (through SNS)",
            credential="the ARN of the SNS topic (it is no secret, but messages of other topics are refused)",
            found="SNS → Topics",
            how_to="Subscribe the hook's address to the topic over HTTPS without raw delivery, then open the "
            "SubscribeURL of the message that arrives: it is never opened here.",
            proof="RSA over the message's fields, with SHA-256 (signature version 2) or SHA-1 (version 1)",
            repeats="Refused when published over 65 minutes ago, as SNS repeats for an hour; MessageId is the id.",
        ),
        Provider.POSTMARK: About(
            name="Postmark",
            credential="a random token of at least 16 characters, of your choice",
            found="nowhere: make one, and enter the same at Postmark",
            how_to="Enter the token as the password of the hook's HTTP basic authentication, or as a custom header "
            "X-Webhook-Token; as ?token= of the address it works too, but addresses end up in logs.",
            proof="none: Postmark signs nothing, so the token is all that proves a call",
            repeats="No time is sent, so a recorded call stays good; X-PM-Webhook-Trace-Id is the id where it is sent.",
        ),
        Provider.MAILGUN: About(
            name="Mailgun",
            credential="the HTTP webhook signing key",
            found="Sending → Webhooks (or API Security) → HTTP webhook signing key; it is not the API key",
            how_to="Add the hook's address under Sending → Webhooks for each kind of event.",
            proof="HMAC-SHA256 over timestamp and token; the events themselves are not signed",
            repeats="Refused when older than 9 hours, as Mailgun repeats a call for 8 under its first signature; "
            "each token is taken once.",
        ),
        Provider.STRIPE: About(
            name="Stripe",
            credential="the endpoint's signing secret (whsec_…)",
            found="Developers → Webhooks → the endpoint → Signing secret",
            how_to="Add the hook's address as an endpoint, choose its events, and reveal the signing secret.",
            proof="HMAC-SHA256 over timestamp and body",
            repeats="Refused when older than 5 minutes; evt_… is the id.",
        ),
        Provider.META: About(
            name="Meta (Facebook, Instagram, WhatsApp)",
            credential="the app secret, a space, and a verify token of your choice",
            found="App settings → Basic → App secret; the verify token you make yourself",
            how_to="Under Webhooks enter the hook's address as the callback URL, and the same verify token.",
            proof="HMAC-SHA256 over the body",
            repeats="No time is signed and the call has no id, so a recorded call stays good.",
        ),
        Provider.GOOGLE: About(
            name="Google Ads lead forms",
            credential="the webhook's key, of your choice: 16 to 50 random characters",
            found="nowhere: make one, and enter the same at Google Ads",
            how_to="In the lead form's export options enter the hook's address and the key, and send test data.",
            proof="none: Google Ads signs nothing, so the google_key in the body is all that proves a lead",
            repeats="No time is sent, so a recorded call stays good; lead_id is the id, except of test leads.",
        ),
        Provider.PUBSUB: About(
            name="Google Cloud Pub/Sub",
            credential="the subscription's audience, a space, and its service account's mail address",
            found="Pub/Sub → Subscriptions → the push subscription → Authentication",
            how_to="Make a push subscription to the hook's address with authentication on and payload unwrapping off.",
            proof="a token that Google signs (OIDC, RS256); the message itself is not signed",
            repeats="A token is good until it expires, an hour at most; messageId is the id.",
        ),
        Provider.SLACK: About(
            name="Slack",
            credential="the app's signing secret",
            found="Basic Information → App Credentials → Signing Secret",
            how_to="Enter the hook's address as the Request URL of Event Subscriptions, Interactivity or a command.",
            proof="HMAC-SHA256 over timestamp and body",
            repeats="Refused when older than 5 minutes; event_id is the id, and commands and buttons have none.",
        ),
        Provider.TWILIO: About(
            name="Twilio",
            credential="the hook's address as it is entered at Twilio, a space, and the account's auth token",
            found="Console → Account Info → Auth Token; it is neither an API key nor its secret",
            how_to="Enter the hook's address, by POST, at the number or the Messaging Service: where a message comes in. What "
            "becomes of our own texts is told to the same address without being asked for.",
            proof="HMAC-SHA1 over the address and every field of the form",
            repeats="No time is sent, so a recorded call stays good; MessageSid and status together are the id.",
        ),
        Provider.STANDARD: About(
            name="Standard Webhooks",
            credential="the endpoint's secret (whsec_ and at least 24 bytes of base64)",
            found="where the sender's web hooks are set up",
            how_to="Enter the hook's address at any sender that keeps to the Standard Webhooks specification.",
            proof="HMAC-SHA256 over id, timestamp and body",
            repeats="Refused when older than 5 minutes; webhook-id is the id.",
        ),
    }
)
