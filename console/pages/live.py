"""What open pages renew of themselves: a stream that tells of changes, and the frame's own part that they change."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from console.changes import Changes
from console.door.admission import SignedIn
from console.frame import rendering

router = APIRouter(include_in_schema=False)

# A stream ends after a while: whoever has been signed out since is not let in again.
LASTS_SECONDS = 300.0
# Many changes in a row are told as few.
AT_MOST_EVERY_SECONDS = 1.0
CHANGED = ServerSentEvent(event="changed", raw_data="1")


async def _told(request: Request, visitor: SignedIn) -> AsyncIterator[asyncio.Event]:
    """Set whenever the visitor's tenant has something new."""
    changes: Changes = request.app.state.changes
    with changes.of(visitor.tenant) as told:
        yield told


@router.get("/live", response_class=EventSourceResponse)
async def live(told: Annotated[asyncio.Event, Depends(_told)]) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment="listening", retry=5000)
    clock = asyncio.get_running_loop()
    ends_at = clock.time() + LASTS_SECONDS
    while (left := ends_at - clock.time()) > 0:
        try:
            await asyncio.wait_for(told.wait(), left)
        except TimeoutError:
            return
        told.clear()
        yield CHANGED
        await asyncio.sleep(AT_MOST_EVERY_SECONDS)


@router.get("/side")
def side(visitor: SignedIn, here: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
    """Whether sending is stopped, and what waits: the part of the frame that changes while one looks at it."""
    with visitor.records() as session:
        return rendering.page(visitor, session, "_side.html", here=here)
