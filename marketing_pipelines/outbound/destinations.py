"""Destinations: the ad accounts, places and receivers of a tenant that something can be handed over at, and through what."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from connectors.face import Capability, Channel
from connectors.publishing import Network
from store.records.accounts import AccountStatus, AdAccount
from store.records.connections import Connection, ConnectionStatus
from store.records.database import Session
from store.records.places import Place
from store.records.schema import ConnectionId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """`id` is the provider's own; `currency` is an ad account's, empty where nobody has said it yet; `network` a place's."""

    connection: ConnectionId
    channel: Channel
    id: str
    name: str
    currency: str = ""
    network: Network | None = None

    @property
    def said(self) -> str:
        """By a name that tells one from another, for the manifest."""
        called = f"{self.name} ({self.id})" if self.id else self.name
        return f"{called}, through connection {self.connection}"


def ad_accounts(
    session: Session, tenant: TenantId, *channels: Channel, used_for: Capability = Capability.ADS
) -> list[Destination]:
    """Where advertising may be changed, or what they are to be used for beside."""
    query = (
        select(AdAccount)
        .join(Connection, AdAccount.connection_id == Connection.id)
        .where(
            AdAccount.tenant_id == tenant,
            AdAccount.channel.in_(channels),
            AdAccount.status != AccountStatus.DISABLED,
            _is_used_for(used_for),
        )
    )
    return [
        Destination(
            connection=row.connection_id,
            channel=Channel(row.channel),
            id=row.account_id,
            name=row.name,
            currency=row.currency,
        )
        for row in session.scalars(query.order_by(AdAccount.id))
    ]


def places(session: Session, tenant: TenantId, *networks: Network) -> list[Destination]:
    """Where posts and messages may appear."""
    query = (
        select(Place, Connection.channel)
        .join(Connection, Place.connection_id == Connection.id)
        .where(
            Place.tenant_id == tenant,
            Place.network.in_(networks),
            Place.left_at.is_(None),
            or_(
                and_(Place.network == Network.SLACK, _is_used_for(Capability.CHAT)),
                and_(Place.network != Network.SLACK, _is_used_for(Capability.PUBLISH)),
            ),
        )
    )
    return [
        Destination(
            connection=row.connection_id,
            channel=Channel(channel),
            id=row.place_id,
            name=row.name,
            network=Network(row.network),
        )
        for row, channel in session.execute(query.order_by(Place.id)).tuples()
    ]


def receivers(
    session: Session, tenant: TenantId, channel: Channel, *, used_for: Capability = Capability.WEBHOOKS
) -> list[Destination]:
    """Connections with nothing beneath them to choose among: they take signed requests, or carry texts."""
    query = select(Connection).where(
        Connection.tenant_id == tenant, Connection.channel == channel, _is_used_for(used_for)
    )
    return [
        Destination(connection=ConnectionId(row.id), channel=channel, id="", name=row.name)
        for row in session.scalars(query.order_by(Connection.id))
    ]


def _is_used_for(capability: Capability) -> ColumnElement[bool]:
    return and_(
        Connection.status != ConnectionStatus.DISCONNECTED, ~Connection.switched_off.contains([capability])
    )
