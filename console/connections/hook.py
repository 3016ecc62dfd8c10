"""The hook at which a provider calls us: its calls are taken as long as the connection holds and is used for them."""

from dataclasses import dataclass
from typing import cast

from connectors import CONNECTORS
from connectors.billing import TellsBilling
from connectors.face import Capability, Channel
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from store.records import billing_events, connections, hooks
from store.records.billing_events import KeptEvent
from store.records.connections import Connection, ConnectionStatus
from store.records.database import Session
from store.records.hooks import AlreadyKept
from store.settings import Service


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the provider is to call, and what it told last, test mode apart from live mode."""

    address: str
    live: KeptEvent | None
    test: KeptEvent | None


def address_of(visitor: Visitor, channel: Channel) -> str:
    """Where the provider is to call; empty where it does not call anybody."""
    teller = _teller(channel)
    return f"{visitor.settings.address(Service.COLLECTOR)}/hooks/{teller.hook}" if teller else ""


def of(visitor: Visitor, session: Session, row: Connection) -> Hook | None:
    address = address_of(visitor, Channel(row.channel))
    if not address:
        return None
    return Hook(
        address,
        live=billing_events.latest(session, row, is_live=True),
        test=billing_events.latest(session, row, is_live=False),
    )


def follow(visitor: Visitor, session: Session, row: Connection) -> None:
    """Tells the collector whose calls to take: what it refuses meanwhile, the provider tries again for days."""
    teller = _teller(Channel(row.channel))
    if teller is None:
        return
    is_used = row.status is ConnectionStatus.CONNECTED and Capability.BILLING not in row.switched_off
    held = connections.opened(session, visitor.settings, row) if is_used else {}
    try:
        hooks.follow(
            session,
            visitor.actor,
            row,
            provider=teller.hook,
            given=teller.signing_secrets(held) if held else (),
            sealing_key=visitor.settings.derived(hooks.SEALED_FOR),
        )
    except AlreadyKept as why:
        field = CONNECTORS[Channel(row.channel)].asks[0].name
        raise Refused(422, str(why), [FieldError(field, str(why))]) from None


def _teller(channel: Channel) -> type[TellsBilling] | None:
    connector = CONNECTORS[channel]
    return cast("type[TellsBilling]", connector) if Capability.BILLING in connector.capabilities else None
