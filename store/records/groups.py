"""Groups: contacts under a name, to be written to together."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Row,
    String,
    UniqueConstraint,
    cast,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.contacts import Contact
from store.records.schema import (
    ContactId,
    GroupId,
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    key_for_children,
)


class Group(TenantOwned, Record):
    __tablename__ = "contact_groups"
    __table_args__ = (key_for_children(), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(500), server_default="")


class GroupMember(Record):
    __tablename__ = "contact_group_members"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "group_id", "contact_id"),
        ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["contact_groups.tenant_id", "contact_groups.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"], ondelete="CASCADE"
        ),
    )

    tenant_id: Mapped[TenantId] = mapped_column(BigInteger)
    group_id: Mapped[GroupId] = mapped_column(BigInteger)
    contact_id: Mapped[ContactId] = mapped_column(BigInteger, index=True)


def add(session: Session, tenant: TenantId, actor: Actor, name: str, description: str = "") -> Group:
    if session.scalar(select(Group.id).where(Group.tenant_id == tenant, Group.name == name)) is not None:
        raise NotUsable(f"There is a group {name!r} already.")
    group = Group(tenant_id=tenant, name=name, description=description)
    session.add(group)
    session.flush()
    audit_log.append(session, tenant, actor, "add", "group", group.id, {}, {})
    return group


def change(session: Session, group: Group, actor: Actor, name: str, description: str) -> None:
    others = select(Group.id).where(
        Group.tenant_id == group.tenant_id, Group.name == name, Group.id != group.id
    )
    if session.scalar(others) is not None:
        raise NotUsable(f"There is a group {name!r} already.")
    group.name, group.description = name, description
    audit_log.append(session, group.tenant_id, actor, "change", "group", group.id, {}, {})


def named(session: Session, tenant: TenantId, group: GroupId) -> Group | None:
    return session.scalars(select(Group).where(Group.tenant_id == tenant, Group.id == group)).one_or_none()


def all_named(session: Session, tenant: TenantId, groups: Collection[GroupId]) -> list[Group]:
    query = select(Group).where(Group.tenant_id == tenant, Group.id.in_(groups))
    return list(session.scalars(query.order_by(Group.id)))


def locked(session: Session, tenant: TenantId, group: GroupId) -> Group | None:
    """The group under a row lock, as it is now."""
    return session.scalars(
        select(Group)
        .where(Group.tenant_id == tenant, Group.id == group)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def put_in(session: Session, group: Group, actor: Actor, members: Collection[ContactId]) -> int:
    """Adds contacts of the tenant who are not in it yet, and gives how many."""
    ids = cast(sorted(members), ARRAY(BigInteger))
    added = session.execute(
        insert(GroupMember)
        .from_select(
            ["tenant_id", "group_id", "contact_id"],
            select(literal(group.tenant_id, BigInteger), literal(group.id, BigInteger), Contact.id).where(
                Contact.tenant_id == group.tenant_id,
                Contact.id == func.any(ids),
                Contact.erased_at.is_(None),
            ),
        )
        .on_conflict_do_nothing()
        .returning(GroupMember.contact_id)
    ).all()
    if added:
        told = {"added": len(added)}
        audit_log.append(session, group.tenant_id, actor, "put_in", "group", group.id, {}, told)
    return len(added)


def take_out(session: Session, group: Group, actor: Actor, contact: ContactId) -> bool:
    gone = session.execute(
        delete(GroupMember)
        .where(
            GroupMember.tenant_id == group.tenant_id,
            GroupMember.group_id == group.id,
            GroupMember.contact_id == contact,
        )
        .returning(GroupMember.contact_id)
    ).all()
    if gone:
        told = {"contact": contact}
        audit_log.append(session, group.tenant_id, actor, "take_out", "group", group.id, {}, told)
    return bool(gone)


def members(
    session: Session, tenant: TenantId, groups: Collection[GroupId]
) -> list[Row[tuple[int, str, datetime | None]]]:
    """Number, address and opt-out of everyone in these groups, each once; as bare rows, since there may be very many."""
    inside = select(GroupMember.contact_id).where(
        GroupMember.tenant_id == tenant, GroupMember.group_id.in_(groups)
    )
    return list(
        session.execute(
            select(Contact.id, Contact.email, Contact.unsubscribed_at)
            .where(Contact.tenant_id == tenant, Contact.erased_at.is_(None), Contact.id.in_(inside))
            .order_by(Contact.id)
        )
    )


def sizes(session: Session, tenant: TenantId, groups: Sequence[Group]) -> dict[int, int]:
    """How many are in each of these groups."""
    rows = session.execute(
        select(GroupMember.group_id, func.count())
        .where(GroupMember.tenant_id == tenant, GroupMember.group_id.in_([group.id for group in groups]))
        .group_by(GroupMember.group_id)
    )
    return {row[0]: row[1] for row in rows}
