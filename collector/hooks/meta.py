"""Meta (Facebook, Instagram, WhatsApp): an HMAC over the body alone, and a challenge when the hook is set up."""

import re
from dataclasses import dataclass

from collector.hooks.calls import CHALLENGE_PATTERN, Call, NotGenuine, UnusableSecret, Verified
from collector.hooks.proofs import hmac_sha256, is_among, refuse_unless_signed

_is_challenge = re.compile(CHALLENGE_PATTERN).match


@dataclass(frozen=True, slots=True)
class Secret:
    """The verify token stands in an address, so it must not be what signs the calls."""

    app_secret: bytes
    verify_token: bytes


def secret_of(text: str) -> Secret:
    words = text.encode().split()
    if len(words) != 2 or words[0] == words[1]:
        raise UnusableSecret("The secret must be the app secret, a space, and a verify token of your choice.")
    return Secret(*words)


def verify(call: Call, secret: str) -> Verified:
    """`X-Hub-Signature-256: sha256=<hex>`. No time is signed, so a recorded call stays genuine for ever."""
    kept = secret_of(secret)
    if not call.body and "hub.mode" in call.query:
        return Verified(answer=_echo(call, kept))
    signature = call.header(b"x-hub-signature-256")
    refuse_unless_signed(b"sha256=" + hmac_sha256(kept.app_secret, call.body).hex().encode(), [signature])
    return Verified()


def _echo(call: Call, kept: Secret) -> bytes:
    """What Meta wants to hear before it sends anything: `GET ?hub.mode=subscribe&hub.verify_token=…`."""
    challenge = call.query.get("hub.challenge", "")
    if call.query["hub.mode"] != "subscribe" or not _is_challenge(challenge):
        raise NotGenuine("The call asks for an answer as Meta does, but not for one that Meta would want.")
    if not is_among(kept.verify_token, [call.query.get("hub.verify_token", "").encode()]):
        raise NotGenuine("The verify token is not the one kept here; enter the same at Meta.")
    return challenge.encode()
