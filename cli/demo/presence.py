"""Rows that have to be there: added where they are missing, brought up to date where they differ."""

from typing import Any, TypeVar

from sqlalchemy import select

from store.records import Record, Session

Kind = TypeVar("Kind", bound=Record)


def find(session: Session, kind: type[Kind], /, **known_by: Any) -> Kind | None:
    return session.scalars(select(kind).filter_by(**known_by)).one_or_none()


def ensure(session: Session, kind: type[Kind], known_by: dict[str, Any], /, **columns: Any) -> Kind:
    """The row known by these columns, with the other columns as given."""
    row = find(session, kind, **known_by)
    if row is None:
        row = kind(**known_by, **columns)
        session.add(row)
    else:
        for name, value in columns.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    session.flush()
    return row
