"""Contacts: one table for recipients and leads, whom they let write to them, and what outlives them.

Whoever wants no marketing has `unsubscribed_at`. When such a contact is erased a salted hash of the address stays, so
that the same person is not written to again by whoever brings the address back.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import ContactId, NotUsable, Record, TenantId, TenantOwned, key_for_children
from store.records.tenants import Tenant

SUPPRESSED = "asked for no more mail before, and was erased then"


class Contact(TenantOwned, Record):
    __tablename__ = "contacts"
    __table_args__ = (key_for_children(), UniqueConstraint("tenant_id", "email"))

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    unsubscribed_at: Mapped[datetime | None]
    unsubscribe_reason: Mapped[str | None] = mapped_column(String(200))
    consented_at: Mapped[datetime | None]
    consent_reason: Mapped[str | None] = mapped_column(String(200))
    erased_at: Mapped[datetime | None]


class Suppression(TenantOwned, Record):
    """An address that wants nothing from us, when all else about it is gone."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("tenant_id", "address_hash"),)

    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


def normalised(address: str) -> str:
    """The form in which an address is stored and compared."""
    return address.strip().lower()


def is_active() -> ColumnElement[bool]:
    """Whom marketing may reach at all."""
    return and_(Contact.unsubscribed_at.is_(None), Contact.erased_at.is_(None))


def add(
    session: Session, tenant: TenantId, actor: Actor, address: str, *, name: str = "", consent: str = ""
) -> tuple[Contact, bool]:
    """The contact of this address, and whether it is new; a known one stays as it is, and so does who has left."""
    known = select(Contact.id).where(Contact.tenant_id == tenant, Contact.email == normalised(address))
    is_new = session.scalar(known) is None
    contact = ensure(session, tenant, address)
    if is_new:
        contact.name = name
        _record(session, contact, actor, "add")
        if consent and contact.unsubscribed_at is None:
            opt_in(session, contact, actor, consent)
    return contact, is_new


def of_address(session: Session, tenant: TenantId, address: str) -> Contact | None:
    """The tenant's contact of this address, where there is one."""
    return session.scalar(
        select(Contact).where(Contact.tenant_id == tenant, Contact.email == normalised(address))
    )


def of_addresses(session: Session, tenant: TenantId, addresses: Iterable[str]) -> dict[str, ContactId]:
    """The numbers of those contacts that are known by these addresses."""
    emails = cast([normalised(address) for address in addresses], ARRAY(String))
    found = session.execute(
        select(Contact.email, Contact.id).where(
            Contact.tenant_id == tenant, Contact.email == func.any(emails)
        )
    )
    return {row.email: ContactId(row.id) for row in found}


def ensure(session: Session, tenant: TenantId, address: str) -> Contact:
    """The tenant's contact of this address, made if it is new."""
    [found] = ensure_all(session, tenant, [address])
    return found


def ensure_all(session: Session, tenant: TenantId, addresses: Iterable[str]) -> list[Contact]:
    """The tenant's contacts of these addresses, each once, made where they are new.

    A new one whose address is suppressed has unsubscribed from the start.
    """
    emails = sorted({normalised(address) for address in addresses})
    made = session.execute(
        insert(Contact)
        .from_select(
            ["tenant_id", "email"],
            select(literal(tenant, BigInteger), func.unnest(cast(emails, ARRAY(String)))),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "email"])
        .returning(Contact.id, Contact.email)
    ).all()
    if made:
        _suppress_again(session, tenant, {row.email: ContactId(row.id) for row in made})
    return list(
        session.scalars(
            select(Contact)
            .where(Contact.tenant_id == tenant, Contact.email == func.any(cast(emails, ARRAY(String))))
            .order_by(Contact.id)
            .execution_options(populate_existing=True)
        )
    )


