"""Our apps at providers: with what we ask people for access, and where; registered by whoever runs the house."""

from dataclasses import dataclass, field

from connectors import CONNECTORS
from connectors.face import Channel, Consent, Endpoint
from store.settings import Settings

_ADDRESSES = frozenset({"base_url", "version", "token_url", "authorize_url"})


@dataclass(frozen=True, slots=True)
class App:
    """One channel's app: `given` are the credentials that every connection through it shares."""

    channel: Channel
    consent: Consent
    given: dict[str, str] = field(repr=False)
    endpoint: Endpoint


def of(settings: Settings, channel: Channel) -> App | None:
    """None where people cannot connect the channel by consent, or nobody has registered an app for it."""
    consent, given = CONNECTORS[channel].consent, _given(settings, channel)
    if consent is None or not given.get("client_id") or not given.get("client_secret"):
        return None
    shared = {name: value for name, value in given.items() if name not in _ADDRESSES}
    endpoint = Endpoint.from_options(elsewhere(settings, channel))
    return App(channel, consent, shared, endpoint.or_default(CONNECTORS[channel].endpoint))


def elsewhere(settings: Settings, channel: Channel) -> dict[str, str]:
    """The addresses that are not the provider's own: those of a sandbox, of a region, of another version."""
    return {name: value for name, value in _given(settings, channel).items() if name in _ADDRESSES and value}


def _given(settings: Settings, channel: Channel) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in settings.channel_apps.get(channel, {}).items()}
