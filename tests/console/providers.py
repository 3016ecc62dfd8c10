"""The sandbox as the console's providers: our apps are registered there, and people consent there."""

from collections.abc import Mapping
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from pydantic import SecretStr

from connectors import CONNECTORS
from connectors.face import Channel
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.world import accounts_of

# What a person brings along, and no app does.
_PERSONAL = (
    "access_token",
    "refresh_token",
    "consumer_key",
    "consumer_secret",
    "ads_token",
    "ads_token_secret",
)


def apps_at(address: str) -> dict[str, dict[str, SecretStr]]:
    """As CHANNEL_APPS says it."""
    registered: dict[str, dict[str, SecretStr]] = {}
    for channel, credentials in CREDENTIALS.items():
        if not accounts_of(channel) and CONNECTORS[channel].consent is None:
            continue
        found = endpoint(channel, address)
        said = {name: value for name, value in credentials.items() if name not in _PERSONAL}
        said |= {
            "base_url": found.base_url,
            "token_url": found.token_url,
            "authorize_url": found.authorize_url,
        }
        registered[channel] = {name: SecretStr(str(value)) for name, value in said.items()}
    return registered


def consented(authorize_url: str, decision: str = "allow") -> Mapping[str, str]:
    """What somebody is led back with who has clicked."""
    asked = dict(parse_qsl(urlsplit(authorize_url).query))
    with httpx.Client(timeout=30) as http:
        page = http.get(authorize_url)
        assert page.status_code == 200, page.text
        answer = http.post(authorize_url.partition("?")[0], data={**asked, "decision": decision})
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def token(channel: Channel) -> str:
    return str(CREDENTIALS[channel]["access_token"])
