"""Requested runs: what people asked for and what became of it."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.problems import nothing_here
from store.records.requested_runs import RequestedRun, RunKind, RunState

router = APIRouter(tags=["requested runs"], responses=REFUSALS)


class RequestedRunOut(BaseModel):
    """`reason` says why it failed, or why it is tried again; `run_id` is the last run's, as Dagster calls it."""

    id: int
    kind: RunKind
    state: RunState
    asked_by: int
    asked_at: datetime
    attempts: int
    run_id: str | None
    outcome: Annotated[dict[str, Any], Field(description="Counts, once it is done.")]
    reason: str
    ended_at: datetime | None

    @classmethod
    def of(cls, request: RequestedRun) -> Self:
        plain = {name: getattr(request, name) for name in cls.model_fields if hasattr(request, name)}
        return cls(**plain, asked_at=request.created_at)


@router.get("/api/requested-runs/{request_id}")
def read(visitor: SignedIn, request_id: Id) -> RequestedRunOut:
    query = select(RequestedRun).where(
        RequestedRun.tenant_id == visitor.tenant, RequestedRun.id == request_id
    )
    with visitor.records() as session:
        request = session.scalars(query).one_or_none()
    if request is None:
        raise nothing_here()
    return RequestedRunOut.of(request)
