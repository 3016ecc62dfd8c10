"""SendGrid: an ECDSA signature over timestamp and body, so that what is kept here can verify but not sign."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from collector.hooks.calls import Call, NotGenuine, UnusableSecret, Verified, seconds_since_1970


def key_of(secret: str) -> EllipticCurvePublicKey:
    """The verification key as SendGrid shows it: base64 of DER."""
    try:
        key = load_der_public_key(base64.b64decode(secret, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableSecret(
            "The secret must be the verification key that SendGrid shows, in one line."
        ) from None
    if not (isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)):
        raise UnusableSecret("The verification key is not one of the curve P-256, which SendGrid uses.")
    return key


def verify(call: Call, secret: str) -> Verified:
    """A call carries many events; each of them has its own id, the call has none."""
    key = key_of(secret)
    timestamp = call.header(b"x-twilio-email-event-webhook-timestamp")
    call.refuse_unless_recent(seconds_since_1970(timestamp))
    try:
        signature = base64.b64decode(call.header(b"x-twilio-email-event-webhook-signature"), validate=True)
        key.verify(signature, timestamp + call.body, ECDSA(SHA256()))
    except (binascii.Error, InvalidSignature):
        raise NotGenuine(
            "The signature does not match: the call was changed on its way, or the verification key kept "
            "here is that of another hook."
        ) from None
    return Verified()