def locked(session: Session, tenant: TenantId, contact: ContactId) -> Contact | None:
    """The contact under a row lock; None when the tenant has no such contact, or has erased it."""
    return session.scalars(
        select(Contact)
        .where(Contact.tenant_id == tenant, Contact.id == contact, Contact.erased_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def all_locked(session: Session, tenant: TenantId, numbers: Iterable[ContactId]) -> dict[ContactId, Contact]:
    """These contacts under row locks, without those who were erased; what only points to them need not wait."""
    found = session.scalars(
        select(Contact)
        .where(
            Contact.tenant_id == tenant,
            Contact.id == func.any(cast(sorted(numbers), ARRAY(BigInteger))),
            Contact.erased_at.is_(None),
        )
        .order_by(Contact.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {ContactId(contact.id): contact for contact in found}


def unsubscribe_all(session: Session, leaving: Iterable[tuple[TenantId, ContactId, datetime]]) -> None:
    """What contacts asked for by themselves, at the edge; reads nothing of them, and the first time stays."""
    # In one order, so that two who end marketing for the same readers wait for each other and never both.
    for tenant, contact, moment in sorted(leaving):
        session.execute(
            update(Contact)
            .where(Contact.tenant_id == tenant, Contact.id == contact, Contact.unsubscribed_at.is_(None))
            .values(unsubscribed_at=moment, unsubscribe_reason="by the link in a mail")
        )


def opt_out(session: Session, contact: Contact, actor: Actor, reason: str) -> None:
    """No marketing from now on, also not of what is being sent; the first reason stays."""
    if contact.unsubscribed_at is None:
        contact.unsubscribed_at, contact.unsubscribe_reason = now(), _needed(reason)
        _record(session, contact, actor, "opt_out")


def opt_in(session: Session, contact: Contact, actor: Actor, reason: str) -> None:
    """They have said yes, as the reason tells; whatever they said before is over."""
    contact.unsubscribed_at = contact.unsubscribe_reason = None
    contact.consented_at, contact.consent_reason = now(), _needed(reason)
    _record(session, contact, actor, "opt_in")


def rename(session: Session, contact: Contact, actor: Actor, name: str) -> None:
    contact.name = name
    _record(session, contact, actor, "rename")


def suppress(session: Session, contact: Contact) -> None:
    """Keeps what tells the address again, and nothing that says what it is."""
    hashed = _hashes(session, contact.tenant_id, [contact.email])[contact.email]
    session.execute(
        insert(Suppression)
        .values(tenant_id=contact.tenant_id, address_hash=hashed)
        .on_conflict_do_nothing(index_elements=["tenant_id", "address_hash"])
    )


def _suppress_again(session: Session, tenant: TenantId, made: dict[str, ContactId]) -> None:
    by_hash = {hashed: made[email] for email, hashed in _hashes(session, tenant, made).items()}
    known = session.scalars(
        select(Suppression.address_hash).where(
            Suppression.tenant_id == tenant,
            Suppression.address_hash == func.any(cast(list(by_hash), ARRAY(LargeBinary))),
        )
    ).all()
    if known:
        session.execute(
            update(Contact)
            .where(Contact.tenant_id == tenant, Contact.id.in_([by_hash[hashed] for hashed in known]))
            .values(unsubscribed_at=now(), unsubscribe_reason=SUPPRESSED)
        )


def _hashes(session: Session, tenant: TenantId, emails: Iterable[str]) -> dict[str, bytes]:
    salt = session.scalars(select(Tenant.suppression_salt).where(Tenant.id == tenant)).one()
    return {email: hashlib.sha256(salt + email.encode()).digest() for email in emails}


def _needed(reason: str) -> str:
    if not reason.strip():
        raise NotUsable("Say why: it is what proves it later.")
    return reason.strip()


def _record(session: Session, contact: Contact, actor: Actor, step: str) -> None:
    session.flush()
    audit_log.append(session, contact.tenant_id, actor, step, "contact", contact.id, {}, {})
