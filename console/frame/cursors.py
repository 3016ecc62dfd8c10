"""Where a list goes on, and how much of it a page shows."""

from typing import Annotated

from fastapi import Depends, Query

from console.door.admission import LARGEST_ID, Chosen
from console.door.problems import FieldError, Refused

Cursor = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_ID, description="`next_cursor` of the page before; none for the first."),
]


def _limit(
    settings: Chosen,
    limit: Annotated[
        int | None,
        Query(
            ge=1, description="Most lines on a page: 25 unless asked for, 100 at most, unless set otherwise."
        ),
    ] = None,
) -> int:
    largest = settings.api_largest_page
    if limit is None:
        return min(settings.api_page_size, largest)
    if limit > largest:
        reason = f"must be at most {largest}; `next_cursor` leads on"
        raise Refused(422, f"limit {reason}.", [FieldError("limit", reason)])
    return limit


Limit = Annotated[int, Depends(_limit)]
