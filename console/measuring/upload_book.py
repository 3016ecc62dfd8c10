"""What a person does with uploads, the same for forms and for the API: have a list checked, and confirm or discard it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from marketing_pipelines.uploads import checking, reading
from marketing_pipelines.uploads.checking import Terms
from marketing_pipelines.uploads.reading import Unreadable
from store.clock import now
from store.records import contacts, goals, uploads
from store.records.database import Session
from store.records.schema import NotUsable
from store.records.uploads import LONGEST_FILE_NAME, Checked, Followed

UNNAMED = "list.csv"


def check(visitor: Visitor, field: str, file_name: str, content: bytes) -> Followed:
    """Reads a list and keeps what became of each line until somebody decides; none is an event yet.

    `field` is where the list stood, for whoever sent what is refused.
    """
    largest = visitor.settings.upload_max_bytes
    if len(content) > largest:
        reason = f"is larger than {largest:,} bytes; split it"
        raise Refused(422, f"The file {reason}.", [FieldError(field, reason)])
    try:
        sheet = reading.read(content, most_rows=visitor.settings.upload_max_rows)
    except Unreadable as unreadable:
        raise Refused(422, str(unreadable), [FieldError(field, str(unreadable))]) from None
    with visitor.records() as session:
        known_contacts = contacts.of_addresses(session, visitor.tenant, checking.named_addresses(sheet))
        found = checking.check(sheet, _terms(session, visitor), known_contacts)
        known = uploads.known(session, visitor.tenant, [line.event_id for line in found.lines])
        checked = Checked(
            file_name=_usable(file_name),
            lines=[line.kept() for line in found.lines],
            wrong_lines=found.wrong,
            problems=[asdict(problem) for problem in found.problems],
            summary=checking.summary(found, known),
        )
        try:
            upload = uploads.keep(session, visitor.tenant, visitor.actor, visitor.user, checked)
        except NotUsable as enough:
            raise Refused(409, str(enough)) from None
        return Followed(upload, None)


def confirm(visitor: Visitor, number: int) -> Followed:
    """Has a run add the right lines; from then on they are events, which nobody takes back."""
    with visitor.records() as session:
        found = _locked(session, visitor, number)
        try:
            return uploads.confirm(session, found, visitor.actor, visitor.user)
        except NotUsable as settled:
            raise Refused(409, str(settled)) from None


def discard(visitor: Visitor, number: int) -> None:
    with visitor.records() as session:
        found = _locked(session, visitor, number)
        try:
            uploads.discard(session, found, visitor.actor)
        except NotUsable as settled:
            raise Refused(409, str(settled)) from None


def read(visitor: Visitor, number: int) -> Followed:
    with visitor.records() as session:
        found = uploads.followed(session, visitor.tenant, number)
    if found is None:
        raise nothing_here()
    return found


def listed(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[Sequence[Followed], int | None]:
    with visitor.records() as session:
        return uploads.listed(session, visitor.tenant, cursor=cursor, limit=limit)


def oldest_day(visitor: Visitor) -> date:
    """The first day that may stand in a list."""
    return Terms(visitor.time_zone, now(), visitor.settings.events_ttl_days, frozenset(), frozenset()).oldest


def today(visitor: Visitor) -> date:
    return datetime.now(visitor.time_zone).date()


def etag(found: Followed) -> str:
    upload, request = found.upload, found.request
    return etags.of(upload.id, found.state, upload.taken, upload.added, request.id if request else None)


def _locked(session: Session, visitor: Visitor, number: int) -> Followed:
    found = uploads.locked(session, visitor.tenant, number)
    if found is None:
        raise nothing_here()
    visitor.conditions.require(lambda: etag(found))
    return found


def _terms(session: Session, visitor: Visitor) -> Terms:
    live = goals.live(session, visitor.tenant)
    return Terms(
        zone=visitor.time_zone,
        now=now(),
        kept_days=visitor.settings.events_ttl_days,
        goals=frozenset(goal.event for goal in live),
        refunds=frozenset(goal.refund_event for goal in live if goal.refund_event),
    )


def _usable(file_name: str) -> str:
    """The file's name without the folders before it, as one line; what a name may be is not worth a refusal."""
    bare = file_name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(character for character in bare if character.isprintable()).strip()
    return shown[:LONGEST_FILE_NAME] or UNNAMED
