"""Uploads: lists of touches and sales that no page saw, checked before anything is kept and added when confirmed."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Text, Title
from console.measuring import upload_book
from store.records.uploads import Followed, UploadState

router = APIRouter(tags=["uploads"], responses=REFUSALS)


class NewUpload(Body):
    """A CSV with headings in its first line: `when` and `event`, and what else there is to say of each row."""

    file_name: Title = upload_book.UNNAMED
    text: Annotated[Text, Field(description="The list itself, with commas or semicolons.")]


class LineProblem(BaseModel):
    line: Annotated[int, Field(description="Counted as an editor counts them; the headings are in line 1.")]
    column: str
    what: Annotated[str, Field(description="What is wrong, and what to do.")]


class Amount(BaseModel):
    """What the lines of an event are worth together; without a currency it is the goal's or the tenant's."""

    event: str
    currency: str
    value: Decimal


class TouchedBy(BaseModel):
    """What touches came by as the list says it, and the channel that the house's rules make of it."""

    said: str
    channel: str
    lines: int


class SummaryOut(BaseModel):
    """`known` lines have been added by an earlier upload; `of_nobody` are credited to no channel."""

    events: Annotated[dict[str, int], Field(description="Lines by event.")]
    amounts: list[Amount]
    channels: list[TouchedBy]
    people: int
    of_nobody: int
    first: datetime | None
    last: datetime | None
    known: int
    unread: Annotated[list[str], Field(description="Headings that are no column of ours.")]


class UploadOut(BaseModel):
    """`summary` tells what the right lines amount to; the first 200 problems are named, and wrong lines are left out."""

    id: int
    file_name: str
    state: UploadState
    reason: Annotated[str, Field(description="Why it failed, or will be tried again.")]
    uploaded_by: int
    uploaded_at: datetime
    right_lines: int
    wrong_lines: int
    problems: list[LineProblem]
    summary: SummaryOut
    expires_at: Annotated[datetime, Field(description="Until when it can be confirmed.")]
    confirmed_at: datetime | None
    taken: Annotated[int, Field(description="Lines that a run has gone through.")]
    added: Annotated[int, Field(description="Those of them that no upload had added before.")]
    added_at: datetime | None
    request_id: int | None

    @classmethod
    def of(cls, found: Followed) -> Self:
        upload = found.upload
        own = {"state", "reason", "uploaded_at", "problems", "summary"}
        return cls(
            **{name: getattr(upload, name) for name in cls.model_fields if name not in own},
            state=found.state,
            reason=found.request.reason if found.request else "",
            uploaded_at=upload.created_at,
            summary=SummaryOut.model_validate(upload.summary),
            problems=[LineProblem.model_validate(problem) for problem in upload.problems],
        )


class UploadPage(BaseModel):
    items: list[UploadOut]
    next_cursor: int | None


@router.post("/api/uploads", status_code=201)
def check(visitor: SignedIn, body: NewUpload, response: Response) -> UploadOut:
    """Checks a list line by line. Nothing becomes an event before it is confirmed, which holds for a day."""
    found = upload_book.check(visitor, "text", body.file_name, body.text.encode())
    response.headers["Location"] = f"/api/uploads/{found.upload.id}"
    return _shown(visitor, found)


@router.get("/api/uploads")
def list_uploads(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> UploadPage:
    """Newest first, whoever of the tenant uploaded them."""
    page, following = upload_book.listed(visitor, cursor=cursor, limit=limit)
    return UploadPage(items=[UploadOut.of(found) for found in page], next_cursor=following)


@router.get("/api/uploads/{upload_id}")
def read(visitor: SignedIn, upload_id: Id) -> UploadOut:
    """What became of each line, and how far a run is with them."""
    return _shown(visitor, upload_book.read(visitor, upload_id))


@router.post("/api/uploads/{upload_id}/confirm")
def confirm(visitor: SignedIn, upload_id: Id) -> UploadOut:
    """Has a run add the right lines. Events that are there stay: a wrong sale is given back by a refund."""
    return _shown(visitor, upload_book.confirm(visitor, upload_id))


@router.delete("/api/uploads/{upload_id}", status_code=204)
def discard(visitor: SignedIn, upload_id: Id) -> Response:
    """Forgets what was checked, as long as nobody has confirmed it."""
    upload_book.discard(visitor, upload_id)
    return Response(status_code=204)


def _shown(visitor: Visitor, found: Followed) -> UploadOut:
    visitor.conditions.show(upload_book.etag(found))
    return UploadOut.of(found)
