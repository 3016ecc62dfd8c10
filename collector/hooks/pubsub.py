"""Google Pub/Sub push: a token that Google signs (OIDC) for the audience and the account we name.

The token proves who calls, not what is said: the body is believed because the connection is encrypted. Messages must
be delivered in Pub/Sub's own wrapping, which is the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import jwt
from jwt.types import Options
from msgspec import Struct, ValidationError, convert, field
from msgspec.json import Decoder

from collector.hooks.calls import (
    HOURS,
    MINUTES,
    TOLERANCE,
    Call,
    Id,
    NotGenuine,
    UnusableSecret,
    Verified,
)
from collector.hooks.fetching import PATIENCE_SECONDS, Published
from collector.hooks.proofs import is_among

KEYS_ADDRESS = "https://www.googleapis.com/oauth2/v3/certs"
KEYS_KEPT_MS = HOURS * 1000
# An unknown key may be one that Google has just begun to use, or invented by whoever calls.
UNKNOWN_KEY_MS = MINUTES * 1000
ISSUERS = ["https://accounts.google.com", "accounts.google.com"]

Keys = Mapping[str | None, jwt.PyJWK]


class Claims(Struct, frozen=True):
    email: str
    email_verified: bool
    iat: int
    exp: int


class Message(Struct, frozen=True):
    id: Id = field(name="messageId")


class Push(Struct, frozen=True):
    message: Message


_push = Decoder(Push)


@dataclass(frozen=True, slots=True)
class Expected:
    audience: str
    email: bytes


class GoogleKeys:
    """The keys with which Google signs tokens, by their ids."""

    def __init__(self, http: httpx.AsyncClient, patience: float = PATIENCE_SECONDS) -> None:
        self._published: Published[Keys] = Published(
            http, _keys_of, at_most=1, kept_ms=KEYS_KEPT_MS, patience=patience
        )

    async def get(self, key_id: str, now_ms: int) -> jwt.PyJWK:
        keys = await self._published.get(KEYS_ADDRESS, now_ms)
        if key_id not in keys:
            keys = await self._published.get(KEYS_ADDRESS, now_ms, younger_than_ms=UNKNOWN_KEY_MS)
        if key_id not in keys:
            raise NotGenuine("The token is signed with a key that is not one of Google's.")
        return keys[key_id]


def _keys_of(document: bytes) -> Keys:
    try:
        keys = jwt.PyJWKSet.from_json(document.decode()).keys
    except (jwt.PyJWTError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError("not a set of keys") from error
    return {key.key_id: key for key in keys}


def expected_of(secret: str) -> Expected:
    words = secret.split()
    if len(words) != 2 or "@" not in words[1]:
        raise UnusableSecret("Enter the subscription's audience, a space, and its service account's address.")
    return Expected(words[0], words[1].encode())


async def verify(call: Call, secret: str, keys: GoogleKeys) -> Verified:
    """Anyone can have Google sign a token for our audience; only ours is of our service account."""
    expected = expected_of(secret)
    scheme, _, token = call.header(b"authorization").partition(b" ")
    if scheme.lower() != b"bearer":
        raise NotGenuine("The Authorization header holds no bearer token.")
    key = await keys.get(_key_id(token), call.received_ms)
    claims = _claims(token, key, expected.audience)
    if not (claims.email_verified and is_among(expected.email, [claims.email.encode()])):
        raise NotGenuine("The token is of another service account than the one kept here.")
    now = call.received_ms / 1000
    if not claims.iat - TOLERANCE <= now <= claims.exp + TOLERANCE:
        raise NotGenuine("The token is not valid any more, or not yet; check this machine's clock.")
    return Verified(call.json(_push).message.id)


def _key_id(token: bytes) -> str:
    try:
        return jwt.get_unverified_header(token).get("kid", "")
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotGenuine("The bearer token is not a JSON Web Token.") from None


def _claims(token: bytes, key: jwt.PyJWK, audience: str) -> Claims:
    # The time is compared with that of the call; here it would be with the clock.
    untimed: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        told = jwt.decode(
            token, key, algorithms=["RS256"], audience=audience, issuer=ISSUERS, options=untimed
        )
        return convert(told, Claims)
    except jwt.InvalidAudienceError:
        raise NotGenuine("The token is for another audience than the one kept here.") from None
    except (jwt.PyJWTError, ValidationError, ValueError, RecursionError):
        raise NotGenuine("The token is not one that Google has signed.") from None
