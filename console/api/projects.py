"""Projects: what campaigns are grouped under."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel

from console.api.answers import REFUSALS
from console.api.groups import Description
from console.campaigns import projects
from console.door import etags
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body, Name
from console.frame.cursors import Cursor, Limit
from store.records.projects import Project

router = APIRouter(tags=["projects"], responses=REFUSALS)


class NewProject(Body):
    name: Name
    description: Description = ""


class ChangedProject(Body):
    name: Name | None = None
    description: Description | None = None


class ProjectOut(BaseModel):
    id: int
    name: str
    description: str
    created_at: datetime


class ProjectPage(BaseModel):
    items: list[ProjectOut]
    next_cursor: int | None


@router.post("/api/projects", status_code=201)
def create(visitor: SignedIn, body: NewProject, response: Response) -> ProjectOut:
    """A name is one project of the tenant."""
    project = projects.add(visitor, body.name, body.description)
    response.headers["Location"] = f"/api/projects/{project.id}"
    return ProjectOut.model_validate(project, from_attributes=True)


@router.get("/api/projects")
def list_projects(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> ProjectPage:
    """In the order in which they came."""
    page, following = projects.listed(visitor, cursor, limit)
    shown = [ProjectOut.model_validate(project, from_attributes=True) for project in page]
    return ProjectPage(items=shown, next_cursor=following)


@router.get("/api/projects/{project_id}")
def read(visitor: SignedIn, project_id: Id) -> ProjectOut:
    return _shown(visitor, projects.read(visitor, project_id))


@router.patch("/api/projects/{project_id}")
def change(visitor: SignedIn, project_id: Id, body: ChangedProject) -> ProjectOut:
    """What is left out stays as it is."""
    return _shown(visitor, projects.change(visitor, project_id, body.name, body.description))


def _shown(visitor: Visitor, project: Project) -> ProjectOut:
    visitor.conditions.show(etags.of(project))
    return ProjectOut.model_validate(project, from_attributes=True)
