"""Places: the pages, profiles and rooms that are published to, and through which connection, as somebody has chosen them."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.connections import Connection
from store.records.schema import (
    ConnectionId,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    key_for_children,
)


class Place(TenantOwned, Record):
    """`place_id` is the provider's own; one that was left keeps its row, since what was published there stays."""

    __tablename__ = "places"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "network", "place_id"),
        belongs_to("connections", "connection_id"),
    )

    connection_id: Mapped[ConnectionId] = mapped_column(index=True)
    network: Mapped[str] = mapped_column(String(20))
    place_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    left_at: Mapped[datetime | None]


def of_tenant(session: Session, tenant: TenantId) -> list[Place]:
    query = select(Place).where(Place.tenant_id == tenant, Place.left_at.is_(None))
    return list(session.scalars(query.order_by(Place.network, Place.id)))


def publish_to(
    session: Session, actor: Actor, connection: Connection, network: str, place_id: str, name: str
) -> Place:
    """The place is published to through this connection, be it new, known through another one, or left before."""
    known = {"tenant_id": connection.tenant_id, "network": network, "place_id": place_id}
    row = session.scalar(select(Place).filter_by(**known).with_for_update())
    if row is None:
        row = Place(**known)
        session.add(row)
    row.connection_id, row.name, row.left_at = ConnectionId(connection.id), name, None
    session.flush()
    told = {"connection": connection.id, "network": network, "place": place_id}
    audit_log.append(session, connection.tenant_id, actor, "choose", "place", row.id, {}, told)
    return row


def leave(session: Session, actor: Actor, row: Place) -> None:
    """What was published there stays."""
    row.left_at = now()
    audit_log.append(session, row.tenant_id, actor, "leave", "place", row.id, {}, {})
