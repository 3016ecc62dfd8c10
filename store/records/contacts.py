"""Contacts: one table for recipients and leads, and the fact that someone does not want mail."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, String, UniqueConstraint, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.clock import now
from store.records.schema import ContactId, Record, TenantId, TenantOwned, key_for_children


class Contact(TenantOwned, Record):
    __tablename__ = "contacts"
    __table_args__ = (key_for_children(), UniqueConstraint("tenant_id", "email"))

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    unsubscribed_at: Mapped[datetime | None]
    unsubscribe_reason: Mapped[str | None] = mapped_column(String(200))


def normalised(address: str) -> str:
    """The form in which an address is stored and compared."""
    return address.strip().lower()


def ensure(session: Session, tenant: TenantId, address: str) -> Contact:
    """The tenant's contact of this address, made if it is new."""
    email = normalised(address)
    session.execute(
        insert(Contact)
        .values(tenant_id=tenant, email=email)
        .on_conflict_do_nothing(index_elements=["tenant_id", "email"])
    )
    return session.scalars(select(Contact).where(Contact.tenant_id == tenant, Contact.email == email)).one()


def ensure_all(session: Session, tenant: TenantId, addresses: Iterable[str]) -> list[Contact]:
    """The tenant's contacts of these addresses, each once, made where they are new."""
    emails = sorted({normalised(address) for address in addresses})
    session.execute(
        insert(Contact)
        .from_select(
            ["tenant_id", "email"],
            select(literal(tenant, BigInteger), func.unnest(cast(emails, ARRAY(String)))),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "email"])
    )
    return list(
        session.scalars(
            select(Contact)
            .where(Contact.tenant_id == tenant, Contact.email == func.any(cast(emails, ARRAY(String))))
            .order_by(Contact.id)
        )
    )


def unsubscribe_all(session: Session, leaving: Iterable[tuple[TenantId, ContactId, datetime]]) -> None:
    """What contacts asked for by themselves, at the edge; reads nothing of them, and the first time stays."""
    for tenant, contact, moment in leaving:
        session.execute(
            update(Contact)
            .where(Contact.tenant_id == tenant, Contact.id == contact, Contact.unsubscribed_at.is_(None))
            .values(unsubscribed_at=moment, unsubscribe_reason="by the link in a mail")
        )


def unsubscribe(session: Session, tenant: TenantId, contact: ContactId, reason: str) -> None:
    """The contact gets no marketing from now on; the first reason stays."""
    found = session.scalars(
        select(Contact).where(Contact.tenant_id == tenant, Contact.id == contact).with_for_update()
    ).one()
    if found.unsubscribed_at is None:
        found.unsubscribed_at = now()
        found.unsubscribe_reason = reason
