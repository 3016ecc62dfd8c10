"""What proves that someone knows a secret: an HMAC made with it, or the secret itself. In constant time."""

import hashlib
import hmac
from collections.abc import Iterable

from collector.hooks.calls import NotGenuine, UnusableSecret

SHORTEST_TOKEN = 16


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """The parts are signed as if they stood in one piece, without being copied into one."""
    code = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        code.update(part)
    return code.digest()


def refuse_unless_signed(expected: bytes, signatures: Iterable[bytes]) -> None:
    """One signature must be the expected one; several stand there while the provider changes its secret."""
    if not is_among(expected, signatures):
        raise NotGenuine(
            "The signature does not match: the call was changed on its way, or the provider signs with "
            "another secret than the one kept here."
        )


def is_among(expected: bytes, given: Iterable[bytes]) -> bool:
    return any(hmac.compare_digest(expected, one) for one in given)


def token_of(secret: str) -> bytes:
    """A secret that people choose and that travels with each call: whoever guesses it may write anything."""
    if len(secret) < SHORTEST_TOKEN or not (secret.isascii() and secret.isprintable()):
        raise UnusableSecret(
            f"The token must be of at least {SHORTEST_TOKEN} letters, digits or signs; choose a random one."
        )
    return secret.encode()
