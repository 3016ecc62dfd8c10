"""What a person does with projects: each function is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from store.records import projects
from store.records.database import Session
from store.records.projects import Project
from store.records.schema import NotUsable, ProjectId


def add(visitor: Visitor, name: str, description: str) -> Project:
    with visitor.records() as session, _refusing():
        return projects.add(session, visitor.tenant, visitor.actor, name, description)


def change(visitor: Visitor, project_id: int, name: str | None, description: str | None) -> Project:
    """What is None stays as it is."""
    with visitor.records() as session, _refusing():
        project = _locked(session, visitor, project_id)
        visitor.conditions.require(lambda: etags.of(project))
        new_name = project.name if name is None else name
        new_description = project.description if description is None else description
        projects.change(session, project, visitor.actor, new_name, new_description)
        return project


def read(visitor: Visitor, project_id: int) -> Project:
    query = select(Project).where(Project.tenant_id == visitor.tenant, Project.id == project_id)
    with visitor.records() as session:
        project = session.scalars(query).one_or_none()
    if project is None:
        raise nothing_here()
    return project


def listed(visitor: Visitor, cursor: int | None, limit: int) -> tuple[list[Project], int | None]:
    """A page of projects in the order in which they came, and where the next begins."""
    query = select(Project).where(Project.tenant_id == visitor.tenant).order_by(Project.id).limit(limit + 1)
    with visitor.records() as session:
        rows = list(session.scalars(query.where(Project.id > cursor) if cursor else query))
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)


def _locked(session: Session, visitor: Visitor, project_id: int) -> Project:
    project = projects.locked(session, visitor.tenant, ProjectId(project_id))
    if project is None:
        raise nothing_here()
    return project


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except NotUsable as unusable:
        raise Refused(422, str(unusable), [FieldError("name", str(unusable))]) from None
