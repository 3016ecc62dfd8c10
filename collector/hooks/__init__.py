"""Web hooks of providers: what decides whether a call that claims to come from one is genuine.

One way in: `verify` takes a `Call` as it came, and the secret that the tenant keeps for the provider; it gives what
is `Verified`, or raises `NotGenuine` (the answer is 401) or `CannotVerifyNow` (503, so that the provider calls
again). It reads no clock and keeps nothing but what Amazon and Google publish. A module is one provider's scheme;
`providers` tells people what each of them is.
"""

from collector.hooks.calls import Call, CannotVerifyNow, NotGenuine, UnusableSecret, Verified
from collector.hooks.providers import ABOUT, About, Provider
from collector.hooks.verifying import LARGEST_BODY, Authorities, check_secret, verify

__all__ = [
    "ABOUT",
    "LARGEST_BODY",
    "About",
    "Authorities",
    "Call",
    "CannotVerifyNow",
    "NotGenuine",
    "Provider",
    "UnusableSecret",
    "Verified",
    "check_secret",
    "verify",
]
