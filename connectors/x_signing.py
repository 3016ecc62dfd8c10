"""OAuth 1.0a as X's Ads API wants it: each request is signed with the app's keys and a user's, by HMAC-SHA1."""

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

Nonce = Callable[[], str]


def drawn() -> str:
    """A nonce that nobody has used before."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Those of an app, and the token that one of X's users has given it."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str
    token_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs requests at a moment, each with a nonce of its own."""

    keys: Keys
    clock: Callable[[], datetime]
    nonce: Nonce = drawn

    def authorization(self, method: str, address: str, parameters: Mapping[str, str]) -> str:
        """The header for a request; `address` is without its query, whose parameters are told apart."""
        told = {
            "oauth_consumer_key": self.keys.consumer_key,
            "oauth_nonce": self.nonce(),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self.clock().timestamp())),
            "oauth_token": self.keys.token,
            "oauth_version": "1.0",
        }
        told["oauth_signature"] = signature(self.keys, method, address, {**parameters, **told})
        return "OAuth " + ", ".join(f'{name}="{encoded(value)}"' for name, value in sorted(told.items()))


def signature(keys: Keys, method: str, address: str, parameters: Mapping[str, str]) -> str:
    """RFC 5849, section 3.4; X takes no parameter twice."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items())
    together = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(map(encoded, (method.upper(), address, together)))
    key = f"{encoded(keys.consumer_secret)}&{encoded(keys.token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), "sha1")).decode()


def encoded(text: str) -> str:
    """Whatever RFC 3986 does not leave as it is, which is less than a form leaves."""
    return quote(text, safe="-._~")
