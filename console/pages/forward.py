"""The door of the Dagster UI: the proxy asks here, with the browser's own headers, who may pass."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from console.door import origins, permissions
from console.door.admission import SignedIn
from console.door.origins import SAFE_METHODS, Origin
from console.door.problems import Refused

router = APIRouter(include_in_schema=False)


class Door(StrEnum):
    """Which Dagster UI somebody is led to: the one that launches runs, or the one that only shows them."""

    WORKS = "works"
    READS = "reads"


@router.get("/auth/forward")
def forward(
    request: Request, visitor: SignedIn, x_forwarded_method: Annotated[str, Header()] = "GET"
) -> Response:
    """204 lets the request pass, by the door it names; who is not signed in is sent to the sign-in page and back."""
    if x_forwarded_method.upper() not in SAFE_METHODS and origins.origin_of(request) is not Origin.OURS:
        raise Refused(403, "The request did not come from a page of this site.")
    door = Door.WORKS if visitor.role in permissions.ENGINEERS else Door.READS
    return Response(
        status_code=204,
        headers={"X-Auth-User": str(visitor.user), "X-Auth-Role": visitor.role, "X-Auth-Door": door},
    )
