"""Versions of the platforms' interfaces: which ones the tenants' connections speak, and until when they are answered."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from connectors import CONNECTORS
from connectors.face import Channel
from store import records
from store.records.connections import Connection, ConnectionStatus
from store.settings import Role, Settings

# Long enough to bring a connector up to date and try it.
WARNS_AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True, order=True)
class Ending:
    """A version that is answered until a day, and how many connections speak it."""

    until: date
    version: str
    connections: int


def ending(settings: Settings, channel: Channel, today: date) -> list[Ending]:
    """Those in use whose end is near or over; of a version whose end nobody has announced nothing is known."""
    return near(_spoken(settings, channel), answered_until(channel), today)


def near(spoken: Mapping[str, int], until: Mapping[str, date], today: date) -> list[Ending]:
    found = (Ending(until[version], version, count) for version, count in spoken.items() if version in until)
    return sorted(each for each in found if each.until - today <= WARNS_AHEAD)


def answered_until(channel: Channel) -> Mapping[str, date]:
    return getattr(CONNECTORS[channel], "versions", {})


def _spoken(settings: Settings, channel: Channel) -> Counter[str]:
    with records.session(settings, Role.PIPELINES) as session:
        query = select(Connection.options).where(
            Connection.channel == channel, Connection.status != ConnectionStatus.DISCONNECTED
        )
        return Counter(_version(channel, options) for options in session.scalars(query))


def _version(channel: Channel, options: Mapping[str, object]) -> str:
    return str(options.get("version") or CONNECTORS[channel].endpoint.version)


def is_over(found: Iterable[Ending], today: date) -> bool:
    return any(each.until <= today for each in found)
