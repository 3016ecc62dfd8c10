"""The inbox: every action that waits for a decision, the longest waiting first."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console import desk, listing, rendering
from console.admission import SignedIn
from console.cursors import Cursor

router = APIRouter(include_in_schema=False)


@router.get("/approvals")
def approvals(visitor: SignedIn, cursor: Cursor = None) -> HTMLResponse:
    with visitor.records() as session:
        page = listing.waiting(session, visitor.tenant, cursor=cursor)
        desk.reads_requests(session, visitor, waiting=bool(page.items))
        return rendering.page(visitor, session, "approvals.html", page=page, is_first=cursor is None)
