"""The providers' side: how each of them signs what it sends, with keys made for this run."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collector.hooks import Call, Provider

NOW = 1_795_000_000
PAYLOAD = b"The coat was opened and clicked"

TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail-events"
CERTIFICATE_PATH = "/SimpleNotificationService-0a1b2c3d4e5f60718293a4b5c6d7e8f9.pem"
CERTIFICATE_ADDRESS = f"https://sns.eu-central-1.amazonaws.com{CERTIFICATE_PATH}"
AUDIENCE = "https://edge.example/hooks/pubsub"
ACCOUNT = "push@shop.iam.gserviceaccount.com"

SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
AMAZON_KEY = rsa.generate_private_key(65537, 2048)
GOOGLE_KEY = rsa.generate_private_key(65537, 2048)
GOOGLE_KEY_ID = "key-of-today"
STANDARD_KEY = secrets.token_bytes(32)
TWILIO_ADDRESS = "https://edge.example/hooks/twilio"
TWILIO_TEXT = "SM0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Sender:
    """What is kept here as its secret, and the call it makes at a moment about a payload."""

    secret: str
    call: Callable[[bytes, int], Call]
    event_id: str | None = None
    nonce: str | None = None


def spki(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def hexed(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()


def arrived(body: bytes, moment: int, **headers: bytes) -> Call:
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Call(named, {}, body, moment * 1000)


def at(call: Call, moment: int) -> Call:
    """The same call, arriving at another moment."""
    return replace(call, received_ms=moment * 1000)


def with_header(call: Call, name: bytes, value: bytes) -> Call:
    return replace(call, headers={**call.headers, name: value})


def with_fields(call: Call, **fields: Any) -> Call:
    """The same call with other values on the first floor of its JSON; None takes a field away."""
    told = {**json.loads(call.body), **fields}
    return replace(call, body=json.dumps({k: v for k, v in told.items() if v is not None}).encode())


def from_sendgrid(payload: bytes, moment: int) -> Call:
    timestamp = str(moment).encode()
    signature = base64.b64encode(SENDGRID_KEY.sign(timestamp + payload, ec.ECDSA(SHA256())))
    return arrived(
        payload,
        moment,
        x_twilio_email_event_webhook_signature=signature,
        x_twilio_email_event_webhook_timestamp=timestamp,
    )


def sns_message(message: str, moment: int, **fields: str) -> dict[str, str]:
    published = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": published,
        "SigningCertURL": CERTIFICATE_ADDRESS,
        **fields,
    }


def sns_signed(message: dict[str, str], version: Literal["1", "2"], moment: int) -> Call:
    """Names in the order of the alphabet, as Amazon documents it, each with its value in the next line."""
    unsigned = {"SigningCertURL", "UnsubscribeURL"} | (
        set() if message["Type"] != "Notification" else {"SubscribeURL", "Token"}
    )
    text = "".join(f"{name}\n{message[name]}\n" for name in sorted(message.keys() - unsigned))
    digest = SHA1() if version == "1" else SHA256()  # noqa: S303
    signature = base64.b64encode(AMAZON_KEY.sign(text.encode(), padding.PKCS1v15(), digest)).decode()
    return arrived(
        json.dumps({**message, "SignatureVersion": version, "Signature": signature}).encode(), moment
    )


def from_ses(payload: bytes, moment: int) -> Call:
    return sns_signed(sns_message(payload.decode(), moment), "2", moment)


def from_postmark(payload: bytes, moment: int) -> Call:
    credentials = base64.b64encode(b"hooks:" + SENDERS[Provider.POSTMARK].secret.encode())
    return arrived(payload, moment, authorization=b"Basic " + credentials, x_pm_webhook_trace_id=b"trace-1")


def from_mailgun(payload: bytes, moment: int) -> Call:
    token = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"
    signature = hexed(SENDERS[Provider.MAILGUN].secret, f"{moment}{token}".encode()).decode()
    signed = {"timestamp": str(moment), "token": token, "signature": signature}
    event = {"id": "G9Bn5sl1TC6nu79C8C0bwg", "event": "opened", "said": payload.decode()}
    return arrived(json.dumps({"signature": signed, "event-data": event}).encode(), moment)


def from_stripe(payload: bytes, moment: int) -> Call:
    body = json.dumps({"id": "evt_1Q", "object": "event", "said": payload.decode()}).encode()
    signature = hexed(SENDERS[Provider.STRIPE].secret, b"%d.%b" % (moment, body))
    return arrived(body, moment, stripe_signature=b"t=%d,v1=%b,v0=%b" % (moment, signature, b"0" * 64))


def from_meta(payload: bytes, moment: int) -> Call:
    app_secret, _ = SENDERS[Provider.META].secret.split()
    return arrived(payload, moment, x_hub_signature_256=b"sha256=" + hexed(app_secret, payload))


def from_google_ads(payload: bytes, moment: int) -> Call:
    lead = {"lead_id": "lead-1", "google_key": SENDERS[Provider.GOOGLE].secret, "said": payload.decode()}
    return arrived(json.dumps(lead).encode(), moment)


def google_token(moment: int, *, key: Any = GOOGLE_KEY, algorithm: str = "RS256", **claims: Any) -> bytes:
    told = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": ACCOUNT,
        "email_verified": True,
        "iat": moment,
        "exp": moment + 3600,
        **claims,
    }
    return jwt.encode(told, key, algorithm, headers={"kid": GOOGLE_KEY_ID}).encode()


def from_pubsub(payload: bytes, moment: int) -> Call:
    data = base64.b64encode(payload).decode()
    push = {"message": {"data": data, "messageId": "2070443601311540"}, "subscription": "projects/p/s"}
    return arrived(json.dumps(push).encode(), moment, authorization=b"Bearer " + google_token(moment))


def from_slack(payload: bytes, moment: int) -> Call:
    body = json.dumps({"type": "event_callback", "event_id": "Ev0PV52K25", "said": payload.decode()}).encode()
    signature = hexed(SENDERS[Provider.SLACK].secret, b"v0:%d:%b" % (moment, body))
    return arrived(
        body, moment, x_slack_request_timestamp=b"%d" % moment, x_slack_signature=b"v0=" + signature
    )


def from_twilio(payload: bytes, moment: int) -> Call:
    _, token = SENDERS[Provider.TWILIO].secret.split()
    fields = {"MessageSid": TWILIO_TEXT, "SmsStatus": "received", "Body": payload.decode()}
    signed = TWILIO_ADDRESS + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    signature = base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1"))
    return arrived(body, moment, x_twilio_signature=signature)


def standard_signature(event_id: bytes, moment: int, body: bytes, key: bytes = STANDARD_KEY) -> bytes:
    digest = hmac.new(key, b"%b.%d.%b" % (event_id, moment, body), hashlib.sha256).digest()
    return b"v1," + base64.b64encode(digest)


def from_standard(payload: bytes, moment: int) -> Call:
    return arrived(
        payload,
        moment,
        webhook_id=b"msg_1",
        webhook_timestamp=b"%d" % moment,
        webhook_signature=standard_signature(b"msg_1", moment, payload),
    )


SENDERS: dict[Provider, Sender] = {
    Provider.SENDGRID: Sender(spki(SENDGRID_KEY), from_sendgrid),
    Provider.SES: Sender(TOPIC, from_ses, "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"),
    Provider.POSTMARK: Sender(secrets.token_urlsafe(24), from_postmark, "trace-1"),
    Provider.MAILGUN: Sender(
        secrets.token_hex(16),
        from_mailgun,
        "G9Bn5sl1TC6nu79C8C0bwg",
        "e0b5477167110d68991efc6b9f89f0a11066af27834600e123",
    ),
    Provider.STRIPE: Sender(f"whsec_{secrets.token_urlsafe(24)}", from_stripe, "evt_1Q"),
    Provider.META: Sender(f"{secrets.token_hex(16)} {secrets.token_urlsafe(16)}", from_meta),
    Provider.GOOGLE: Sender(secrets.token_urlsafe(24), from_google_ads, "lead-1"),
    Provider.PUBSUB: Sender(f"{AUDIENCE} {ACCOUNT}", from_pubsub, "2070443601311540"),
    Provider.SLACK: Sender(secrets.token_hex(16), from_slack, "Ev0PV52K25"),
    Provider.TWILIO: Sender(
        f"{TWILIO_ADDRESS} {secrets.token_hex(16)}", from_twilio, f"{TWILIO_TEXT}:received"
    ),
    Provider.STANDARD: Sender(f"whsec_{base64.b64encode(STANDARD_KEY).decode()}", from_standard, "msg_1"),
}


def genuine(provider: Provider, moment: int = NOW) -> Call:
    return SENDERS[provider].call(PAYLOAD, moment)
