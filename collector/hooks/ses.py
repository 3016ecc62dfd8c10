"""Amazon SES tells of its mail through SNS: messages signed with a certificate that Amazon publishes.

Amazon signs for every topic of every customer alike, so what is kept here is the topic's own name (ARN), and a
message of another topic is not ours. A subscription is confirmed by a person: its address is never opened here.
"""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Literal

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate
from msgspec import Meta, Struct, field
from msgspec.json import Decoder

from collector.hooks.calls import HOURS, TOLERANCE, Call, Id, NotGenuine, UnusableSecret, Verified
from collector.hooks.fetching import PATIENCE_SECONDS, Published

# A message keeps the time at which it was published, and SNS repeats it for an hour.
REPEATED_WITHIN = HOURS + TOLERANCE
CERTIFICATES_KEPT = 32
CERTIFICATES_KEPT_MS = 24 * HOURS * 1000

_REGION = r"[a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}"
_is_topic = re.compile(rf"arn:aws(?:-cn|-us-gov)?:sns:{_REGION}:[0-9]{{12}}:[0-9A-Za-z_-]{{1,256}}").fullmatch
_is_published_by_sns = re.compile(
    rf"https://sns\.{_REGION}\.amazonaws\.com(?:\.cn)?(?::443)?/SimpleNotificationService-[0-9a-f]{{1,64}}\.pem"
).fullmatch

Moment = Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")]


class Message(Struct, frozen=True, rename="pascal"):
    type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
    message_id: Id
    topic_arn: str
    message: str
    timestamp: Moment
    signature_version: Literal["1", "2"]
    signature: Annotated[str, Meta(max_length=2048)]
    certificate_address: Annotated[str, Meta(max_length=256)] = field(name="SigningCertURL")
    subject: str | None = None
    token: str | None = None
    subscribe_address: str | None = field(name="SubscribeURL", default=None)

    @property
    def signed_text(self) -> bytes:
        """Names and values of what is signed, each in a line, in the order of the alphabet."""
        if self.type == "Notification":
            between = {"Subject": self.subject, "Timestamp": self.timestamp}
        else:
            between = {
                "SubscribeURL": self.subscribe_address,
                "Timestamp": self.timestamp,
                "Token": self.token,
            }
        told = {
            "Message": self.message,
            "MessageId": self.message_id,
            **between,
            "TopicArn": self.topic_arn,
            "Type": self.type,
        }
        return "".join(f"{name}\n{value}\n" for name, value in told.items() if value is not None).encode()


_message = Decoder(Message)


class SigningCertificates:
    """Amazon's certificates, from Amazon's addresses and from nowhere else."""

    def __init__(self, http: httpx.AsyncClient, patience: float = PATIENCE_SECONDS) -> None:
        self._published = Published(
            http,
            load_pem_x509_certificate,
            at_most=CERTIFICATES_KEPT,
            kept_ms=CERTIFICATES_KEPT_MS,
            patience=patience,
        )

    async def get(self, address: str, now_ms: int) -> Certificate:
        """The certificate that was published at the address and is valid now."""
        if not _is_published_by_sns(address):
            raise NotGenuine("The SigningCertURL is not an address at which SNS publishes its certificates.")
        certificate = await self._published.get(address, now_ms)
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise NotGenuine("The message is signed with a certificate that is not valid now.")
        return certificate


def topic_of(secret: str) -> str:
    if not _is_topic(secret):
        raise UnusableSecret("The topic must be written as its ARN: arn:aws:sns:<region>:<account>:<name>.")
    return secret


async def verify(call: Call, secret: str, certificates: SigningCertificates) -> Verified:
    """Whether it is our topic and recent is known before anything is fetched."""
    topic = topic_of(secret)
    message = call.json(_message)
    if message.topic_arn != topic:
        raise NotGenuine("The message is of another topic than the one kept here.")
    call.refuse_unless_recent(_published_at(message), within=REPEATED_WITHIN)
    certificate = await certificates.get(message.certificate_address, call.received_ms)
    _refuse_unless_signed(message, certificate)
    return Verified(message.message_id)


def _published_at(message: Message) -> float:
    try:
        return datetime.fromisoformat(message.timestamp).timestamp()
    except ValueError:
        raise NotGenuine("The message's Timestamp is no moment in time.") from None


def _refuse_unless_signed(message: Message, certificate: Certificate) -> None:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise NotGenuine("The message is signed with a certificate that is not of an RSA key.")
    # Version 1 is what a topic uses until its owner changes it; no one can choose what Amazon signs to collide.
    digest = SHA1() if message.signature_version == "1" else SHA256()  # noqa: S303
    try:
        signature = base64.b64decode(message.signature, validate=True)
        key.verify(signature, message.signed_text, PKCS1v15(), digest)
    except (binascii.Error, ValueError, InvalidSignature):
        raise NotGenuine("The signature does not match: the message was changed on its way.") from None
