"""Projects: what a tenant groups its campaigns under."""

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.schema import NotUsable, ProjectId, Record, TenantId, TenantOwned, key_for_children


class Project(TenantOwned, Record):
    __tablename__ = "projects"
    __table_args__ = (key_for_children(), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(500), server_default="")


def add(session: Session, tenant: TenantId, actor: Actor, name: str, description: str = "") -> Project:
    row = {"tenant_id": tenant, "name": name, "description": description}
    project = session.scalar(
        insert(Project)
        .values(row)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
        .returning(Project)
    )
    if project is None:
        raise NotUsable(f"There is a project {name!r} already.")
    audit_log.append(session, tenant, actor, "add", "project", project.id, {}, {})
    return project


def change(session: Session, project: Project, actor: Actor, name: str, description: str) -> None:
    taken = select(Project.id).where(Project.tenant_id == project.tenant_id, Project.name == name)
    if name != project.name and session.scalar(taken) is not None:
        raise NotUsable(f"There is a project {name!r} already.")
    project.name, project.description = name, description
    session.flush()
    audit_log.append(session, project.tenant_id, actor, "change", "project", project.id, {}, {})


def locked(session: Session, tenant: TenantId, project: ProjectId) -> Project | None:
    return session.scalars(
        select(Project).where(Project.tenant_id == tenant, Project.id == project).with_for_update()
    ).one_or_none()
