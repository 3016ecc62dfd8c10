"""Where a list goes on: the number of the last line that was shown."""

from typing import Annotated

from fastapi import Query

from console.admission import LARGEST_ID
from console.listing import PAGE

Cursor = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_ID, description="`next_cursor` of the page before; none for the first."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="Most lines on a page.")]
USUAL_LIMIT = PAGE
