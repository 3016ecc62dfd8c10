"""The audit browser: who did what, whether the chain is whole, and the chain to take away."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from console.door.admission import SignedIn
from console.frame import rendering, wording
from console.frame.cursors import Cursor
from console.frame.texts import Text
from console.watching import audit_trail
from console.watching.audit_trail import Asked, NoDay
from store.records import audit_log

router = APIRouter(include_in_schema=False)

# By what people read, not by what programs call it.
_EVENTS = sorted(
    ((name, wording.sentence(said)) for name, said in wording.EVENTS.items()), key=lambda it: it[1]
)
Word = Annotated[Text, Query(max_length=100)]
Day = Annotated[Text, Query(max_length=20)]


@router.get("/audit")
def audit(
    visitor: SignedIn,
    entity: Word = "",
    entity_id: Word = "",
    actor: Word = "",
    event: Word = "",
    first: Day = "",
    last: Day = "",
    cursor: Cursor = None,
    done: str = "",
) -> HTMLResponse:
    asked = Asked(entity, entity_id.strip(), actor, event, first, last)
    trouble: dict[str, str] = {}
    with visitor.records() as session:
        try:
            lines, following = audit_trail.lines(
                session, visitor, audit_trail.searched(visitor, asked), cursor
            )
        except NoDay as wrong:
            lines, following, trouble = [], None, {wrong.field: wrong.reason}
        return rendering.page(
            visitor,
            session,
            "audit.html",
            status=422 if trouble else 200,
            asked=asked,
            lines=lines,
            people=audit_trail.people(session, visitor, asked.actor),
            kinds=[(name, noun) for name, (noun, _) in audit_trail.SUBJECTS.items()],
            events=_EVENTS,
            evidence=audit_trail.evidence(session, visitor),
            page={"next_cursor": following},
            is_first=cursor is None,
            trouble=trouble,
            done=done,
        )


@router.get("/audit/verifications")
def verifications(visitor: SignedIn) -> HTMLResponse:
    """The part of the page that changes while a verification is under way."""
    with visitor.records() as session:
        evidence = audit_trail.evidence(session, visitor)
        return rendering.page(visitor, session, "audit_evidence.html", evidence=evidence)


@router.post("/audit/verify")
def verify(visitor: SignedIn) -> RedirectResponse:
    audit_trail.ask_for_verification(visitor)
    return RedirectResponse("/audit?done=asked#evidence", 303)


@router.get("/audit/export")
def export(visitor: SignedIn) -> StreamingResponse:
    """The chain as it is now, streamed: a million entries take no more memory than a thousand."""
    with visitor.records() as session:
        head = audit_log.head(session, visitor.tenant)
    name = f"audit-chain-{visitor.tenant}-{head.seq if head else 0}.ndjson"
    return StreamingResponse(
        audit_trail.exported(visitor, head),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
