"""What a person does with contacts and groups, the same for forms and for the API: each function is one transaction."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from store.records import contacts, erasure, groups
from store.records.contacts import Contact
from store.records.database import Session
from store.records.groups import Group, GroupMember
from store.records.schema import ContactId, GroupId, NotUsable


@dataclass(frozen=True, slots=True)
class Known:
    """A contact with the groups it is in; `is_new` where it was made just now."""

    contact: Contact
    groups: list[int]
    is_new: bool = False

    @property
    def etag(self) -> str:
        return etags.of(self.contact, self.groups)


@dataclass(frozen=True, slots=True)
class Sized:
    """A group and how many are in it."""

    group: Group
    size: int

    @property
    def etag(self) -> str:
        return etags.of(self.group, self.size)


def add(visitor: Visitor, email: str, name: str, consent: str, into: Collection[int]) -> Known:
    """Makes a contact, or finds the one of this address and leaves it as it is but for the groups."""
    with visitor.records() as session:
        chosen = [_group(session, visitor, group, "groups") for group in into]
        contact, is_new = contacts.add(
            session, visitor.tenant, visitor.actor, email, name=name, consent=consent
        )
        for group in chosen:
            groups.put_in(session, group, visitor.actor, {ContactId(contact.id)})
        return _known(session, visitor, contact, is_new=is_new)


def found(session: Session, visitor: Visitor, contact_id: int) -> Contact:
    contact = contacts.locked(session, visitor.tenant, ContactId(contact_id))
    if contact is None:
        raise nothing_here()
    visitor.conditions.require(lambda: _known(session, visitor, contact).etag)
    return contact


def read(visitor: Visitor, contact_id: int) -> Known:
    with visitor.records() as session:
        return _known(session, visitor, found(session, visitor, contact_id))


def rename(visitor: Visitor, contact_id: int, name: str) -> Known:
    with visitor.records() as session:
        contact = found(session, visitor, contact_id)
        contacts.rename(session, contact, visitor.actor, name)
        return _known(session, visitor, contact)


def opt_out(visitor: Visitor, contact_id: int, reason: str) -> Known:
    with visitor.records() as session:
        contact = found(session, visitor, contact_id)
        with _refusing("reason"):
            contacts.opt_out(session, contact, visitor.actor, reason)
        return _known(session, visitor, contact)


def opt_in(visitor: Visitor, contact_id: int, reason: str) -> Known:
    with visitor.records() as session:
        contact = found(session, visitor, contact_id)
        with _refusing("reason"):
            contacts.opt_in(session, contact, visitor.actor, reason)
        return _known(session, visitor, contact)


def erase(visitor: Visitor, contact_id: int) -> None:
    with visitor.records() as session:
        erasure.erase(session, found(session, visitor, contact_id), visitor.actor)


def listed(
    visitor: Visitor,
    *,
    only_active: bool,
    search: str,
    group: int | None,
    cursor: int | None,
    limit: int,
) -> tuple[list[Known], int | None]:
    """A page of contacts in the order in which they came, and where the next begins."""
    with visitor.records() as session:
        query = _all(visitor).order_by(Contact.id).limit(limit + 1)
        if only_active:
            query = query.where(contacts.is_active())
        if search:
            wanted = contacts.normalised(search)
            query = query.where(
                or_(func.strpos(Contact.email, wanted) > 0, func.strpos(func.lower(Contact.name), wanted) > 0)
            )
        if group is not None:
            _group(session, visitor, group, "group_id")
            query = query.join(
                GroupMember,
                (GroupMember.tenant_id == Contact.tenant_id) & (GroupMember.contact_id == Contact.id),
            ).where(GroupMember.group_id == group)
        if cursor:
            query = query.where(Contact.id > cursor)
        rows = list(session.scalars(query))
        shown = rows[:limit]
        memberships = _groups_of(session, visitor, [contact.id for contact in shown])
    page = [Known(contact, memberships.get(contact.id, [])) for contact in shown]
    return page, (shown[-1].id if len(rows) > limit else None)


def add_group(visitor: Visitor, name: str, description: str) -> Sized:
    with visitor.records() as session, _refusing("name"):
        return Sized(groups.add(session, visitor.tenant, visitor.actor, name, description), 0)


def read_group(visitor: Visitor, group_id: int) -> Sized:
    with visitor.records() as session:
        return _sized(session, visitor, _group(session, visitor, group_id))


def change_group(visitor: Visitor, group_id: int, name: str | None, description: str | None) -> Sized:
    with visitor.records() as session:
        group = groups.locked(session, visitor.tenant, GroupId(group_id))
        if group is None:
            raise nothing_here()
        visitor.conditions.require(lambda: _sized(session, visitor, group).etag)
        new_name = group.name if name is None else name
        new_description = group.description if description is None else description
        with _refusing("name"):
            groups.change(session, group, visitor.actor, new_name, new_description)
        return _sized(session, visitor, group)


def members(
    visitor: Visitor, group_id: int, *, cursor: int | None, limit: int
) -> tuple[list[Known], int | None]:
    with visitor.records() as session:
        _group(session, visitor, group_id)
    return listed(visitor, only_active=False, search="", group=group_id, cursor=cursor, limit=limit)


def put_in(visitor: Visitor, group_id: int, members: Collection[int]) -> int:
    with visitor.records() as session:
        group = _group(session, visitor, group_id)
        ids = {ContactId(member) for member in members}
        known = select(func.count()).select_from(_all(visitor).where(Contact.id.in_(ids)).subquery())
        if session.scalar(known) != len(ids):
            reason = FieldError("recipients", "some of these are no recipients of yours")
            raise Refused(422, "Some of these are no recipients of yours.", [reason])
        return groups.put_in(session, group, visitor.actor, ids)


def take_out(visitor: Visitor, group_id: int, contact_id: int) -> None:
    with visitor.records() as session:
        group = _group(session, visitor, group_id)
        if not groups.take_out(session, group, visitor.actor, ContactId(contact_id)):
            raise nothing_here()


def all_groups(visitor: Visitor, cursor: int | None, limit: int) -> tuple[list[Sized], int | None]:
    """A page of groups, and where the next begins."""
    with visitor.records() as session:
        query = select(Group).where(Group.tenant_id == visitor.tenant).order_by(Group.id).limit(limit + 1)
        rows = list(session.scalars(query.where(Group.id > cursor) if cursor else query))
        shown = rows[:limit]
        sizes = groups.sizes(session, visitor.tenant, shown)
    return [Sized(group, sizes.get(group.id, 0)) for group in shown], (
        shown[-1].id if len(rows) > limit else None
    )


def _all(visitor: Visitor) -> Select[tuple[Contact]]:
    return select(Contact).where(Contact.tenant_id == visitor.tenant, Contact.erased_at.is_(None))


def _group(session: Session, visitor: Visitor, group_id: int, field: str = "") -> Group:
    group = groups.named(session, visitor.tenant, GroupId(group_id))
    if group is None and field:
        raise Refused(
            422, f"There is no group {group_id}.", [FieldError(field, f"there is no group {group_id}")]
        )
    if group is None:
        raise nothing_here()
    return group


def _sized(session: Session, visitor: Visitor, group: Group) -> Sized:
    return Sized(group, groups.sizes(session, visitor.tenant, [group]).get(group.id, 0))


def _known(session: Session, visitor: Visitor, contact: Contact, *, is_new: bool = False) -> Known:
    return Known(contact, _groups_of(session, visitor, [contact.id]).get(contact.id, []), is_new)


def _groups_of(session: Session, visitor: Visitor, members: Collection[int]) -> dict[int, list[int]]:
    rows = session.execute(
        select(GroupMember.contact_id, GroupMember.group_id)
        .where(GroupMember.tenant_id == visitor.tenant, GroupMember.contact_id.in_(members))
        .order_by(GroupMember.group_id)
    )
    memberships: dict[int, list[int]] = {}
    for contact, group in rows:
        memberships.setdefault(contact, []).append(group)
    return memberships


@contextmanager
def _refusing(field: str) -> Iterator[None]:
    try:
        yield
    except NotUsable as unusable:
        raise Refused(422, str(unusable), [FieldError(field, str(unusable))]) from None
