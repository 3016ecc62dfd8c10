"""How each channel stands: what it can do, how it is connected, and what is read through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors import CONNECTORS
from connectors.face import Capability, Channel
from console.door.sign_in import Visitor
from marketing_pipelines.connections import apps, of_the_house
from store.records import accounts, connections, places
from store.records.accounts import AdAccount
from store.records.connections import Connection
from store.records.database import Session
from store.records.places import Place
from store.settings import Settings


class Way(StrEnum):
    """How somebody connects a channel."""

    CONSENT = "consent"
    TYPED = "typed"
    SETTINGS = "settings"
    NO_APP = "no_app"


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection with the accounts that are read and the places that are published to through it."""

    row: Connection
    accounts: Sequence[AdAccount]
    places: Sequence[Place] = ()

    @property
    def read_at(self) -> datetime | None:
        """When something was read through it last."""
        return max((it.last_synced_at for it in self.accounts if it.last_synced_at), default=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """One channel, for one tenant."""

    channel: Channel
    title: str
    capabilities: Sequence[Capability]
    way: Way
    connected: Sequence[Connected]
    may_be_typed: bool = False
    """Credentials may be typed in, be it beside the consent."""
    by_settings: bool = False
    """The settings of the house connect it."""


def of_all(session: Session, visitor: Visitor) -> list[Standing]:
    read = accounts.of_tenant(session, visitor.tenant)
    published_to = places.of_tenant(session, visitor.tenant)
    rows = connections.listed(session, visitor.tenant)
    return [
        Standing(
            channel,
            connector.title,
            sorted(connector.capabilities),
            way_to(visitor.settings, channel),
            [
                Connected(
                    row,
                    [account for account in read if account.connection_id == row.id],
                    [place for place in published_to if place.connection_id == row.id],
                )
                for row in rows
                if row.channel == channel
            ],
            may_be_typed=bool(connector.asks),
            by_settings=_by_settings(visitor.settings, channel)
            or any(row.channel == channel and of_the_house.keeps(row) for row in rows),
        )
        for channel, connector in CONNECTORS.items()
    ]


def way_to(settings: Settings, channel: Channel) -> Way:
    """Where both lead there, consent is offered first."""
    connector = CONNECTORS[channel]
    if apps.of(settings, channel) is not None:
        return Way.CONSENT
    if connector.asks:
        return Way.TYPED
    return Way.SETTINGS if connector.consent is None else Way.NO_APP


def takes_both(channel: Channel) -> bool:
    """Whether what is typed in and what a consent gives open different things, and stand side by side."""
    connector = CONNECTORS[channel]
    typed = {ask.name for ask in connector.asks}
    return connector.consent is not None and bool(typed) and "access_token" not in typed


def _by_settings(settings: Settings, channel: Channel) -> bool:
    match channel:
        case Channel.SENDGRID:
            return bool(settings.sendgrid_api_key.get_secret_value())
        case Channel.SMTP:
            return bool(settings.smtp_host)
        case _:
            return False
